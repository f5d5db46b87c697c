"""The word a comparison earns, by a rule fixed before the numbers are seen."""

from __future__ import annotations

from enum import StrEnum

from actlab.stats.estimate import Interval

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
    estimate: float, interval: Interval | None, smallest: float, n: int, p: float
) -> Decision:
    """The verdict word for an effect where positive favours the contender; first that applies.

    undecided: no interval, or fewer than six paired seeds;
    supported: the interval lies above 0, p < 0.05 and the estimate is at least ``smallest``;
    weak: the interval lies above 0, p < 0.05 and the estimate is smaller;
    negligible: the interval lies inside (-``smallest``, ``smallest``);
    reversed: the interval lies below 0, p < 0.05 and the estimate is at most -``smallest``;
    undecided: anything else.

    Args:
        estimate: the point estimate.
        interval: its confidence interval, or None.
        smallest: smallest effect of interest, above 0.
        n: paired seeds.
        p: p-value of the difference, corrected for the family it is tested in.

    Raises:
        ValueError: ``smallest`` is not above 0, or ``p`` is no probability.
    """
    if not smallest > 0.0:
        raise ValueError(f"smallest must be above 0, got {smallest!r}")
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p must lie in [0, 1], got {p!r}")
    if interval is None or n < FEWEST_SEEDS:
        return Decision.UNDECIDED
    certain = p < SIGNIFICANT
    if certain and interval.low > 0.0:
        return Decision.SUPPORTED if estimate >= smallest else Decision.WEAK
    if -smallest < interval.low and interval.high < smallest:
        return Decision.NEGLIGIBLE
    if certain and interval.high < 0.0 and estimate <= -smallest:
        return Decision.REVERSED
    return Decision.UNDECIDED
