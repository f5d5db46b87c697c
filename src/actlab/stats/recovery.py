"""How much of a gain is recovered by a part of its supposed cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actlab.stats.bootstrap import (
    RESAMPLES,
    ROUNDING,
    bca_ends,
    check_resamples,
    counted,
    drawn_places,
    trimmed_weights,
    weighted_sums,
)
from actlab.stats.contrast import contrast
from actlab.stats.estimate import bca_interval, iqm, left_out_iqm
from actlab.stats.interval import Interval, check_fraction


@dataclass(frozen=True)
class Recovery:
    """How much of a gain a part of its supposed cause brings.

    Args:
        share: gain of the part over gain of the whole; None when the whole gains exactly nothing.
        interval: confidence interval of the share; None when the gain of the whole is itself not
            certain, so that any share would do.
        gain: confidence interval of the gain of the whole over the baseline.
        seeds: the seeds that all three share.
        missing: the seeds that only some of them have.
    """

    share: float | None
    interval: Interval | None
    gain: Interval | None
    seeds: tuple[int, ...]
    missing: tuple[int, ...]


def share_recovered(
    part: Mapping[int, float],
    whole: Mapping[int, float],
    baseline: Mapping[int, float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Recovery:
    """The share of the gain of ``whole`` over ``baseline`` that ``part`` reaches.

        share = IQM(part - baseline) / IQM(whole - baseline)

    over the seeds all three have, with a paired BCa interval (seeds are resampled, the three
    values of a seed stay together). 1 is all of the gain, 0 none of it; better may be larger or
    smaller, as long as it is the same in all three.

    A share is only as certain as the gain it divides by. Where the interval of the gain reaches
    0 no interval is given; a resample whose gain vanishes or turns counts as an unbounded share,
    and an end may then be infinite. Whether a share is at least 1/2 is better asked of the
    contrast ``[(1, part), (-0.5, whole), (-0.5, baseline)]``, which divides by nothing.

    Args:
        part, whole, baseline: finite values by seed.
        confidence: coverage, strictly between 0 and 1. Default: 0.95.
        resamples: bootstrap resamples, at least 100. Default: 10 000.

    Raises:
        ValueError: an argument outside its range, a value that is not finite, or no shared seed.

    Example:
        >>> relu = {0: 1.0, 1: 1.2, 2: 0.9, 3: 1.1, 4: 1.0, 5: 1.3}
        >>> shifted = {0: 0.7, 1: 0.8, 2: 0.7, 3: 0.8, 4: 0.6, 5: 0.9}
        >>> elu = {0: 0.5, 1: 0.6, 2: 0.5, 3: 0.6, 4: 0.5, 5: 0.7}
        >>> recovery = share_recovered(shifted, elu, relu)
        >>> round(recovery.share, 2), recovery.interval.low > 0.5
        (0.67, True)
    """
    check_fraction("confidence", confidence)
    check_resamples(resamples)
    gained = contrast([(1.0, part), (-1.0, baseline), (0.0, whole)])
    if not gained.seeds:
        raise ValueError("part, whole and baseline must share a seed, got none")
    total = contrast([(1.0, whole), (-1.0, baseline), (0.0, part)])
    tops, bottoms = np.array(gained.differences), np.array(total.differences)
    gain = bca_interval(bottoms, confidence=confidence, resamples=resamples)
    divisor = iqm(bottoms)
    share = iqm(tops) / divisor if divisor != 0.0 else None
    interval = None
    if share is not None and gain is not None and (gain.low > 0.0 or gain.high < 0.0):
        interval = _share_interval(tops, bottoms, share, confidence, resamples)
    return Recovery(share, interval, gain, gained.seeds, gained.missing)


def _share_interval(
    tops: npt.NDArray, bottoms: npt.NDArray, share: float, confidence: float, resamples: int
) -> Interval | None:
    """The paired BCa interval of IQM(tops) / IQM(bottoms)."""
    above, below = _replicated(tops, resamples), _replicated(bottoms, resamples)
    direction = np.sign(iqm(bottoms))
    replicates = np.where(above * direction >= 0.0, np.inf, -np.inf)
    stands = below * direction > 0.0
    replicates[stands] = above[stands] / below[stands]
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = _left_out(tops) / _left_out(bottoms)
    return bca_ends(share, replicates, [left_out], confidence, ROUNDING * max(1.0, abs(share)))


def _replicated(values: npt.NDArray, resamples: int) -> npt.NDArray[np.float64]:
    """The interquartile mean of every resample, the seeds drawn alike for equally many values."""
    order = np.argsort(values)
    blocks = drawn_places(values.size, resamples)
    weights = (trimmed_weights(counted(places, values.size)[:, order]) for places in blocks)
    return np.concatenate([weighted_sums(block, values[order]) for block in weights])


def _left_out(values: npt.NDArray) -> npt.NDArray[np.float64]:
    """The interquartile mean without each value, in the order of the values."""
    order = np.argsort(values)
    statistics = np.empty(values.size)
    statistics[order] = left_out_iqm(values[order])
    return statistics
