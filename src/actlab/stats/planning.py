"""How many seeds a comparison needs: before the first run, and after the last one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from scipy import special

from actlab.stats.bootstrap import RESAMPLES
from actlab.stats.decision import FEWEST_SEEDS, Decision, decide
from actlab.stats.estimate import bca_interval, iqm, replicated_iqm
from actlab.stats.exact import sign_flip_p, smallest_sign_flip_p
from actlab.stats.interval import Interval, Values, as_sample, check_fraction, check_smallest

POWER = 0.8
MOST_SEEDS = 10_000

NODES = 64
"""Gauss-Legendre nodes for each of four pieces of an integral."""

NEGLIGIBLE_TAIL = 1e-15
"""Probability left out at either end of it."""


def power_paired(n: int, effect_over_sd: float, alpha: float = 0.05) -> float:
    """Chance that a two-sided paired t-test over ``n`` seeds comes out below ``alpha``.

    Args:
        n: paired seeds, at least 2.
        effect_over_sd: true mean difference over the standard deviation of the differences.
        alpha: level of the test, in (0, 1). Default: 0.05.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> round(power_paired(20, 0.66), 2)
        0.8
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, got {n!r}")
    if not isfinite(effect_over_sd):
        raise ValueError(f"effect_over_sd must be finite, got {effect_over_sd!r}")
    check_fraction("alpha", alpha)
    critical = float(special.stdtrit(n - 1, 1.0 - alpha / 2.0))
    return _chance_of_reaching(critical, n - 1, abs(effect_over_sd) * n**0.5)


def _chance_of_reaching(critical: float, freedom: int, shift: float) -> float:
    """P(|T| > ``critical``) of a noncentral t variable, averaging over its denominator s.

        integral of [Phi(shift - critical s) + Phi(-shift - critical s)] f(s) ds

    with f the density of sqrt(chi^2 / freedom). SciPy's own noncentral t gives NaN at many
    ordinary places (a shift of 10 with 99 degrees of freedom).
    """
    half = freedom / 2.0
    ends = special.gammaincinv(half, NEGLIGIBLE_TAIL), special.gammainccinv(half, NEGLIGIBLE_TAIL)
    lowest, highest = (float(end / half) ** 0.5 for end in ends)
    # The normal factor falls from 1 to 0 within 8 / critical of this place.
    turn = shift / critical
    edges = np.array([lowest, turn - 8.0 / critical, turn, turn + 8.0 / critical, highest])
    edges = np.sort(np.clip(edges, lowest, highest))
    roots, weights = np.polynomial.legendre.leggauss(NODES)
    halves = np.diff(edges)[:, None] / 2.0
    s = (edges[:-1, None] + halves * (1.0 + roots)).ravel()
    log_density = (freedom - 1) * np.log(s) - half * s * s
    log_density += half * np.log(half) - special.gammaln(half) + np.log(2.0)
    reached = special.ndtr(shift - critical * s) + special.ndtr(-shift - critical * s)
    return float(np.sum((weights * halves).ravel() * reached * np.exp(log_density)))


def seeds_for_power(
    effect_over_sd: float,
    *,
    power: float = POWER,
    alpha: float = 0.05,
    most: int = MOST_SEEDS,
) -> int | None:
    """The fewest paired seeds with which a paired t-test has at least this power.

    Args:
        effect_over_sd: true mean difference over the standard deviation of the differences.
        power: chance of seeing it, in (0, 1). Default: 0.8.
        alpha: two-sided level of the test, in (0, 1). Default: 0.05.
        most: where the search ends, at least 2. Default: 10 000.

    Returns:
        The number; None when ``most`` seeds are too few, as they always are for no effect.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> [seeds_for_power(effect) for effect in (1.5, 1.0, 0.5)]
        [6, 10, 34]
    """
    check_fraction("power", power)
    _check_most(most)
    return _first(lambda n: power_paired(n, effect_over_sd, alpha) >= power, 2, most)


@dataclass(frozen=True)
class SeedsToDecide:
    """How many seeds, those already run included, would probably decide a comparison.

    Args:
        seeds: seeds run so far.
        difference: seeds at which the interval probably leaves 0 out; ``seeds`` when it does so
            now; None when that takes more than the search allows.
        negligible: seeds at which the interval probably lies inside (-smallest, smallest);
            ``seeds`` when it does so now; None when it takes too many, as it always does when
            the estimate itself lies outside.
        decided: the word the comparison has earned already, or None.
        more: seeds to add until it has probably earned one: 0 when it has, None when that is out
            of reach. A contender that is worse by less than smallest earns none by a difference.
    """

    seeds: int
    difference: int | None
    negligible: int | None
    decided: Decision | None
    more: int | None


def seeds_to_decide(
    differences: Values,
    smallest: float,
    *,
    confidence: float = 0.95,
    power: float = POWER,
    most: int = MOST_SEEDS,
) -> SeedsToDecide | None:
    """How many seeds would probably decide a comparison, judged by the seeds there are.

    The true effect is taken to be the estimate seen and its standard error to shrink as
    1 / sqrt(n) from the one of the bootstrap, s / sqrt(n). A difference then takes the n of
    ``seeds_for_power`` for the effect over s; negligibility the first n with

        Phi((d - e) sqrt(n) / s - t) + Phi((d + e) sqrt(n) / s - t) - 1 >= power

    where d = ``smallest``, e is the absolute estimate and t the t quantile of ``confidence``. Both
    are guesses as good as the estimate: seeds for a difference go with its inverse square, so an
    estimate half too large asks for less than half of the seeds.

    Args:
        differences: paired differences so far, positive where the contender is better.
        smallest: smallest effect of interest, above 0.
        confidence: coverage of the intervals, in (0, 1). Default: 0.95.
        power: how probable the decision is to be at that n, in (0, 1). Default: 0.8.
        most: where the search ends, at least 2. Default: 10 000.

    Returns:
        The numbers; None when fewer than three differences show no spread to go by.

    Raises:
        ValueError: an argument outside its range, or a value that is not finite.

    Example:
        >>> plan = seeds_to_decide([0.3, -0.2, 0.5, 0.1, 0.4, -0.1, 0.6, 0.0, 0.2, -0.1], 0.1)
        >>> plan.seeds, plan.negligible, plan.decided
        (10, None, None)
        >>> 40 < plan.difference < 60, plan.more == plan.difference - 10
        (True, True)
    """
    sample = as_sample(differences, 1)
    check_smallest(smallest)
    check_fraction("confidence", confidence)
    check_fraction("power", power)
    _check_most(most)
    if sample.size < 3:
        return None
    now, alpha = sample.size, 1.0 - confidence
    estimate, interval = iqm(sample), bca_interval(sample, confidence=confidence)
    p = sign_flip_p(sample)
    word = decide(estimate, interval, smallest, now, p, alpha=alpha)
    spread = _spread_of_one(sample)

    def shows_difference(n: int) -> bool:
        if smallest_sign_flip_p(n) >= alpha or estimate == 0.0:
            return False
        return spread == 0.0 or power_paired(n, estimate / spread, alpha) >= power

    def shows_nothing(n: int) -> bool:
        return n >= FEWEST_SEEDS and _inside(abs(estimate), spread, smallest, n, alpha) >= power

    apart = interval is not None and (interval.low > 0.0 or interval.high < 0.0)
    difference = now if apart and p < alpha else _first(shows_difference, now + 1, most)
    same = now >= FEWEST_SEEDS and _lies_inside(interval, smallest)
    negligible = now if same else _first(shows_nothing, now + 1, most)
    if word is not Decision.UNDECIDED:
        return SeedsToDecide(now, difference, negligible, word, 0)
    counts = estimate > 0.0 or estimate <= -smallest
    reached = [n for n in (difference if counts else None, negligible) if n is not None]
    more = max(min(reached), now + 1) - now if reached else None
    return SeedsToDecide(now, difference, negligible, None, more)


def _spread_of_one(sample: np.ndarray) -> float:
    """Standard error of the interquartile mean times sqrt(n): its spread per seed.

    A bootstrap of n values understates the variance by (n - 1) / n, which is put back.
    """
    ordered = np.sort(sample - np.median(sample))
    replicates = replicated_iqm(ordered, RESAMPLES)
    return float(replicates.std() * ordered.size / (ordered.size - 1) ** 0.5)


def _inside(estimate: float, spread: float, smallest: float, n: int, alpha: float) -> float:
    """Chance that the interval from ``n`` seeds lies inside (-smallest, smallest)."""
    if estimate >= smallest:
        return 0.0
    if spread == 0.0:
        return 1.0
    critical = float(special.stdtrit(n - 1, 1.0 - alpha / 2.0))
    reach = np.array([smallest - estimate, smallest + estimate]) * n**0.5 / spread - critical
    return float(special.ndtr(reach).sum() - 1.0)


def _lies_inside(interval: Interval | None, smallest: float) -> bool:
    return interval is not None and -smallest < interval.low and interval.high < smallest


def _first(holds: Callable[[int], bool], start: int, most: int) -> int | None:
    """The first n in [start, most] for which ``holds``, which stays true once it is."""
    if start > most or not holds(most):
        return None
    low, high = start - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _check_most(most: int) -> None:
    if most < 2:
        raise ValueError(f"most must be at least 2, got {most!r}")
