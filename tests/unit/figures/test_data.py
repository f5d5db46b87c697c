"""What figures show, without drawing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from actlab import figures


def test_loss_figure_has_medians_ranges_and_the_best_so_far():
    losses = {"f": np.array([[4.0, 1.0, 3.0], [2.0, 2.0, 5.0], [8.0, 4.0, 1.0]])}
    data = figures.loss_figure(losses, floor=0.9)
    (band,) = data.bands
    assert band.median.tolist() == [4.0, 2.0, 3.0]
    assert (band.low.tolist(), band.high.tolist()) == ([2.0, 1.0, 1.0], [8.0, 4.0, 5.0])
    assert data.best[0].tolist() == [4.0, 2.0, 1.0]
    assert data.rounds.tolist() == [0.0, 1.0, 2.0]


def test_what_is_not_finite_is_drawn_at_the_floor():
    data = figures.loss_figure({"f": np.array([[1.0, np.nan, np.inf]])}, floor=0.9)
    assert data.bands[0].median.tolist() == [1.0, 0.9, 0.9]


def test_fits_return_to_the_units_of_the_data():
    data = figures.fit_figure([0, 2], [1, 3], {"f": np.array([[0.0, 1.0, 2.0]])}, 10.0, 2.0)
    assert data.bands[0].median.tolist() == [10.0, 12.0, 14.0]
    assert data.grid.tolist() == [0.0, 1.0, 2.0]


def test_a_diverged_network_has_no_curve():
    fits = {"f": np.array([[np.nan, 1.0]]), "g": np.array([[0.0, 1.0]])}
    data = figures.fit_figure([0, 1], [0, 1], fits, 0.0, 1.0)
    assert [band.label for band in data.bands] == ["g"]


def test_gradients_of_zero_can_be_drawn_on_a_logarithmic_axis():
    data = figures.gradient_figure({"f": np.array([[0.0, np.nan, 1.0]])}, 1e-8)
    assert data.bands[0].median.min() > 0.0
    assert data.layers.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("runs", [np.empty((0, 3)), np.zeros(3)])
def test_no_runs_no_band(runs):
    with pytest.raises(ValueError, match="seed at least"):
        figures.loss_figure({"f": runs}, 1.0)


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("relu", "relu"),
        ("expolu(a=1, b=1, p=2)", "expolu(1, 1, 2)"),
        ("x" * 40, "x" * 23 + "…"),
    ],
)
def test_short_labels(label, short):
    assert figures.short_label(label) == short


def test_drawings_are_the_same_every_time_and_take_their_colours_from_the_page():
    data = figures.loss_figure({"f": np.ones((2, 5)), "g": np.ones((2, 5))}, 0.9)
    first = figures.draw_losses(data, (1e-3, 10.0))
    assert first == figures.draw_losses(data, (1e-3, 10.0))
    assert first.startswith("<svg ")
    assert 'data-f="1" class="s2"' in first
    assert "style=" not in first
    gradients = figures.gradient_figure({"f": np.ones((2, 5))}, 1e-8)
    assert "epsilon" in figures.draw_gradients(gradients, (1e-12, 10.0))
    fit = figures.fit_figure([0, 2], [1, 1], {"f": np.zeros((1, 3))}, 1.0, 2.0)
    assert figures.draw_fit(fit).count("h0") == 2


def test_a_jump_of_the_slope_is_a_gap():
    x = np.linspace(-4, 4, 81)
    data = figures.shape_figure("step", x, np.maximum(x, 0), (x > 0).astype(float))
    dashed = re.search(r'class="h" d="([^"]*)"', figures.draw_shape(data, 0))
    assert dashed is not None
    assert dashed.group(1).count("M") == 2
