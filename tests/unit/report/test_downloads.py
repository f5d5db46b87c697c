"""The files inside the page hold the numbers of the records."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from urllib.parse import unquote

import numpy as np
import pytest

from actlab.report.downloads import downloads, median_curves

from .by_hand import A, B, make_folder, make_part, make_results, make_runs, record
from .test_html import Page


def content(uri: str) -> str:
    head, _, body = uri.partition(",")
    return base64.b64decode(body).decode() if "base64" in head else unquote(body)


@pytest.fixture(scope="module")
def files(text) -> dict[str, str]:
    found = {}
    for (_, name, value), (_, other, uri) in pairwise(Page(text).attributes):
        if name == "download":
            assert other == "href"
            assert uri.startswith("data:")
            found[value] = content(uri)
    return found


def test_every_run_with_every_digit(files, folder):
    rows = list(csv.DictReader(io.StringIO(files["tiny-runs.csv"])))
    assert len(rows) == 2 * 6 + 30
    assert {row["function"] for row in rows} == {A, B, "elu(alpha=1)"}
    assert float(rows[0]["value"]) == 1e-6
    assert [row["status"] for row in rows[-3:]] == ["diverged", "failed", "timeout"]
    assert rows[-1]["value"] == ""


def test_every_comparison(files):
    rows = list(csv.DictReader(io.StringIO(files["tiny-comparisons.csv"])))
    best = next(row for row in rows if row["part"] == "table" and row["function"] == A)
    assert best["finding"] == "supported"
    assert float(best["p"]) <= float(best["p_holm"])


def test_curves_have_medians_and_quartiles(files):
    rows = list(csv.DictReader(io.StringIO(files["tiny-curves.csv"])))
    assert len(rows) == (2 * 2 + 3) * (60 + 5)
    first = rows[0]
    assert float(first["low"]) <= float(first["median"]) <= float(first["high"])


def test_settings_and_verdicts_as_json(files):
    (study,) = json.loads(files["tiny.json"])["studies"]
    assert study["verdict"]["word"] == "a matter of initialisation"
    assert study["settings"]["table"][A] == {"depth": 5, "width": 8}
    assert study["environments"][0]["cpu"] == "a cpu"


def test_values_that_are_not_finite_leave_a_gap():
    runs = make_runs(A, [0.1] * 3)
    arrays = {**runs.curves.rows[0][0].arrays}
    arrays["gradient"] = np.array([[1.0] * 5, [3.0] * 5, [np.inf] * 5])
    arrays["loss"] = np.full((3, 60), np.nan)
    one = record(arrays)
    runs = replace(runs, curves=replace(runs.curves, rows=tuple((one, row) for row in range(3))))
    table = median_curves(make_folder(make_results(make_part([runs]))))
    gradient = [row[6:] for row in table.rows if row[4] == "gradient"]
    assert gradient[0] == ["1.5", "2", "2.5"]
    assert next(row[6:] for row in table.rows if row[4] == "loss") == [None, None, None]


def test_what_is_too_large_for_a_page_names_the_command(folder):
    made = {file.filename: file for file in downloads(folder, largest=3000)}
    assert made["tiny-curves.csv"].uri == ""
    assert made["tiny-curves.csv"].command == "actlab export RESULTS csv --what curves"
    assert made["tiny-comparisons.csv"].uri


def test_a_hostile_name_stays_inside_the_file():
    evil = '"><script>,\n=1+1'
    part = make_part([make_runs(evil, [0.1] * 2), make_runs(B, [0.2] * 2)])
    for file in downloads(make_folder(make_results(part, contender=evil))):
        assert not {'"', "<", ">", "\n", " ", "#"} & set(file.uri)
        if file.filename.endswith("runs.csv"):
            assert evil in {row["function"] for row in csv.DictReader(io.StringIO(
                content(file.uri), newline=""))}  # fmt: skip
