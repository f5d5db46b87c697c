"""Probability of improvement: how often the contender is better, whatever the size of the gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from actlab.stats.exact import clopper_pearson
from actlab.stats.interval import Interval, Values, as_sample, check_fraction

INSIDE = 1e-12
"""How far from 0 and 1 a probability is looked at where the variance there is 0."""


@dataclass(frozen=True)
class Improvement:
    """How probable it is that the contender wins; a tie counts as half a win.

    Args:
        estimate: the observed share, in [0, 1]; 1/2 is no advantage.
        interval: its confidence interval.
        wins: pairs the contender wins.
        ties: pairs that are equal.
        pairs: all pairs.
    """

    estimate: float
    interval: Interval
    wins: int
    ties: int
    pairs: int


def probability_of_improvement(differences: Values, *, confidence: float = 0.95) -> Improvement:
    """P(d > 0) + P(d = 0) / 2 of paired differences, positive where the contender is better.

    The interval is Clopper and Pearson's with ties shared out evenly, an odd one counting
    against whichever end is looked at. It is exact without ties, and holds at least the stated
    coverage with any share of them (checked by enumeration in the tests).

    Args:
        differences: at least one finite number.
        confidence: coverage, strictly between 0 and 1. Default: 0.95.

    Raises:
        ValueError: no values, one that is not finite, or ``confidence`` outside its range.

    Example:
        >>> result = probability_of_improvement([0.2, 0.1, 0.4, -0.1, 0.0, 0.3, 0.2, 0.5])
        >>> result.estimate, result.wins, result.ties
        (0.8125, 6, 1)
        >>> f"{result.interval.low:.2f} to {result.interval.high:.2f}"
        '0.35 to 1.00'
    """
    sample = as_sample(differences, 1)
    wins, ties = int(np.count_nonzero(sample > 0)), int(np.count_nonzero(sample == 0))
    halves = 2 * wins + ties
    low = clopper_pearson(halves // 2, sample.size, confidence=confidence).low
    high = clopper_pearson((halves + 1) // 2, sample.size, confidence=confidence).high
    return Improvement(halves / (2 * sample.size), Interval(low, high), wins, ties, sample.size)


def probability_of_superiority(
    contender: Values, baseline: Values, *, confidence: float = 0.95
) -> Improvement:
    """P(A > B) + P(A = B) / 2 of two independent samples, the larger value being the better.

    For runs that share no seeds; with shared seeds ``probability_of_improvement`` sees more. The
    estimate is Mann and Whitney's U over the number of pairs. The interval is Newcombe's (his
    method 5): every theta with |theta - estimate| <= z sqrt(V(theta)), where, m and n being the
    sizes and h = (m + n) / 2 - 1,

        V(theta) = theta (1 - theta) (1 + h (1 - theta) / (2 - theta) + h theta / (1 + theta)) / mn

    It stays informative when one sample lies wholly above the other.

    Args:
        contender, baseline: at least two finite numbers each.
        confidence: coverage, strictly between 0 and 1. Default: 0.95.

    Raises:
        ValueError: too few values, one that is not finite, or ``confidence`` outside its range.

    Example:
        >>> result = probability_of_superiority([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
        >>> result.wins, result.ties, result.pairs
        (8, 1, 9)
    """
    check_fraction("confidence", confidence)
    first = as_sample(contender, 2, name="contender")
    other = np.sort(as_sample(baseline, 2, name="baseline"))
    below, reached = (np.searchsorted(other, first, side) for side in ("left", "right"))
    wins, ties = int(below.sum()), int((reached - below).sum())
    pairs = first.size * other.size
    estimate = (2 * wins + ties) / (2 * pairs)
    interval = _newcombe(estimate, first.size, other.size, confidence)
    return Improvement(estimate, interval, wins, ties, pairs)


def _newcombe(estimate: float, m: int, n: int, confidence: float) -> Interval:
    """Where the distance to the estimate is z standard errors, on either side of it."""
    z = float(special.ndtri((1.0 + confidence) / 2.0))
    h = (m + n) / 2.0 - 1.0

    def beyond(theta: float) -> float:
        spread = theta * (1.0 - theta)
        spread *= 1.0 + h * (1.0 - theta) / (2.0 - theta) + h * theta / (1.0 + theta)
        return (theta - estimate) ** 2 - z * z * spread / (m * n)

    # Positive at the far end, negative at the estimate; an estimate of 0 or 1, where the
    # variance is 0 as well, is looked at from just inside.
    low, high = 0.0, 1.0
    if estimate > 0.0:
        low = optimize.root_scalar(beyond, bracket=(0.0, min(estimate, 1.0 - INSIDE))).root
    if estimate < 1.0:
        high = optimize.root_scalar(beyond, bracket=(max(estimate, INSIDE), 1.0)).root
    return Interval(float(low), float(high))
