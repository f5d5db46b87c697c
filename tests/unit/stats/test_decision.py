"""Every word of the decision rule, and the edges between them."""

from __future__ import annotations

import pytest

from actlab.stats import Decision, Interval, decide


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
