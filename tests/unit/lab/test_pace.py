"""The forecast of the time left follows what cells have taken."""

from __future__ import annotations

import pytest

from actlab.lab.pace import Group, Pace, Times
from actlab.lab.plan import Cell
from actlab.lab.progress import duration


def cell(name: str, part: str, cost: float) -> Cell:
    return Cell(name, {"task": "t", "kind": "train"}, (), part, "fair", "relu", cost, 1.0)


def test_without_a_timed_cell_it_believes_the_costs():
    assert Pace([cell("a", "p", 2.0), cell("b", "q", 4.0)]).left(2) == 3.0


def test_a_part_is_corrected_by_its_own_cells():
    a, b, c = cell("a", "p", 1.0), cell("b", "p", 1.0), cell("c", "q", 1.0)
    pace = Pace([a, b, c])
    pace.note(a, 10.0)
    assert pace.left(1) == pytest.approx(20.0)  # q by what all parts have taken
    pace.note(c, 1.0)
    assert pace.left(1) == pytest.approx(10.0)
    pace.note(b, 10.0)
    assert pace.left(1) == 0.0


def test_cells_of_another_kind_say_little_about_a_group():
    times = Times()
    times.note(Group("shape", "t", ""), 0.1, 0.001)
    assert times.factor(Group("train", "t", "deep")) == 1.0
    times.note(Group("train", "t", "deep"), 10.0, 40.0)
    assert times.factor(Group("train", "t", "deep")) == 4.0
    assert times.factor(Group("train", "u", "wide")) == 4.0
    assert times.factor(Group("tune", "u", "wide")) == 1.0


def test_durations_are_as_exact_as_a_forecast():
    assert [duration(s) for s in (0.4, 40, 200, 7500)] == ["0 s", "40 s", "3 min", "2 h 5 min"]
