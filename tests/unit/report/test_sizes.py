"""Pages stay below one megabyte, whatever is in the folder."""

from __future__ import annotations

import time

import pytest

from actlab.report import html
from actlab.report.html import render
from actlab.report.run_table import run_rows

from .by_hand import ACCURACY, A, B, make_folder, make_part, make_results, make_runs, spread

MEGABYTE = 1_000_000


def sweep(functions: int, seeds: int, steps: int = 60):
    labels = [A, B, *(f"function{k}(alpha={k})" for k in range(functions - 2))]
    return [
        make_runs(label, spread(90.0 + 0.1 * k, seeds), metric="accuracy", tuned=True, steps=steps)
        for k, label in enumerate(labels)
    ]


@pytest.fixture(scope="module")
def wide():
    return make_folder(make_results(make_part(sweep(90, 10, 100), metric=ACCURACY)))


def test_ninety_functions_with_ten_seeds_are_below_a_megabyte(wide):
    text = render(wide)
    assert len(text.encode()) < MEGABYTE
    for k in range(88):
        assert f"function{k}({k})" in text
    assert text.count("<svg") >= 90 + 4


def test_the_table_of_runs_has_an_end_and_says_so(wide):
    assert run_rows(wide).total == 900
    few = run_rows(wide, most=10)
    assert (len(few.rows), few.total) == (10, 900)


@pytest.mark.slow
def test_twenty_eight_studies_are_below_a_megabyte_and_quick():
    names = ["shallow", "deep", "wide"]
    studies = []
    for number in range(28):
        parts = [
            make_part(sweep(5, 6), name, regime, metric=ACCURACY)
            for name in names
            for regime in ("as-claimed", "fair")
        ]
        studies.append(make_results(*parts, name=f"claims-t{number:02d}"))
    began = time.process_time()
    text = render(make_folder(*studies))
    assert time.process_time() - began < 60
    assert len(text.encode()) < MEGABYTE
    for number in range(28):
        for name in names:
            assert f'id="claims-t{number:02d}-{name}-fair"' in text
    assert text.count('<details class="study"') == 28
    assert "not every curve is drawn" in text


def test_when_nothing_else_helps_nothing_is_drawn(wide, monkeypatch):
    monkeypatch.setattr(html, "LARGEST", 1)
    assert "<svg" not in render(wide)
