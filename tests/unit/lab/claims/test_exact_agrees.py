"""Every exact check comes to the word that was worked out by hand, and its facts agree."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from actlab.core.errors import UnknownNameError
from actlab.lab.claims.exact import check, checked, topic
from actlab.lab.claims.ledger import claim

LETTERS = """
    T: P5 P6 P7 P8 P9 P10 P11 X1
    T: E2 E5 E6 E7 E9 E10 E16 E25 E27 E30 E31 E32 E51 E57 E59 E62 E66 E67 E69 E95 E96 E101 E104
    T: R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R15 R19 R20 R22
    C: P4 X2 X5 E1 E8 E13 E14 E17 E22 E37 E49 E50 E52 E64 E94 R1 R13 R17
    F: P3 E11 E21 E29 E35 E47 E53 E55 E102 E107 E110 R21 R25
    V: E60 E76
"""
"""The letters that were given by hand, with derivations, before there was any code."""

MEANING = MappingProxyType({"T": "true", "C": "conditional", "F": "false", "V": "vague"})
GIVEN = tuple(
    (claim_id, MEANING[letter])
    for letter, _, ids in (line.strip().partition(": ") for line in LETTERS.split("\n") if line)
    for claim_id in ids.split()
    if letter
)

SPLIT = MappingProxyType(
    {
        "P14": "conditional",  # true for p other than 1, false for p = 1
        "E3": "conditional",  # true of real numbers, false in number formats
        "E28": "conditional",  # the same
        "E58": "conditional",  # the same
        "E20": "conditional",  # sigmoid true, tanh depends on the initialisation
        "E38": "conditional",  # bit-identical in float32 and narrower, not in float64
        "E74": "conditional",  # continuous true, slope 1 for alpha = 1
        "E75": "conditional",  # true as mathematics, false for the code
        "E77": "conditional",  # a library's holds, the naive one does not
        "E45": "false",  # in absolute terms, as stated; relative to the signal true
        "E46": "false",  # random false, smoother true: not both
    }
)
"""Claims whose parts fare differently, and the word for the whole."""

THEORY = MappingProxyType({"P15": "conditional"})
"""The theory part of a claim that only runs can decide."""

WORDS = MappingProxyType(dict(GIVEN) | dict(SPLIT) | dict(THEORY))


def test_the_table_of_words_has_every_exact_check_once() -> None:
    assert set(WORDS) == set(checked())
    listed = [*(claim_id for claim_id, _ in GIVEN), *SPLIT, *THEORY]
    assert len(listed) == len(set(listed)) == len(checked())


@pytest.mark.parametrize("claim_id", checked())
def test_the_word_is_the_one_worked_out_and_every_fact_agrees(claim_id: str) -> None:
    found = check(claim_id)
    assert found.claim == claim_id
    assert found.word == WORDS[claim_id]
    assert [fact for fact in found.facts if not fact.agrees] == []
    assert found.agrees
    assert len(found.facts) >= 1
    names = [fact.name for fact in found.facts]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("claim_id", checked())
def test_the_finding_is_a_sentence_and_the_ledger_expected_it(claim_id: str) -> None:
    found = check(claim_id)
    assert found.sentence[0].isupper() or found.sentence.startswith(("'", "f'"))
    assert found.sentence.endswith((".", ")"))
    assert "nan" not in found.sentence
    expected = claim(claim_id).expected
    assert expected == ("open" if claim_id in THEORY else found.word)


def test_an_unknown_claim_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="unknown exact check of claim 'E4'"):
        check("E4")
    with pytest.raises(UnknownNameError, match="unknown exact check of claim 'P33'; did you mean"):
        topic("P33")


def test_headline_numbers_are_those_of_the_derivations() -> None:
    """A few numbers, written out here a second time, that readers will quote."""

    def value(claim_id: str, name: str) -> float:
        return next(float(f.value) for f in check(claim_id).facts if f.name == name)

    assert value("E11", "alpha at which the mean is 0") == pytest.approx(1.6732632423543772)
    assert value("E10", "mean of ELU under N(0, 1)") == pytest.approx(0.398942 - 0.238422, abs=1e-6)
    assert value("R1", "alpha = 3: E f^2") == pytest.approx(3.0, abs=1e-13)
    assert value("R21", "the 21 pairs: least error of an odd function") == pytest.approx(20 / 21)
    assert value("X2", "relu, PyTorch's: log10 over 30 layers") == pytest.approx(-23.34, abs=5e-3)
    assert value("E53", "variance with He, 300 layers") == pytest.approx(257, abs=0.5)
    assert value("E55", "He: log10 over 300 layers") == pytest.approx(6.5, abs=5e-3)
    assert value("E50", "float32: NaN gradients from x =") == pytest.approx(88.723, abs=5e-4)
    gone = value("E28", "float32: gradient from the input is 0 from x =")
    assert gone == pytest.approx(-103.972, abs=5e-4)
