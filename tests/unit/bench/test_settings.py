"""What the user writes, and what is refused before anything is done."""

from __future__ import annotations

import re

import pytest

from actlab.bench import settings as module
from actlab.bench.settings import ACTIVATIONS, PARTS, SIZES, make_settings, size_text


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 2)


def test_the_defaults_are_the_whole_benchmark():
    made = make_settings()
    assert made.activations == ACTIVATIONS
    assert made.sizes == SIZES == tuple(2**k for k in range(8, 25, 2))
    assert (made.dtypes, made.threads) == (("float32", "bfloat16"), (1, 2))
    assert made.parts == PARTS
    assert make_settings(quick=True).parts == tuple(p for p in PARTS if p != "baselines")


def test_lists_are_read_ordered_and_freed_of_repetition():
    made = make_settings(
        activations="SiLU, swish,powerlu", sizes="2^10,64,2**3,1024", dtypes="bfloat16,float64",
        threads="2,1,2", parts="memory,pointwise", rounds=4,
    )  # fmt: skip
    assert made.activations == ("silu", "powerlu")
    assert made.sizes == (8, 64, 1024)
    assert made.dtypes == ("float64", "bfloat16")
    assert made.threads == (1, 2)
    assert made.parts == ("pointwise", "memory")
    assert made.rounds == 4


def test_all_means_every_registered_function():
    assert {"mish", "ralu", "tanh"} <= set(make_settings(activations="all").activations)


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("activations", "powerlo", ["powerlo", "powerlu"]),
        ("activations", "powerlu,,elu", ["activations", "commas"]),
        ("sizes", "0", ["sizes", "2^30", "'0'"]),
        ("sizes", "2^31", ["sizes", "2^30", "'2^31'"]),
        ("sizes", "2^-1", ["sizes", "'2^-1'"]),
        ("sizes", "1e6", ["sizes", "'1e6'"]),
        ("sizes", "2^999", ["sizes", "'2^999'"]),
        ("sizes", "", ["sizes", "commas"]),
        ("dtypes", "float31", ["dtypes", "bfloat16", "float31"]),
        ("threads", "3", ["threads", "[1, 2]", "'3'"]),
        ("threads", "0", ["threads", "[1, 2]", "'0'"]),
        ("threads", "two", ["threads", "'two'"]),
        ("parts", "speed", ["parts", "pointwise", "'speed'"]),
        ("rounds", 2, ["rounds", "[3, 1000]", "2"]),
        ("rounds", 1001, ["rounds", "[3, 1000]", "1001"]),
    ],
)
def test_bad_values_are_named(argument, value, words):
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        make_settings(**{argument: value})
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(("size", "text"), [(1, "2^0"), (1024, "2^10"), (1000, "1000")])
def test_size_text(size, text):
    assert size_text(size) == text
