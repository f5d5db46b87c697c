"""A folder with everything a page can show, made once."""

from __future__ import annotations

import pytest

from actlab.report.collect import Folder
from actlab.report.html import render
from actlab.report.runs import Lost

from .by_hand import A, B, make_folder, make_part, make_results, make_runs, points


@pytest.fixture(scope="session")
def folder() -> Folder:
    """A tuned table with failures, after a head to head of points in both regimes."""
    fit, stuck = [1e-6, 1e-5, 1e-7], [0.952] * 3
    lost = {8: Lost("failed", "ValueError: boom"), 9: Lost("timeout", "took over 60 s")}
    table = [
        make_runs(A, [10.0**-k for k in range(3, 13)], tuned=True),
        make_runs(B, [0.1 + 0.01 * k for k in range(10)], tuned=True),
        make_runs("elu(alpha=1)", [0.05] * 7 + [1.0], planned=10, lost=lost, tuned=True,
                  diverged=[False] * 7 + [True]),
    ]  # fmt: skip
    plan = {"name": "table", "seeds": 10, "learning_rate": None, "learning_rates": [1e-3, 1e-2],
            "tuning_seeds": 2, "init": None}  # fmt: skip
    study = make_results(
        points(make_part([make_runs(A, fit), make_runs(B, stuck)], regime="as-claimed")),
        points(make_part([make_runs(A, fit), make_runs(B, [1e-9, 1e-8, 1e-9])])),
        make_part(table, "table", plan=plan),
        fitted=1e-3,
    )
    return make_folder(study)


@pytest.fixture(scope="session")
def text(folder: Folder) -> str:
    return render(folder)
