"""The ledger of claims: complete, well formed, and every claim decided by something."""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType

import pytest
from pydantic import ValidationError

from actlab.core.errors import UnknownNameError
from actlab.lab.claims.evidence import evidence
from actlab.lab.claims.exact import checked, topic
from actlab.lab.claims.ledger import claim, claims, read

LEDGER = claims()
NUMBERS = MappingProxyType({"P": 15, "X": 7, "E": 113, "R": 25})

UNDECIDED = MappingProxyType(
    {
        "E91": "what the paper gives as its motive: read there",
        "E92": "what the paper shows: read there",
        "R24": "that nothing earlier exists: no search can show it",
    }
)
"""Claims without runs and without an exact check, and why."""

ROW = """
[[claim]]
id = "E1"
source = "an essay"
quote = "so"
statement = "It is so."
kind = "training"
prior = "open: unknown."
test = ["T2"]
"""

MEASURED = frozenset(one.claim for one in evidence())


def test_there_are_160_claims_numbered_without_a_gap() -> None:
    expected = [f"{letter}{k}" for letter, n in NUMBERS.items() for k in range(1, n + 1)]
    assert [one.id for one in LEDGER] == expected
    assert len(LEDGER) == 160


def test_every_claim_is_decided_by_runs_or_by_mathematics() -> None:
    decided = {one.id for one in LEDGER if one.id in MEASURED or one.id in checked()}
    assert {one.id for one in LEDGER} - decided == set(UNDECIDED)


def test_a_claim_names_what_decides_it() -> None:
    for one in LEDGER:
        topics = [test for test in one.test if not re.fullmatch(r"T\d+", test)]
        assert topics == ([topic(one.id)] if one.id in checked() else []), one.id
        numbered = {int(test[1:]) for test in one.test if test not in topics}
        assert numbered <= set(range(29)), one.id
        assert not numbered or one.id in MEASURED or one.id in checked(), one.id


def test_what_mathematics_decides_has_an_exact_check() -> None:
    exact = {one.id for one in LEDGER if one.kind in ("mathematics", "numerics")}
    assert exact <= set(checked())
    assert {one.id for one in LEDGER if one.kind == "literature"} <= set(UNDECIDED)


def test_the_words_of_a_claim_are_fit_to_print() -> None:
    sources = (
        "a blog post on",
        "a later post by",
        "a forum essay",
        "the README",
        "the PyTorch code",
    )
    for one in LEDGER:
        assert one.statement.endswith("."), one.id
        assert one.statement[0].isupper(), one.id
        assert one.prior.endswith("."), one.id
        assert one.source.startswith(sources), one.id
        unfit = re.search(r"\.txt|\d{3}_[0-9a-f]{6}|§|\bB\d+\b", one.source + one.statement)
        assert not unfit, one.id


def test_every_exact_check_belongs_to_a_claim() -> None:
    assert set(checked()) <= {one.id for one in LEDGER}
    assert len(checked()) == len(set(checked())) == 91


def test_kinds_are_as_many_as_counted() -> None:
    assert Counter(one.kind for one in LEDGER) == {
        "mathematics": 70,
        "application": 37,
        "training": 27,
        "cost": 9,
        "setting": 8,
        "numerics": 6,
        "literature": 3,
    }


def test_a_claim_is_found_by_its_id_and_a_near_miss_is_suggested() -> None:
    assert claim("E14").kind == "mathematics"
    assert claim("r25") is claim("R25")
    with pytest.raises(UnknownNameError, match=r"unknown claim 'E999'; did you mean 'E99'"):
        claim("E999")


def test_claims_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        claim("E1").statement = "It is otherwise."  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('kind = "training"', 'kind = "opinion"', ),
        ('prior = "open: unknown."', 'prior = "unknown."'),
        ('id = "E1"', 'id = "Q1"'),
        ('quote = "so"', 'qoute = "so"'),
        ('statement = "It is so."', 'statement = ""'),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_file_and_claim(change: str, message: str) -> None:
    assert read(ROW, "a.toml")[0].id == "E1"
    broken = ROW.replace(change, message)
    assert broken != ROW
    with pytest.raises(ValueError, match=r"^a\.toml: [EQ]1: \w+: "):
        read(broken, "a.toml")


def test_what_is_no_toml_is_refused_with_the_file() -> None:
    with pytest.raises(ValueError, match=r"^a\.toml: Expected"):
        read("\n[[claim", "a.toml")
