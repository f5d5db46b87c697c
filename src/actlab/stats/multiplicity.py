"""Many comparisons at once: p-values corrected for the family they belong to."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    Below 0.05 in all of them means: at most a 5 % chance that *any* of these calls is wrong,
    whatever the dependence between the tests.

    Args:
        p_values: numbers in [0, 1]; an empty family gives an empty list.

    Raises:
        ValueError: a p-value outside [0, 1].

    Example:
        >>> [round(p, 3) for p in holm([0.04, 0.01, 0.02])]
        [0.04, 0.03, 0.04]
    """
    _check(p_values)
    count = len(p_values)
    adjusted = [0.0] * count
    running = 0.0
    for rank, place in enumerate(_ascending(p_values)):
        running = max(running, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = running
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's step-up adjusted p-values, in the order given.

    Calling everything below 0.05 means: of the calls at most 5 % are expected to be wrong, when
    the tests are independent or positively dependent (comparisons with one shared baseline are).

    Args:
        p_values: numbers in [0, 1]; an empty family gives an empty list.

    Raises:
        ValueError: a p-value outside [0, 1].

    Example:
        >>> [round(p, 3) for p in benjamini_hochberg([0.04, 0.01, 0.02])]
        [0.04, 0.03, 0.03]
    """
    _check(p_values)
    count = len(p_values)
    adjusted = [0.0] * count
    running = 1.0
    for rank, place in reversed(list(enumerate(_ascending(p_values), start=1))):
        running = min(running, count * p_values[place] / rank)
        adjusted[place] = running
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda place: p_values[place])


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p_values must lie in [0, 1], got {p!r}")
