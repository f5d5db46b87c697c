"""Looking at the data more than once: what each look must be judged at (Pocock's design).

A comparison that is undecided after 20 seeds may be extended to 40 once. Judging both looks at
5 % would be wrong in 8 % of cases; judging both at 2.94 % (intervals of 97.06 %) keeps 5 %. The
level belongs to the plan: a look that was planned and not taken still costs.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy import optimize, special, stats

from actlab.stats.interval import check_fraction

MOST_LOOKS = 5
NODES = 64
"""Gauss-Legendre nodes across the region in which sampling goes on; 40 already give 1e-12."""


@functools.cache
def pocock_constant(looks: int, alpha: float = 0.05) -> float:
    """The c with P(|Z_k| >= c at any of the looks) = ``alpha`` under the null hypothesis.

    Z_k is the standardised sum of the first k of equally large groups.

    Args:
        looks: planned looks, between 1 and 5.
        alpha: two-sided level of all looks together, in (0, 1). Default: 0.05.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> round(pocock_constant(2), 3)
        2.178
    """
    if looks not in range(1, MOST_LOOKS + 1):
        raise ValueError(f"looks must lie in [1, {MOST_LOOKS}], got {looks!r}")
    check_fraction("alpha", alpha)
    alone = float(special.ndtri(1.0 - alpha / 2.0))
    if looks == 1:
        return alone
    # Bonferroni's constant is too large, that of one look too small.
    most = float(special.ndtri(1.0 - alpha / (2.0 * looks)))
    excess = functools.partial(_excess, looks=looks, alpha=alpha)
    return float(optimize.root_scalar(excess, bracket=(alone, most), xtol=1e-12).root)


def confidence_for(looks: int, *, confidence: float = 0.95) -> float:
    """Confidence of the intervals at every look, so that all looks together hold ``confidence``.

    Its complement is the two-sided level for the p-values (``alpha`` of ``decide``).

    Args:
        looks: planned looks, between 1 and 5.
        confidence: what the looks hold together, in (0, 1). Default: 0.95.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> confidence_for(1), round(confidence_for(2), 4)
        (0.95, 0.9706)
    """
    check_fraction("confidence", confidence)
    if looks == 1:
        return confidence
    return 1.0 - 2.0 * float(special.ndtr(-pocock_constant(looks, 1.0 - confidence)))


def _excess(bound: float, *, looks: int, alpha: float) -> float:
    """How much more than ``alpha`` the chance is of crossing +-``bound`` at any look.

    Armitage, McPherson and Rowe's recursion: the density of the sum S_k, as far as no bound was
    crossed yet, is that of S_(k-1) inside its bound +-c sqrt(k-1), convolved with a normal one.
    """
    roots, weights = np.polynomial.legendre.leggauss(NODES)
    sums = bound * roots
    density = stats.norm.pdf(sums)
    for look in range(2, looks + 1):
        mass = density * weights * bound * np.sqrt(look - 1)
        following = bound * np.sqrt(look) * roots
        density = stats.norm.pdf(following[:, None] - sums) @ mass
        sums = following
    staying = float(np.sum(density * weights) * bound * np.sqrt(looks))
    return 1.0 - staying - alpha
