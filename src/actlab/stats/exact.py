"""Exact tests and intervals: sign flips, binomial proportions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats as scipy_stats

from actlab.stats.interval import Interval, Values, as_sample, check_fraction

MOST_ENUMERATED = 40
"""Up to this many differences every one of the 2^n sign patterns is counted: 0.2 s for 40."""

DRAWN_PATTERNS = 200_000
FLIP_SEED = 20_260_512


def sign_flip_p(differences: Values) -> float:
    """Two-sided sign-flip permutation p-value of paired differences.

    Under the null hypothesis each difference is as likely with either sign. The p-value is the
    share of sign patterns whose absolute sum reaches the observed one: of all 2^n patterns up to
    40 differences (exact), of 200 000 patterns drawn with a fixed generator beyond that.

    Args:
        differences: at least one finite number.

    Raises:
        ValueError: no values, or one that is not finite.

    Example:
        >>> sign_flip_p([0.3, 0.1, 0.2, 0.4, 0.2, 0.5])
        0.03125
    """
    sample = as_sample(differences, 1)
    # Sums of the same numbers in another order differ by rounding; ties must count as ties.
    least = abs(float(sample.sum())) - 1e-12 * float(np.abs(sample).sum())
    if least <= 0.0:
        return 1.0
    if sample.size <= MOST_ENUMERATED:
        # A pattern is one of the first half with one of the second. Of the sorted second half
        # all from a certain place on reach the observed sum; the other tail is as large.
        first, second = (_signed_sums(half) for half in np.array_split(sample, 2))
        short = int(np.searchsorted(second, least - first).sum())
        return 2.0 * (first.size * second.size - short) / 2.0**sample.size
    generator = np.random.default_rng(FLIP_SEED)
    reached = 0
    for _ in range(0, DRAWN_PATTERNS, 10_000):
        signs = generator.integers(0, 2, size=(10_000, sample.size)) * 2.0 - 1.0
        reached += int(np.count_nonzero(np.abs(signs @ sample) >= least))
    return (reached + 1) / (DRAWN_PATTERNS + 1)


def _signed_sums(values: npt.NDArray) -> npt.NDArray[np.float64]:
    """The sums of the values under every pattern of signs, sorted."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return np.sort(sums)


def smallest_sign_flip_p(n: int) -> float:
    """The smallest p-value ``sign_flip_p`` can give for ``n`` differences.

    2^(1-n) where all patterns are enumerated; beyond, one in the number of patterns drawn.

    Raises:
        ValueError: ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n!r}")
    return 2.0 ** (1 - n) if n <= MOST_ENUMERATED else 1 / (DRAWN_PATTERNS + 1)


def clopper_pearson(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """Exact (Clopper-Pearson) interval of a proportion.

    Args:
        successes: between 0 and ``trials``.
        trials: 0 or more; with none the interval is the whole of [0, 1].
        confidence: coverage, strictly between 0 and 1. Default: 0.95.

    Raises:
        ValueError: an argument outside its range.
    """
    if trials < 0 or not 0 <= successes <= trials:
        raise ValueError(f"successes must lie in [0, trials={trials}], got {successes!r}")
    check_fraction("confidence", confidence)
    tail = (1.0 - confidence) / 2.0
    low, high = 0.0, 1.0
    if successes > 0:
        low = float(scipy_stats.beta.ppf(tail, successes, trials - successes + 1))
    if successes < trials:
        high = float(scipy_stats.beta.ppf(1.0 - tail, successes + 1, trials - successes))
    return Interval(low, high)
