"""Ranks, Friedman's test and critical differences: SciPy, Demsar's tables, counts by hand."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from actlab.stats import nemenyi_difference, rank_contenders

# Demsar (2006), table 5 (a): critical values of the two-tailed Nemenyi test, k = 2 .. 10.
Q_05 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
Q_10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]

# His table 6: AUC of C4.5 with m = 0, cf = 0 / m tuned / cf tuned / both tuned on 14 data sets.
DEMSAR = {
    "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619,
             0.972, 0.957],
    "C4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962,
               0.666, 0.981, 0.978],
    "C4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965,
                0.614, 0.9751, 0.946],
    "C4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962,
                  0.669, 0.975, 0.970],
}  # fmt: skip


@pytest.mark.parametrize("k", range(2, 11))
def test_critical_values_are_the_published_ones(k):
    unit = (k * (k + 1) / (6 * 30)) ** 0.5
    # The table has three places; some were cut off, not rounded.
    assert nemenyi_difference(k, 30) / unit == pytest.approx(Q_05[k - 2], abs=1.1e-3)
    assert nemenyi_difference(k, 30, alpha=0.1) / unit == pytest.approx(Q_10[k - 2], abs=1.1e-3)


def test_demsars_example():
    ranking = rank_contenders(DEMSAR)
    assert dict(zip(ranking.names, ranking.mean_ranks, strict=True)) == pytest.approx(
        {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}, abs=1e-3
    )
    assert nemenyi_difference(4, 14, alpha=0.1) == pytest.approx(1.12, abs=0.005)
    assert ranking.critical_difference == pytest.approx(1.25, abs=0.005)
    # He finds at 10 %: C4.5 is worse than m and than m+cf; no other pair is told apart.
    groups = rank_contenders(DEMSAR, alpha=0.1).groups
    assert groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("blocks", "contenders"), [(5, 3), (12, 6), (40, 10)])
def test_friedman_is_scipys(blocks, contenders, ties):
    table = np.random.default_rng(blocks).normal(size=(contenders, blocks))
    table = np.round(table) if ties else table
    result = stats.friedmanchisquare(*table)
    ranking = rank_contenders({f"f{i}": row for i, row in enumerate(table)})
    assert ranking.chi_squared == pytest.approx(result.statistic, rel=1e-10)
    assert ranking.chi_squared_p == pytest.approx(result.pvalue, rel=1e-9)


def test_iman_davenport_is_the_two_way_analysis_of_variance_of_the_ranks():
    table = np.random.default_rng(3).normal(size=(4, 9)) + np.arange(4)[:, None] * 0.5
    ranking = rank_contenders({f"f{i}": row for i, row in enumerate(table)})
    ranks = stats.rankdata(table, axis=0)
    between = 9 * np.sum((ranks.mean(axis=1) - 2.5) ** 2)
    rest = np.sum((ranks - 2.5) ** 2) - between
    f = (between / 3) / (rest / (3 * 8))
    assert ranking.f == pytest.approx(f, rel=1e-12)
    assert ranking.f_p == pytest.approx(stats.f.sf(f, 3, 24), rel=1e-9)


def test_entire_agreement_is_as_improbable_as_a_count_says():
    orders = list(product(permutations(range(3)), repeat=3))
    chance = sum(len(set(rows)) == 1 for rows in orders) / len(orders)
    ranking = rank_contenders({"a": [3.0, 3.0, 9.0], "b": [2.0, 2.0, 5.0], "c": [1.0, 1.0, 1.0]})
    assert ranking.f == np.inf
    assert ranking.f_p == pytest.approx(chance)
    assert ranking.names == ("a", "b", "c")


def test_no_p_value_is_smaller_than_that_of_entire_agreement():
    # F would say 0.18 of two agreeing blocks and a tie; three agreeing ones have a chance of 1/4.
    assert rank_contenders({"a": [1.0, 1.0, 1.0], "b": [0.0, 0.0, 1.0]}).f_p == 0.25


def test_where_everything_ties_nothing_differs():
    ranking = rank_contenders({"a": [1.0] * 4, "b": [1.0] * 4, "c": [1.0] * 4})
    assert ranking.mean_ranks == (2.0, 2.0, 2.0)
    assert (ranking.chi_squared, ranking.chi_squared_p, ranking.f_p) == (0.0, 1.0, 1.0)
    assert ranking.groups == (("a", "b", "c"),)


def test_two_contenders_are_a_sign_test():
    wins = rank_contenders({"a": [1.0] * 9 + [0.0], "b": [0.5] * 10})
    assert wins.mean_ranks == (1.1, 1.9)
    # (9 - 1)^2 / 10 is the chi-squared of nine wins in ten.
    assert wins.chi_squared == pytest.approx(6.4)


def test_lower_can_be_better_and_a_diverged_run_comes_last():
    losses = {"a": [0.1, np.inf, 0.2], "b": [0.3, 0.4, 0.5]}
    ranking = rank_contenders(losses, higher_is_better=False)
    assert dict(zip(ranking.names, ranking.mean_ranks, strict=True)) == pytest.approx(
        {"a": 4 / 3, "b": 5 / 3}
    )


def test_groups_are_maximal_and_overlap():
    # Mean ranks 1, 2, 3, 4 at a critical difference between 1 and 2: neighbours only.
    table = {name: [float(-i)] * 12 for i, name in enumerate("abcd")}
    ranking = rank_contenders(table)
    assert 1.0 < ranking.critical_difference < 2.0
    assert ranking.groups == (("a", "b"), ("b", "c"), ("c", "d"))
    assert rank_contenders({k: v * 8 for k, v in table.items()}).groups == ()
    assert rank_contenders({k: v[:2] for k, v in table.items()}).groups == (tuple("abcd"),)


def test_nemenyi_calls_a_difference_in_one_of_twenty_families_of_equals():
    generator, called = np.random.default_rng(8), 0
    for _ in range(400):
        table = generator.normal(size=(5, 20))
        ranking = rank_contenders({f"f{i}": row for i, row in enumerate(table)})
        called += ranking.groups != (ranking.names,)
    assert 0.01 < called / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


@pytest.mark.parametrize(
    ("scores", "word"),
    [
        ({"a": [1.0, 2.0]}, "at least 2 contenders"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "equally long"),
        ({"a": [[1.0], [2.0]], "b": [[1.0], [2.0]]}, "equally long"),
        ({"a": [1.0, 2.0], "b": [1.0, np.nan]}, "'b' must not be NaN, got it in block 1"),
        ({"a": [1.0], "b": [2.0]}, "blocks"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores, word):
    with pytest.raises(ValueError, match=word):
        rank_contenders(scores)


def test_critical_differences_need_two_contenders_and_a_level():
    with pytest.raises(ValueError, match="contenders"):
        nemenyi_difference(1, 10)
    with pytest.raises(ValueError, match="alpha"):
        nemenyi_difference(3, 10, alpha=1.0)
