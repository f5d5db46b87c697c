"""Every word of the decision rule, and the edges between them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from actlab.stats import (
    Decision,
    Interval,
    bca_interval,
    confidence_for,
    decide,
    decide_equivalence,
    iqm,
)


@pytest.mark.parametrize(
    ("estimate", "interval", "n", "p", "word"),
    [
        (2.0, Interval(0.5, 3.0), 10, 0.01, Decision.SUPPORTED),
        (1.0, Interval(0.1, 3.0), 10, 0.01, Decision.SUPPORTED),
        (2.0, Interval(0.5, 3.0), 10, 0.05, Decision.UNDECIDED),
        (0.5, Interval(0.1, 0.9), 10, 0.01, Decision.WEAK),
        (0.5, Interval(0.1, 0.9), 10, 0.20, Decision.NEGLIGIBLE),
        (0.1, Interval(-0.5, 0.6), 10, 0.70, Decision.NEGLIGIBLE),
        (-2.0, Interval(-3.0, -1.0), 10, 0.01, Decision.REVERSED),
        (-2.0, Interval(-3.0, -1.0), 10, 0.20, Decision.UNDECIDED),
        (-0.9, Interval(-3.0, -0.1), 10, 0.01, Decision.UNDECIDED),
        (2.0, Interval(-0.1, 3.0), 10, 0.01, Decision.UNDECIDED),
        (2.0, Interval(0.5, 3.0), 5, 0.01, Decision.UNDECIDED),
        (2.0, None, 10, 0.01, Decision.UNDECIDED),
    ],
)
def test_words(estimate, interval, n, p, word):
    assert decide(estimate, interval, smallest=1.0, n=n, p=p) is word


def test_the_smallest_effect_must_be_positive():
    with pytest.raises(ValueError, match="smallest"):
        decide(1.0, None, smallest=0.0, n=10, p=0.5)


def test_p_must_be_a_probability():
    with pytest.raises(ValueError, match="p must"):
        decide(1.0, None, smallest=1.0, n=10, p=1.5)


def test_a_planned_second_look_asks_for_more():
    alpha = 1.0 - confidence_for(2)
    interval = Interval(0.5, 3.0)
    assert decide(2.0, interval, 1.0, n=20, p=0.04) is Decision.SUPPORTED
    assert decide(2.0, interval, 1.0, n=20, p=0.04, alpha=alpha) is Decision.UNDECIDED
    assert decide(2.0, interval, 1.0, n=20, p=0.029, alpha=alpha) is Decision.SUPPORTED


@pytest.mark.parametrize("alpha", [0.0, 1.0, float("nan")])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha"):
        decide(1.0, None, smallest=1.0, n=10, p=0.5, alpha=alpha)


def test_numbers_that_are_none_are_refused():
    nan = float("nan")
    with pytest.raises(ValueError, match="estimate"):
        decide(nan, Interval(0.1, 1.0), smallest=1.0, n=10, p=0.01)
    with pytest.raises(ValueError, match="interval"):
        decide(0.5, Interval(nan, 1.0), smallest=1.0, n=10, p=0.01)
    with pytest.raises(ValueError, match="interval"):
        decide_equivalence(Interval(1.0, -1.0), smallest=1.0, n=10)
    with pytest.raises(ValueError, match="smallest"):
        decide_equivalence(Interval(1.0, 2.0), smallest=nan, n=10)


@pytest.mark.parametrize(
    ("interval", "n", "word"),
    [
        (Interval(-0.9, 0.9), 10, Decision.SUPPORTED),
        (Interval(0.1, 0.9), 10, Decision.SUPPORTED),
        (Interval(0.0, 0.0), 6, Decision.SUPPORTED),
        (Interval(-0.9, 1.0), 10, Decision.UNDECIDED),
        (Interval(-1.0, 0.9), 10, Decision.UNDECIDED),
        (Interval(0.5, 3.0), 10, Decision.UNDECIDED),
        (Interval(1.0, 3.0), 10, Decision.REVERSED),
        (Interval(-3.0, -1.0), 10, Decision.REVERSED),
        (Interval(-0.9, 0.9), 5, Decision.UNDECIDED),
        (None, 10, Decision.UNDECIDED),
    ],
)
def test_words_of_an_equivalence(interval, n, word):
    assert decide_equivalence(interval, smallest=1.0, n=n) is word


def test_an_equivalence_is_two_one_sided_tests():
    # With t intervals the rule is TOST: both one-sided t-tests below half the complement.
    generator = np.random.default_rng(6)
    words = set()
    for _ in range(200):
        sample = generator.normal(generator.uniform(-1, 1), 1.0, 12)
        result = stats.ttest_1samp(sample, 0.0).confidence_interval(0.95)
        above = stats.ttest_1samp(sample, -0.8, alternative="greater").pvalue
        below = stats.ttest_1samp(sample, 0.8, alternative="less").pvalue
        word = decide_equivalence(Interval(*result), smallest=0.8, n=12)
        assert (word is Decision.SUPPORTED) == (max(above, below) < 0.025)
        words.add(word)
    assert words == {Decision.SUPPORTED, Decision.UNDECIDED, Decision.REVERSED}


def test_two_looks_at_nothing_call_something_in_one_of_twenty():
    # The protocol as it is run: 20 seeds, then 40 if undecided, at Pocock's level both times.
    generator = np.random.default_rng(3)
    confidence, called, rounds = confidence_for(2), 0, 300
    for _ in range(rounds):
        sample = generator.normal(0.0, 1.0, 40)
        for n in (20, 40):
            part = sample[:n]
            p = stats.ttest_1samp(part, 0.0).pvalue
            interval = bca_interval(part, confidence=confidence)
            word = decide(iqm(part), interval, 0.01, n, p, alpha=1.0 - confidence)
            if word is not Decision.UNDECIDED:
                called += 1
                break
    # Three standard errors of a simulation of 300 are 3.8 %.
    assert called / rounds < 0.05 + 0.038
