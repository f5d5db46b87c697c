"""Integrals of several functions over common panels, split until all of them have converged."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

NODES = 24
WANTED = 2e-15
"""A panel is fine when halving it changes no integral by more than this part of its whole."""

PROMISED = 1e-10
"""Relative error above which no number is given."""

BUDGET = 6_000_000
"""Evaluations after which a function counts as too sharp."""

ROUNDS = 60


class AccuracyError(ArithmeticError):
    """A number could not be found to the accuracy that is promised; the message says why."""


@dataclass(frozen=True, slots=True)
class Integrals:
    """Integrals over common panels.

    Attributes:
        values: one for each integrand. sizes: integrals of the absolute values.
        errors: estimated errors, absolute. edges: ends of the panels that resolve them all.
    """

    values: np.ndarray
    sizes: np.ndarray
    errors: np.ndarray
    edges: np.ndarray


@functools.lru_cache(maxsize=8)
def gauss_legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


def integrate(
    integrands: Callable[[np.ndarray], np.ndarray],
    edges: Iterable[float],
    what: str,
    without: Iterable[tuple[float, float]] = (),
) -> Integrals:
    """Integrals from the first to the last edge, no panel astride an edge.

    Args:
        integrands: takes points of shape (n,), gives values of shape (k, n).
        edges: where panels have to end; joints belong to them.
        what: what is integrated, for the message of the error.
        without: gaps left out of the integrals; their ends are edges too.

    Raises:
        AccuracyError: a value is not finite, or the panels needed are too many.
    """
    gaps = list(without)
    ends_of_gaps = [end for gap in gaps for end in gap]
    cuts = np.unique(np.array([*edges, *ends_of_gaps], dtype=np.float64))
    left, right = cuts[:-1], cuts[1:]
    for low, high in gaps:
        outside = (right <= low) | (left >= high)
        left, right = left[outside], right[outside]
    coarse, sizes = _panels(integrands, left, right, what)
    whole = sizes.sum(1)
    spent = left.size * NODES
    total, size, error = (np.zeros(coarse.shape[0]) for _ in range(3))
    done: list[np.ndarray] = []
    for turn in range(ROUNDS):
        middle = 0.5 * (left + right)
        halves_left = np.concatenate([left, middle])
        halves_right = np.concatenate([middle, right])
        spent += halves_left.size * NODES
        if spent > BUDGET:
            raise AccuracyError(
                f"{what} varies too fast: more than {BUDGET:,} evaluations would be needed"
            )
        fine, fine_sizes = _panels(integrands, halves_left, halves_right, what)
        count = left.size
        both = fine[:, :count] + fine[:, count:]
        both_sizes = fine_sizes[:, :count] + fine_sizes[:, count:]
        change = np.abs(coarse - both)
        narrow = (middle <= left) | (middle >= right) | (turn == ROUNDS - 1)
        good = (change <= WANTED * whole[:, None]).all(0) | narrow
        total += both[:, good].sum(1)
        size += both_sizes[:, good].sum(1)
        error += change[:, good].sum(1)
        done.append(left[good])
        if good.all():
            break
        again = np.concatenate([~good, ~good])
        left, right, coarse = halves_left[again], halves_right[again], fine[:, again]
        whole = np.maximum(whole, size)
    ends = np.append(np.sort(np.concatenate(done)), cuts[-1])
    return Integrals(total, size, error, ends)


def points_of(
    left: np.ndarray, right: np.ndarray, count: int = NODES
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of panels, both of shape (panels, count)."""
    nodes, weights = gauss_legendre(count)
    half = 0.5 * (right - left)[:, None]
    return 0.5 * (left + right)[:, None] + half * nodes, half * weights


def _panels(
    integrands: Callable[[np.ndarray], np.ndarray], left: np.ndarray, right: np.ndarray, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """The integral of each integrand over each panel, and of its absolute value."""
    x, weights = points_of(left, right)
    values = integrands(x.ravel()).reshape(-1, *x.shape)
    if not np.isfinite(values).all():
        _, row, column = np.argwhere(~np.isfinite(values))[0]
        raise AccuracyError(
            f"{what} is not finite, or too large for doubles, at {x[row, column]!r}"
        )
    weighted = values * weights
    return weighted.sum(2), np.abs(weighted).sum(2)


def scales_around(centre: float, smallest: int, largest: int) -> list[float]:
    """Edges at the centre and at distances 4**k from it, on both sides."""
    steps = [2.0**k for k in range(smallest, largest + 1, 2)]
    return [centre, *(centre + sign * step for step in steps for sign in (-1, 1))]
