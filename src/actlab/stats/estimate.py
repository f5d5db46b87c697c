"""Point estimates and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats as scipy_stats

RESAMPLES = 10_000
BOOTSTRAP_SEED = 20_260_511


class Interval(NamedTuple):
    """A closed interval of real numbers."""

    low: float
    high: float


def as_sample(values: Sequence[float] | npt.NDArray[np.floating], least: int) -> npt.NDArray:
    """The values as a one-dimensional float64 array.

    Raises:
        ValueError: not one-dimensional, fewer than ``least`` values, or a value that is not finite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise ValueError(f"values must be one-dimensional, got shape {sample.shape}")
    if sample.size < least:
        raise ValueError(f"values must hold at least {least} number(s), got {sample.size}")
    if not np.isfinite(sample).all():
        raise ValueError(f"values must be finite, got {sample[~np.isfinite(sample)][0]}")
    return sample


def iqm(values: Sequence[float] | npt.NDArray[np.floating]) -> float:
    """Interquartile mean: the mean of the middle half (a 25 % trimmed mean).

    Args:
        values: at least one finite number; the lowest and the highest ``n // 4`` are left out.

    Raises:
        ValueError: no values, or one that is not finite.
    """
    return float(scipy_stats.trim_mean(as_sample(values, 1), 0.25))


def bca_interval(
    values: Sequence[float] | npt.NDArray[np.floating],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Bias-corrected and accelerated bootstrap interval of the interquartile mean.

    The random numbers are fixed, so the same values always give the same interval.

    Args:
        values: the sample.
        confidence: coverage, strictly between 0 and 1. Default: 0.95.
        resamples: bootstrap resamples, at least 100. Default: 10 000.

    Returns:
        The interval; the single point when all values are equal; None when no interval can be
        had (fewer than three values, or a sample so lopsided that the correction is undefined).

    Raises:
        ValueError: an argument outside its range, or a value that is not finite.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    if resamples < 100:
        raise ValueError(f"resamples must be at least 100, got {resamples!r}")
    sample = as_sample(values, 1)
    if np.ptp(sample) == 0.0:
        return Interval(float(sample[0]), float(sample[0]))
    if sample.size < 3:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        result = scipy_stats.bootstrap(
            (sample,),
            _iqm_along,
            n_resamples=resamples,
            confidence_level=confidence,
            method="BCa" if _jackknife_varies(sample) else "percentile",
            vectorized=True,
            rng=np.random.default_rng(BOOTSTRAP_SEED),
        )
    low, high = (float(end) for end in result.confidence_interval)
    if not (np.isfinite(low) and np.isfinite(high)):
        return None
    return Interval(low, high)


def _iqm_along(values: npt.NDArray, axis: int = -1) -> npt.NDArray:
    return scipy_stats.trim_mean(values, 0.25, axis=axis)


def _jackknife_varies(sample: npt.NDArray) -> bool:
    """Whether leaving one value out moves the estimate: the acceleration is 0/0 when it never does.

    With most values tied (six runs stuck at the floor, one not) the middle half is constant;
    the percentile interval is then well defined and the BCa one is not.
    """
    left_out = [iqm(np.delete(sample, i)) for i in range(sample.size)]
    return bool(np.ptp(left_out) > 0.0)
