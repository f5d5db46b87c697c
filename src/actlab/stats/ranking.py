"""Ranks of several contenders over many blocks, and which of them the ranks tell apart.

The method is Demsar's (2006): Friedman's test of any difference at all, and Nemenyi's critical
difference between two mean ranks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt
from scipy import stats

from actlab.stats.interval import check_fraction


@dataclass(frozen=True)
class Ranking:
    """Contenders by mean rank: what a critical-difference diagram shows.

    Args:
        names: the contenders, best first.
        mean_ranks: their mean ranks; 1 is best in every block.
        blocks: number of blocks.
        chi_squared, chi_squared_p: Friedman's statistic, corrected for ties, and its p-value.
        f, f_p: Iman and Davenport's, which is less conservative, and its p-value.
        critical_difference: Nemenyi's; mean ranks at least this far apart differ.
        groups: the largest sets of neighbours that are not told apart, best first, each of two
            or more. A contender in no group differs from all others.
    """

    names: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    blocks: int
    chi_squared: float
    chi_squared_p: float
    f: float
    f_p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]


def rank_contenders(
    scores: Mapping[str, Sequence[float] | npt.NDArray[np.floating]],
    *,
    higher_is_better: bool = True,
    alpha: float = 0.05,
) -> Ranking:
    """Rank contenders within each block (a task and a seed) and compare their mean ranks.

    Only the order within a block counts, so tasks with different scales can be mixed, and a
    diverged run may be infinite. Equal scores share the mean of their ranks. Seeds of one task
    are blocks that resemble each other: the answer then holds for these tasks, not for tasks
    in general. For the latter give one block per task.

    Args:
        scores: two or more contenders with equally many scores, entry i of each from block i; two
            or more blocks. Scores may be infinite, not NaN.
        higher_is_better: whether the largest score gets rank 1. Default: True.
        alpha: level of the critical difference, in (0, 1). Default: 0.05.

    Raises:
        ValueError: an argument outside its range, unequal lengths, or a score that is NaN.

    Example:
        >>> losses = {"relu": [3.0, 5.0, 4.0, 6.0], "elu": [1.0, 2.0, 2.0, 3.0]}
        >>> ranking = rank_contenders(losses, higher_is_better=False)
        >>> ranking.names, ranking.mean_ranks, ranking.groups
        (('elu', 'relu'), (1.0, 2.0), ())
    """
    table = _as_table(scores)
    blocks, contenders = table.shape
    critical = nemenyi_difference(contenders, blocks, alpha=alpha)
    ranks = stats.rankdata(-table if higher_is_better else table, axis=1)
    means = ranks.mean(axis=0)
    chi_squared = _friedman(ranks)
    f, f_p = _iman_davenport(chi_squared, blocks, contenders)
    order = np.argsort(means, kind="stable")
    names = tuple(list(scores)[place] for place in order)
    ordered = tuple(float(mean) for mean in means[order])
    return Ranking(
        names=names,
        mean_ranks=ordered,
        blocks=blocks,
        chi_squared=chi_squared,
        chi_squared_p=float(stats.chi2.sf(chi_squared, contenders - 1)),
        f=f,
        f_p=f_p,
        critical_difference=critical,
        groups=_groups(names, ordered, critical),
    )


def nemenyi_difference(contenders: int, blocks: int, *, alpha: float = 0.05) -> float:
    """Mean ranks that differ by this or more differ at level ``alpha``, over all pairs together.

        q sqrt(k (k + 1) / (6 n)),  q the studentised range's quantile over sqrt(2)

    Args:
        contenders: k, 2 or more.
        blocks: n, 2 or more.
        alpha: level, in (0, 1). Default: 0.05.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> round(nemenyi_difference(4, 14), 2)
        1.25
    """
    check_fraction("alpha", alpha)
    if contenders < 2:
        raise ValueError(f"contenders must be at least 2, got {contenders!r}")
    if blocks < 2:
        raise ValueError(f"blocks must be at least 2, got {blocks!r}")
    quantile = float(stats.studentized_range.ppf(1.0 - alpha, contenders, np.inf)) / 2**0.5
    return quantile * (contenders * (contenders + 1) / (6.0 * blocks)) ** 0.5


def _as_table(scores: Mapping[str, Sequence[float] | npt.NDArray[np.floating]]) -> npt.NDArray:
    """The scores with a row per block and a column per contender."""
    if len(scores) < 2:
        raise ValueError(f"scores must hold at least 2 contenders, got {len(scores)}")
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in scores.items()}
    shapes = {name: column.shape for name, column in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise ValueError(f"scores must be equally long rows of numbers, got shapes {shapes}")
    for name, column in columns.items():
        if np.isnan(column).any():
            block = int(np.flatnonzero(np.isnan(column))[0])
            raise ValueError(f"scores of {name!r} must not be NaN, got it in block {block}")
    return np.column_stack(list(columns.values()))


def _friedman(ranks: npt.NDArray) -> float:
    """Friedman's chi-squared: spread of the rank sums over their spread under the null.

    Dividing by the variance of the ranks that occur is the usual correction for ties. When every
    block is one tie nothing differs, and the statistic is 0.
    """
    blocks, contenders = ranks.shape
    middle = (contenders + 1) / 2.0
    spread = float(np.sum((ranks - middle) ** 2))
    if spread == 0.0:
        return 0.0
    sums = ranks.sum(axis=0) - blocks * middle
    return float((contenders - 1) * np.sum(sums**2) / spread)


def _iman_davenport(chi_squared: float, blocks: int, contenders: int) -> tuple[float, float]:
    """Iman and Davenport's F and its p-value.

    Blocks that agree entirely make F infinite and its p-value 0. No ranks can be less probable
    than that agreement, (k!)^(1-n), so no smaller p-value is given.
    """
    least = float(factorial(contenders)) ** (1 - blocks)
    rest = blocks * (contenders - 1) - chi_squared
    if rest <= 1e-12 * blocks * contenders:
        return float("inf"), least
    f = (blocks - 1) * chi_squared / rest
    p = stats.f.sf(f, contenders - 1, (contenders - 1) * (blocks - 1))
    return f, max(float(p), least)


def _groups(
    names: tuple[str, ...], means: tuple[float, ...], critical: float
) -> tuple[tuple[str, ...], ...]:
    """The runs of neighbours that span less than the critical difference and lie in no longer."""
    groups: list[tuple[str, ...]] = []
    reached = 0
    for start, mean in enumerate(means):
        end = start
        while end < len(means) and means[end] - mean < critical:
            end += 1
        if end - start > 1 and end > reached:
            groups.append(names[start:end])
            reached = end
    return tuple(groups)
