"""Linear contrasts over seeds: differences, and differences of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

Term = tuple[float, Mapping[int, float]]
"""A weight, and the values by seed that it multiplies."""


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of results, seed by seed.

    Args:
        seeds: the seeds that every term has, in order.
        differences: the weighted sum for each of them.
        missing: the seeds that some terms have and others lack, in order.
    """

    seeds: tuple[int, ...]
    differences: tuple[float, ...]
    missing: tuple[int, ...]


def contrast(terms: Sequence[Term]) -> Contrast:
    """The weighted sum of results over the seeds that all terms share.

    A difference is ``[(1, a), (-1, b)]``; whether normalisation changes that difference, an
    interaction, ``[(1, a_norm), (-1, b_norm), (-1, a), (1, b)]``; whether ``a`` keeps at least
    half of what ``c`` gains over ``b``, ``[(1, a), (-0.5, c), (-0.5, b)]``.

    Args:
        terms: at least one weight with its values by seed, all numbers finite.

    Raises:
        ValueError: no terms, or a number that is not finite.

    Example:
        >>> contrast([(1, {0: 5.0, 1: 6.0, 2: 9.0}), (-1, {0: 4.0, 1: 4.0})])
        Contrast(seeds=(0, 1), differences=(1.0, 2.0), missing=(2,))
    """
    if not terms:
        raise ValueError("terms must hold at least one weight with its values, got none")
    for place, (weight, values) in enumerate(terms):
        if not isfinite(weight):
            raise ValueError(f"terms[{place}]: the weight must be finite, got {weight!r}")
        for seed, value in values.items():
            if not isfinite(value):
                raise ValueError(f"terms[{place}]: seed {seed} must be finite, got {value!r}")
    arms = [set(values) for _, values in terms]
    shared = set.intersection(*arms)
    seeds, missing = tuple(sorted(shared)), tuple(sorted(set.union(*arms) - shared))
    differences = tuple(float(sum(w * values[seed] for w, values in terms)) for seed in seeds)
    return Contrast(seeds, differences, missing)
