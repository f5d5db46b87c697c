"""Resampling with replacement, and the bias-corrected and accelerated (BCa) ends it gives.

One fixed generator serves every interval, so that the same values always give the same one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from actlab.stats.interval import Interval

RESAMPLES = 10_000
BOOTSTRAP_SEED = 20_260_511

FEWEST_RESAMPLES = 100
BLOCK = 1_000
"""Resamples made at a time: what bounds the memory of a large sample."""

LARGEST_KEPT = 64
"""Weights of samples up to this size are kept (at most 5 MB each) for the next call."""

TRACE = 1e-9
"""A value that counts less than this in a resample with fractional counts is not in it."""

ROUNDING = 64 * np.finfo(np.float64).eps


def check_resamples(resamples: int) -> None:
    """Refuse too few resamples for a tail to be seen.

    Raises:
        ValueError: ``resamples`` is below 100.
    """
    if resamples < FEWEST_RESAMPLES:
        raise ValueError(f"resamples must be at least {FEWEST_RESAMPLES}, got {resamples!r}")


def drawn_places(
    size: int,
    resamples: int,
    *,
    draws: int | None = None,
    generator: np.random.Generator | None = None,
) -> Iterator[npt.NDArray[np.int64]]:
    """Blocks of resamples as places in the sample: shape (at most ``BLOCK``, draws).

    As many places are drawn as the sample has, unless ``draws`` says otherwise.
    """
    generator = np.random.default_rng(BOOTSTRAP_SEED) if generator is None else generator
    draws = size if draws is None else draws
    for start in range(0, resamples, BLOCK):
        yield generator.integers(0, size, (min(BLOCK, resamples - start), draws))


def counted(places: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """How often each of ``size`` places was drawn, row by row."""
    rows = places.shape[0]
    offsets = places + size * np.arange(rows)[:, None]
    return np.bincount(offsets.ravel(), minlength=rows * size).reshape(rows, size)


def trimmed_weights(counts: npt.NDArray) -> npt.NDArray[np.float64]:
    """Weights of sorted values in the mean of the middle half of each resample.

    With the values sorted, counting up the draws gives each value's ranks in the resample; what
    lies below rank ``n // 4`` or above ``n - n // 4`` is left out. No resample is sorted. A count
    may be a fraction, as long as a row sums to n.
    """
    size = counts.shape[1]
    cut = size // 4
    kept = np.diff(np.clip(np.cumsum(counts, axis=1), cut, size - cut), axis=1, prepend=cut)
    if counts.dtype.kind == "f":
        # Rounding must not let a trace of a trimmed value in: it may be 1e30.
        kept[kept < TRACE] = 0.0
    return kept / (size - 2 * cut)


def weighted_sums(weights: npt.NDArray, values: npt.NDArray) -> npt.NDArray[np.float64]:
    """The sum of the values under each row of weights.

    Not the matrix product: BLAS spreads that over all cores, which on a machine whose cores are
    busy training takes ten times as long, and rounds by the number of threads.
    """
    return np.einsum("ij,j->i", weights, values)


def weight_blocks(size: int, resamples: int) -> Iterator[npt.NDArray[np.float64]]:
    """``trimmed_weights`` of every resample of a sorted sample, in blocks."""
    if size <= LARGEST_KEPT and resamples == RESAMPLES:
        yield _kept_weights(size)
        return
    for places in drawn_places(size, resamples):
        yield trimmed_weights(counted(places, size))


@functools.lru_cache(maxsize=8)
def _kept_weights(size: int) -> npt.NDArray[np.float64]:
    """The weights for one sample size: they depend on nothing else."""
    blocks = [trimmed_weights(counted(places, size)) for places in drawn_places(size, RESAMPLES)]
    weights = np.concatenate(blocks)
    weights.setflags(write=False)
    return weights


def bca_ends(
    estimate: float,
    replicates: npt.NDArray,
    left_out: Sequence[npt.NDArray],
    confidence: float,
    rounding: float = 0.0,
) -> Interval | None:
    """The bias-corrected and accelerated interval from a bootstrap already made.

    With z0 the normal quantile of the share of replicates below the estimate (ties count half),
    and a the acceleration of the jackknife, the ends are the replicates' quantiles at
    Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z = -+Phi^-1((1 + confidence) / 2).

    Where leaving one value out never moves the estimate a is 0/0; the percentile interval, which
    needs neither z0 nor a, is given then. Replicates may be infinite; an end may be so too.

    Args:
        estimate: the statistic of the sample.
        replicates: the statistic of every resample.
        left_out: the statistic with one value left out, one array for each independent sample.
        confidence: coverage, in (0, 1).
        rounding: statistics closer than this are equal. Default: 0.

    Returns:
        The interval; None when all replicates lie on one side of the estimate, or so nearly all
        that the correction turns over.
    """
    tail = (1.0 - confidence) / 2.0
    tails = np.array([tail, 1.0 - tail])
    if any(np.ptp(each) > rounding for each in left_out if np.isfinite(each).all()):
        below = np.count_nonzero(replicates < estimate - rounding)
        reached = np.count_nonzero(replicates <= estimate + rounding)
        bias = special.ndtri((below + reached) / (2 * replicates.size))
        if not np.isfinite(bias):
            return None
        shifted = bias + special.ndtri(tails)
        slack = 1.0 - _acceleration(left_out) * shifted
        if slack.min() <= 0.0:
            return None
        tails = special.ndtr(bias + shifted / slack)
    return _ends(replicates, float(tails[0]), float(tails[1]))


def _acceleration(left_out: Sequence[npt.NDArray]) -> float:
    """Skewness of the jackknife's influence values over all samples, divided by 6."""
    influence = np.concatenate(
        [
            (each.size - 1) / each.size * (each.mean() - each)
            for each in left_out
            if np.isfinite(each).all()
        ]
    )
    # It has no unit; in units of the largest no power over- or underflows.
    influence /= np.abs(influence).max()
    return float(np.sum(influence**3) / (6.0 * np.sum(influence**2) ** 1.5))


def _ends(replicates: npt.NDArray, low: float, high: float) -> Interval:
    """Quantiles between order statistics; beside an infinite one the outer of the two is taken."""
    last = replicates.size - 1
    positions = [low * last, high * last]
    places = [int(np.floor(p)) for p in positions]
    wanted = sorted({q for p in places for q in (p, min(p + 1, last))})
    part = np.partition(replicates, wanted)
    ends = []
    for position, place, outer in zip(positions, places, (0, 1), strict=True):
        pair = float(part[place]), float(part[min(place + 1, last)])
        if np.isfinite(pair).all():
            ends.append(pair[0] + (position - place) * (pair[1] - pair[0]))
        else:
            ends.append(pair[outer])
    return Interval(ends[0], ends[1])
