"""Axes show what they must, with ticks at round numbers."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.figures.axis import MOST_TICKS, axis_around, linear_axis, log_axis, row_axis


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (0.0, 10.0, ["0", "2", "4", "6", "8", "10"]),
        (-0.3, 0.35, ["-0.2", "0.0", "0.2"]),
        (0.0, 250.0, ["0", "50", "100", "150", "200", "250"]),
        (97.0, 97.05, ["97.00", "97.01", "97.02", "97.03", "97.04", "97.05"]),
        (0.0, 3e6, ["0", "5e5", "1e6", "1.5e6", "2e6", "2.5e6", "3e6"]),
    ],
)
def test_linear_ticks(low, high, names):
    found = [name for _, name in linear_axis(low, high).ticks]
    assert [name.replace("0.0", "0.0") for name in found] == [
        "0" if name == "0.0" else name for name in names
    ]


def test_decades_are_thinned_out():
    names = [name for _, name in log_axis(1e-14, 1e2).ticks]
    assert len(names) <= MOST_TICKS
    assert names[0] == "1e-14"


@pytest.mark.parametrize(("low", "high"), [(0.9, 9.0), (1.02, 1.05), (3.0, 4.0), (1e-9, 2e-9)])
def test_a_short_logarithmic_axis_has_ticks_too(low, high):
    axis = log_axis(low, high)
    assert len(axis.ticks) >= 2
    assert all(low * 0.999 <= value <= high * 1.001 for value, _ in axis.ticks)


@pytest.mark.parametrize("scale", ["linear", "log10"])
@pytest.mark.parametrize(
    "values", [[], [np.nan], [0.0], [5.0, 5.0], [1e-30, np.inf, 3.0], [1e6, 1e6 + 1]]
)
def test_any_values_have_an_axis(values, scale):
    axis = axis_around(np.array(values), scale)
    assert axis.low < axis.high
    finite = [value for value in values if np.isfinite(value)]
    places = axis.place(np.array(finite))
    assert np.all((places >= -1e-9) & (places <= 1 + 1e-9))


def test_places_run_from_nought_to_one():
    assert linear_axis(2.0, 4.0).place(np.array([2.0, 3.0, 4.0])).tolist() == [0.0, 0.5, 1.0]
    assert log_axis(1e-2, 1e2).place(np.array([1e-2, 1.0, 1e2])) == pytest.approx([0, 0.5, 1])


def test_the_first_row_is_on_top():
    axis = row_axis(["a", "b"])
    assert {name: value for value, name in axis.ticks} == {"a": 1.0, "b": 0.0}
