"""Tables for other programs, and back again."""

from __future__ import annotations

import csv
import io
import json
import math
import sys

import pytest

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.report.export import COMPARISONS, RUNS, Table, as_latex, as_markdown, table_of, write

from .by_hand import ACCURACY, LOSS, A, B, make_folder, make_part, make_results, make_runs

TABLES = ("runs", "comparisons", "curves")


@pytest.mark.parametrize("what", TABLES)
def test_csv_keeps_every_digit(folder, what):
    table = table_of(folder, what)
    rows = list(csv.reader(io.StringIO(write(table, "csv").decode())))
    assert tuple(rows[0]) == table.columns
    assert len(rows) == len(table.rows) + 1
    for read, row in zip(rows[1:], table.rows, strict=True):
        for text, value in zip(read, row, strict=True):
            if isinstance(value, float):
                assert float(text) == value
            else:
                assert text == ("" if value is None else str(value))


@pytest.mark.parametrize("what", TABLES)
def test_json_has_an_object_on_each_line(folder, what):
    table = table_of(folder, what)
    lines = write(table, "json").decode().splitlines()
    assert [list(json.loads(line).values()) for line in lines] == table.rows


@pytest.mark.parametrize("what", TABLES)
def test_parquet_comes_back_as_it_was(folder, what, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    table = table_of(folder, what)
    read = parquet.read_table(io.BytesIO(write(table, "parquet")))
    assert tuple(read.column_names) == table.columns
    assert [list(row.values()) for row in read.to_pylist()] == table.rows


def test_without_pyarrow_one_line_names_the_extra(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"actlab\[parquet\]"):
        write(table_of(folder, "runs"), "parquet")


def test_runs_hold_every_seed_with_its_status(folder):
    table = table_of(folder, "runs")
    assert table.columns == RUNS
    last = [dict(zip(table.columns, row, strict=True)) for row in table.rows[-3:]]
    assert [(row["seed"], row["status"]) for row in last] == [
        (7, "diverged"), (8, "failed"), (9, "timeout"),
    ]  # fmt: skip
    assert last[-1]["value"] is None


def test_comparisons_count_what_is_lost(folder):
    table = table_of(folder, "comparisons")
    assert table.columns == COMPARISONS
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    elu = next(row for row in rows if row["function"] == "elu(alpha=1)")
    assert (elu["seeds"], elu["planned"], elu["diverged"], elu["missing"]) == (8, 10, 1, 2)
    baseline = next(row for row in rows if row["function"] == B)
    assert baseline["estimate"] is None


def test_words_are_for_the_metric_that_was_fixed_beforehand_only():
    runs = [make_runs(A, [1e-3] * 6), make_runs(B, [1e-1] * 6)]
    for one in runs:
        one.metrics["accuracy"] = (90.0,) * 6
    part = make_part(runs, metrics={"loss": LOSS, "accuracy": ACCURACY})
    table = table_of(make_folder(make_results(part)), "comparisons")
    found = {(row[3], row[4]): row[-1] for row in table.rows}
    assert found["loss", A] == "supported"
    assert found["accuracy", A] is None


def test_markdown_escapes_what_would_end_a_cell():
    text = as_markdown(Table(("a|b", "n"), [["x|y\\", 1.23456], [None, 2]]))
    lines = text.splitlines()
    assert lines[0] == "| a\\|b | n |"
    assert lines[2] == "| x\\|y\\\\ | 1.235 |"
    assert lines[3] == "|  | 2 |"


def test_a_line_break_does_not_break_a_table():
    text = as_markdown(Table(("a",), [["one\ntwo\r\nthree"]]))
    assert len(text.splitlines()) == 3
    assert len(as_latex(Table(("a",), [["one\n\ntwo"]])).splitlines()) == 7


def test_latex_escapes_and_lines_numbers_up():
    text = as_latex(Table(("a_b", "n"), [["50% & more #1 {x} ~^$", 0.5], ["\\", None]]))
    assert r"\begin{tabular}{lr}" in text
    assert r"50\% \& more \#1 \{x\} \textasciitilde{}\textasciicircum{}\$ & 0.5 \\" in text
    assert r"\textbackslash{} &  \\" in text


def test_unknown_names_are_refused_with_the_nearest(folder):
    with pytest.raises(UnknownNameError, match="comparisons"):
        table_of(folder, "comparison")
    with pytest.raises(UnknownNameError, match="markdown"):
        write(Table(("a",), []), "markdwon")


def test_curves_have_a_row_for_each_point(folder):
    table = table_of(folder, "curves")
    assert len(table.rows) == (3 * 4 + 10 + 10 + 8) * (60 + 5)
    assert all(math.isfinite(row[-1]) for row in table.rows)
