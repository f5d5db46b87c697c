"""Names that follow from content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actlab.records import canonical_json, content_id

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(PLAIN)
def test_canonical_text_reads_back_as_the_same_value(value):
    assert json.loads(canonical_json(value)) == value


def test_order_of_keys_does_not_matter():
    assert content_id({"a": 1, "b": [1, 2]}) == content_id({"b": [1, 2], "a": 1})


def test_fields_never_run_into_each_other():
    assert content_id(["a_b", "c"]) != content_id(["a", "b_c"])
    assert content_id({"a": "b", "c": "d"}) != content_id({"a": 'b","c":"d'})


def test_known_value_never_changes():
    # sha256 of {"a":1} begins so; a change here would orphan every stored cell.
    assert content_id({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad808"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("nan")]}])
def test_numbers_json_cannot_hold_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


def test_keys_that_would_collide_are_refused():
    with pytest.raises(TypeError, match="keys must be strings"):
        canonical_json({"a": {1: "x"}})
