"""The word a comparison earns, by a rule fixed before the numbers are seen."""

from __future__ import annotations

from enum import StrEnum
from math import isfinite

from actlab.stats.interval import Interval, check_fraction, check_smallest

FEWEST_SEEDS = 6
"""With fewer paired seeds no sign-flip test can reach p < 0.05, so nothing is called."""


class Decision(StrEnum):
    """What a paired comparison shows."""

    SUPPORTED = "supported"
    WEAK = "weak"
    NEGLIGIBLE = "negligible"
    REVERSED = "reversed"
    UNDECIDED = "undecided"


SIGNIFICANT = 0.05


def decide(
    estimate: float,
    interval: Interval | None,
    smallest: float,
    n: int,
    p: float,
    *,
    alpha: float = SIGNIFICANT,
) -> Decision:
    """The verdict word for an effect where positive favours the contender; first that applies.

    undecided: no interval, or fewer than six paired seeds;
    supported: the interval lies above 0, p < ``alpha`` and the estimate is at least ``smallest``;
    weak: the interval lies above 0, p < ``alpha`` and the estimate is smaller;
    negligible: the interval lies inside (-``smallest``, ``smallest``);
    reversed: the interval lies below 0, p < ``alpha`` and the estimate is at most -``smallest``;
    undecided: anything else.

    Args:
        estimate: the point estimate.
        interval: its confidence interval, or None.
        smallest: smallest effect of interest, above 0.
        n: paired seeds.
        p: p-value of the difference, corrected for the family it is tested in.
        alpha: level of this look, in (0, 1). Default: 0.05. For one of two planned looks
            ``1 - confidence_for(2)``, with an interval of that confidence.

    Raises:
        ValueError: an argument outside its range, or an estimate or interval that is no number.

    Example:
        >>> decide(2.0, Interval(0.5, 3.0), smallest=1.0, n=10, p=0.002).value
        'supported'
    """
    check_smallest(smallest)
    check_fraction("alpha", alpha)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p must lie in [0, 1], got {p!r}")
    if interval is None or n < FEWEST_SEEDS:
        return Decision.UNDECIDED
    _check_numbers(estimate, interval)
    certain = p < alpha
    if certain and interval.low > 0.0:
        return Decision.SUPPORTED if estimate >= smallest else Decision.WEAK
    if -smallest < interval.low and interval.high < smallest:
        return Decision.NEGLIGIBLE
    if certain and interval.high < 0.0 and estimate <= -smallest:
        return Decision.REVERSED
    return Decision.UNDECIDED


def decide_equivalence(interval: Interval | None, smallest: float, n: int) -> Decision:
    """The verdict word for a claim that two things are the same (two one-sided tests, TOST).

    supported: the interval lies inside (-``smallest``, ``smallest``);
    reversed: it lies wholly at or beyond one of these bounds, so that a difference that matters
    is shown;
    undecided: anything else, no interval, or fewer than six paired seeds.

    With an interval of 95 % each of the two one-sided tests is made at 2.5 %: stricter than the
    90 % interval of a TOST at 5 %, and the same interval that every other verdict is read from.

    Args:
        interval: confidence interval of the difference, or None.
        smallest: smallest difference of interest, above 0.
        n: paired seeds.

    Raises:
        ValueError: ``smallest`` is not above 0, or an interval that is no number.

    Example:
        >>> decide_equivalence(Interval(-0.2, 0.3), smallest=0.5, n=20).value
        'supported'
    """
    check_smallest(smallest)
    if interval is None or n < FEWEST_SEEDS:
        return Decision.UNDECIDED
    _check_numbers(0.0, interval)
    if -smallest < interval.low and interval.high < smallest:
        return Decision.SUPPORTED
    if interval.low >= smallest or interval.high <= -smallest:
        return Decision.REVERSED
    return Decision.UNDECIDED


def _check_numbers(estimate: float, interval: Interval) -> None:
    if not isfinite(estimate):
        raise ValueError(f"estimate must be finite, got {estimate!r}")
    if not interval.low <= interval.high:
        raise ValueError(f"interval must have low <= high, got {tuple(interval)}")
