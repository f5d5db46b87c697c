"""The interquartile mean and its bootstrap interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actlab.stats.bootstrap import (
    BOOTSTRAP_SEED,
    RESAMPLES,
    ROUNDING,
    bca_ends,
    check_resamples,
    weight_blocks,
    weighted_sums,
)
from actlab.stats.interval import Interval, Values, as_sample, check_fraction

__all__ = ["BOOTSTRAP_SEED", "RESAMPLES", "Interval", "as_sample", "bca_interval", "iqm"]


def iqm(values: Values) -> float:
    """Interquartile mean: the mean of the middle half (a 25 % trimmed mean).

    Args:
        values: at least one finite number; the lowest and the highest ``n // 4`` are left out.

    Raises:
        ValueError: no values, or one that is not finite.

    Example:
        >>> iqm([1.0, 2.0, 3.0, 100.0])
        2.5
    """
    return float(middle(np.sort(as_sample(values, 1))).mean())


def bca_interval(
    values: Values,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Bias-corrected and accelerated bootstrap interval of the interquartile mean.

    The random numbers are fixed, so the same values always give the same interval, in whatever
    order they come.

    Args:
        values: the sample.
        confidence: coverage, strictly between 0 and 1. Default: 0.95.
        resamples: bootstrap resamples, at least 100. Default: 10 000.

    Returns:
        The interval; the single point when all values are equal; None when no interval can be
        had (fewer than three values, a sample so lopsided that the correction is undefined, or
        values further apart than a float can hold).

    Raises:
        ValueError: an argument outside its range, or a value that is not finite.

    Example:
        >>> low, high = bca_interval([0.9, 1.4, 1.1, 0.8, 1.2, 1.0, 1.3, 0.7])
        >>> 0.8 < low < 1.05 < high < 1.3
        True
    """
    check_fraction("confidence", confidence)
    check_resamples(resamples)
    sample = np.sort(as_sample(values, 1))
    if sample[0] == sample[-1]:
        return Interval(float(sample[0]), float(sample[0]))
    if sample.size < 3:
        return None
    ordered, centre = centred(sample)
    if not np.isfinite(ordered).all():
        return None
    ends = bca_ends(
        float(middle(ordered).mean()),
        replicated_iqm(ordered, resamples),
        [left_out_iqm(ordered)],
        confidence,
        ROUNDING * float(np.abs(middle(ordered)).max()),
    )
    return None if ends is None else Interval(ends.low + centre, ends.high + centre)


def centred(ordered: npt.NDArray) -> tuple[npt.NDArray[np.float64], float]:
    """Distances of a sorted sample from its median, and that median.

    Tied values become exact zeros, and small differences between large numbers keep their digits.
    A distance too large for a float is infinite.
    """
    centre = float(ordered[ordered.size // 2])
    with np.errstate(over="ignore"):
        return ordered - centre, centre


def replicated_iqm(ordered: npt.NDArray, resamples: int) -> npt.NDArray[np.float64]:
    """The interquartile mean of every bootstrap resample of a sorted sample."""
    blocks = weight_blocks(ordered.size, resamples)
    return np.concatenate([weighted_sums(block, ordered) for block in blocks])


def left_out_iqm(ordered: npt.NDArray) -> npt.NDArray[np.float64]:
    """The interquartile mean of a sorted sample of two or more with each value left out in turn."""
    rest = np.arange(ordered.size - 1)
    places = rest + (rest >= np.arange(ordered.size)[:, None])
    return middle(ordered[places]).mean(axis=1)


def middle(ordered: npt.NDArray) -> npt.NDArray[np.float64]:
    """The middle half along the last axis, which is sorted."""
    size = ordered.shape[-1]
    return ordered[..., size // 4 : size - size // 4]
