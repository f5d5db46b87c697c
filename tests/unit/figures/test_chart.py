"""Charts are short, exact and safe."""

from __future__ import annotations

import re

import numpy as np
import pytest

from actlab.figures.axis import linear_axis
from actlab.figures.chart import STYLE, UNIT, Chart, colour, thin, visible


@pytest.fixture
def chart() -> Chart:
    return Chart(linear_axis(0.0, 10.0), linear_axis(0.0, 1.0), "step", "loss")


def drawn(chart: Chart, style: str) -> list[str]:
    return re.findall(rf'<path class="{style}" d="([^"]*)"', chart.svg())


def ends(path: str) -> list[tuple[int, int]]:
    """The points of a path of relative steps."""
    start, _, steps = path.partition("l")
    numbers = [int(n) for n in re.findall(r"-?\d+", start)]
    points = [(numbers[0], numbers[1])]
    more = [int(n) for n in re.findall(r"-?\d+", steps)]
    for dx, dy in zip(more[::2], more[1::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return points


def test_a_line_goes_through_its_points(chart):
    chart.line(np.array([0.0, 5.0, 10.0]), np.array([0.0, 1.0, 0.0]))
    (path,) = drawn(chart, "l")
    first, middle, last = ends(path)
    assert first[1] == last[1]
    assert middle[0] == pytest.approx((first[0] + last[0]) / 2, abs=1)
    assert first[1] - middle[1] == 200 * UNIT


def test_simplified_lines_stay_within_the_tolerance_and_keep_spikes():
    x = np.linspace(0.0, 400.0, 401)
    y = 50 + 20 * np.sin(x / 40)
    y[200] += 30.0
    for tolerance in (0.4, 2.0):
        a, b = thin(x, y, tolerance)
        assert np.abs(np.interp(x, a, b) - y).max() <= tolerance + 1e-9
        assert a.size < 120
        assert 200.0 in a


def test_what_is_not_finite_is_a_gap(chart):
    chart.line(np.arange(5.0), np.array([0.1, 0.2, np.nan, 0.3, np.inf]))
    (path,) = drawn(chart, "l")
    assert path.count("M") == 2
    assert "nan" not in chart.svg()


def test_a_line_of_nothing_draws_nothing(chart):
    before = len(chart.svg())
    chart.line(np.arange(3.0), np.full(3, np.nan))
    chart.band(np.arange(3.0), np.full(3, np.nan), np.full(3, np.nan))
    chart.dots([], [])
    assert len(chart.svg()) == before


def test_values_beyond_the_axis_stay_inside_the_drawing(chart):
    chart.line(np.array([0.0, 10.0]), np.array([-1e30, 1e30]))
    height = int(re.search(r'viewBox="0 0 \d+ (\d+)"', chart.svg()).group(1))  # type: ignore[union-attr]
    assert all(0 <= y <= height for _, y in ends(drawn(chart, "l")[0]))


def test_a_band_encloses_its_edges(chart):
    at = np.array([0.0, 10.0])
    chart.band(at, np.array([0.2, 0.2]), np.array([0.6, 0.6]))
    (path,) = drawn(chart, "b")
    heights = {y for _, y in ends(path.rstrip("z"))}
    assert max(heights) - min(heights) == pytest.approx(0.4 * 200 * UNIT, abs=1)


def test_equal_dots_are_drawn_once(chart):
    chart.dots([1.0, 1.0, 2.0], [0.5, 0.5, 0.5])
    assert drawn(chart, "d")[0].count("h0") == 2


def test_names_are_text_and_nothing_else():
    evil = '<script>"&\u202e\x07'
    text = Chart(linear_axis(0.0, 1.0), linear_axis(0.0, 1.0), evil, evil).svg()
    assert "<script" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;&quot;&amp;\\u202e\\u0007" in text


@pytest.mark.parametrize(
    ("text", "seen"),
    [("relu", "relu"), ("é ü 漢字 λ", "é ü 漢字 λ"), ("a\u200bb\u2066", "a\\u200bb\\u2066")],
)
def test_only_what_cannot_be_seen_is_written_out(text, seen):
    assert visible(text) == seen


def test_long_titles_are_wrapped():
    chart = Chart(linear_axis(0.0, 1.0), linear_axis(0.0, 1.0), "word " * 30)
    assert chart.svg().count(">word word") >= 2


def test_only_the_first_functions_have_a_colour():
    assert [colour(number) for number in (0, 5, 6, 80)] == ["s1", "s6", "s0", "s0"]
    for name in re.findall(r"class=\"([a-z0-9]+)\"", Chart(linear_axis(0, 1), linear_axis(0, 1),
                                                           "x").svg()):  # fmt: skip
        assert f".{name}" in STYLE, name
