"""Paired differences, curves, learning rates and ranks: data, drawing, words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from actlab.figures.basins import Basin, BasinFigure, draw_basins, spoken_basins
from actlab.figures.curves import (
    curve_band,
    curve_figure,
    draw_curves,
    quartiles,
    spoken_curves,
)
from actlab.figures.paired import (
    MOST_ROWS,
    PairedRow,
    draw_paired,
    paired_figure,
    spoken_paired,
)
from actlab.figures.ranks import RankFigure, _lanes, draw_ranks, spoken_ranks


def row(label: str, estimate: float, series: int = 0) -> PairedRow:
    return PairedRow(label, estimate + np.linspace(-1, 1, 5), estimate, estimate - 0.5,
                     estimate + 0.5, series)  # fmt: skip


def test_rows_are_sorted_and_the_middle_is_left_out_when_there_are_too_many():
    data = paired_figure([row("a", 1.0), row("b", 3.0), row("c", 2.0)], 1.0, "relu", "by")
    assert [one.label for one in data.rows] == ["b", "c", "a"]
    many = paired_figure([row(f"f{k}", k) for k in range(90)], 1.0, "relu", "by")
    assert len(many.rows) == MOST_ROWS
    assert (many.rows[0].label, many.rows[-1].label) == ("f89", "f0")


def test_a_dot_for_each_seed_and_a_bar_where_there_is_an_interval():
    bare = PairedRow("bare", np.array([0.1]), 0.1, None, None, 7)
    text = draw_paired(paired_figure([row("a", 1.0), bare], 1.0, "relu", "better by"))
    dots = re.findall(r'class="d" d="([^"]*)"', text)
    assert [path.count("h0") for path in dots] == [5, 1]
    assert text.count('class="i"') == 1
    assert 'data-f="7" class="s0"' in text


def test_paired_differences_in_words():
    data = paired_figure([row("a", 1.0)], 1.0, "relu", "by")
    assert spoken_paired(data) == "Differences to relu, above 0 is better: a +1 (+0.5 to +1.5)."
    assert "no runs" in spoken_paired(paired_figure([], 1.0, "relu", "by"))
    assert draw_paired(paired_figure([], 1.0, "relu", "by")).startswith("<svg")


def test_quartiles_are_numpys_and_pass_over_what_is_not_finite():
    draw = np.random.default_rng(0).standard_normal((7, 5))
    assert np.allclose(quartiles(draw), np.percentile(draw, [25, 50, 75], axis=0))
    draw[2, 0] = np.nan
    draw[3, 0] = np.inf
    low, median, high = quartiles(draw)
    whole = np.delete(draw[:, 0], [2, 3])
    assert (low[0], median[0], high[0]) == pytest.approx(tuple(np.percentile(whole, [25, 50, 75])))
    assert np.isnan(quartiles(np.full((3, 1), np.nan))[1]).all()


def test_bands_lie_between_their_quartiles_and_bad_values_are_gaps():
    band = curve_band("f", np.arange(3), np.array([[1, np.nan, np.nan], [3, 2, np.inf]]), 0,
                      "linear")  # fmt: skip
    assert band.median[:2].tolist() == [2.0, 2.0]
    assert np.isnan(band.median[2])
    assert band.low[0] <= band.median[0] <= band.high[0]
    zero = curve_band("f", np.arange(2), np.zeros((1, 2)), 0, "log10")
    assert zero.median.min() > 0.0


def test_functions_without_a_colour_are_behind_and_faint():
    bands = [curve_band(f"f{k}", np.arange(4), np.ones((2, 4)) + k, k, "linear") for k in (0, 9)]
    data = curve_figure("loss", "step", "linear", bands)
    assert [band.label for band in data.bands] == ["f9", "f0"]
    text = draw_curves(data)
    assert text.index('data-f="9"') < text.index('data-f="0"')
    assert text.count('class="b"') == 1
    assert 'class="b"' not in draw_curves(data, bands=False)
    assert spoken_curves(data) == "loss by step, medians over seeds: f0 ends at 1."


def test_curves_of_nothing_can_be_drawn():
    data = curve_figure("loss", "step", "log10", [])
    assert draw_curves(data).startswith("<svg")
    assert "no runs" in spoken_curves(data)
    gaps = [curve_band("f", np.arange(3), np.full((2, 3), np.nan), 0, "log10")]
    assert "nan" not in draw_curves(curve_figure("loss", "step", "log10", gaps))


def test_the_ticks_of_learning_rates_are_those_that_were_tried():
    basin = Basin("f", np.array([3e-4, 1e-3, 3e-3]), np.ones((3, 2)), 1e-3, False, 0)
    data = BasinFigure("final loss", "log10", (basin,))
    text = draw_basins(data)
    for name in (">0.0003<", ">0.001<", ">0.003<"):
        assert name in text
    assert text.count('class="o"') == 1
    assert spoken_basins(data) == "Best learning rates by final loss: f at 0.001."


def test_an_edge_of_the_grid_is_said():
    basin = Basin("f", np.array([1e-3, 1e-2]), np.ones((2, 1)), 1e-2, True, 0)
    assert "an end of the grid" in spoken_basins(BasinFigure("loss", "linear", (basin,)))


def test_bars_of_groups_stand_side_by_side_where_they_overlap():
    assert _lanes([(0, 2), (1, 3), (3, 4)]) == [(0, 2, 0), (1, 3, 1), (3, 4, 0)]


def test_ranks_are_drawn_with_the_critical_difference():
    data = RankFigure(("a", "b", "c"), (1.0, 2.2, 2.8), 1.1, ((1, 2),), 10, (0, 1, 9))
    text = draw_ranks(data)
    assert "critical difference" in text
    assert text.count('class="w"') == 1
    assert "mean rank over 10 seeds" in text
    assert spoken_ranks(data) == "Mean ranks, critical difference 1.10: a 1.00; b 2.20; c 2.80."


def test_drawings_are_the_same_every_time_and_need_no_plotting_library():
    data = paired_figure([row("a", 1.0)], 1.0, "relu", "by")
    assert draw_paired(data) == draw_paired(data)
    assert len(draw_paired(data)) < 2500
