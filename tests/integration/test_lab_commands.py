"""What can be asked of a results folder, as a user types it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from actlab.cli.app import main
from actlab.cli.run import _command
from actlab.lab.tasks import task_named

STUDY = """
name = "small"
title = "Small"
task = "twenty-one-pairs"
claim = "Nothing much"
contender = "tanh"
baseline = "relu"
smallest_effect = 1.0

[[part]]
name = "only"
title = "The only one"
settings = { width = 4, depth = 3, rounds = 8 }
seeds = 6
learning_rate = 1e-2
regimes = ["fair"]
contenders = ["tanh", "powerlu"]
"""

RUNS = 3 * 6 * len(task_named("twenty-one-pairs").metrics)
"""Functions, seeds, metrics: rows of a table of runs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("lab")
    (place / "small.toml").write_text(STUDY)
    words = ["run", str(place / "small.toml"), "--results", str(place / "r"), "--workers", "1"]
    assert main([*words, "--events", str(place / "events.jsonl")]) == 0
    return place


def said(capsys, *words: str, code: int = 0) -> str:
    assert main([str(word) for word in words]) == code
    found = capsys.readouterr()
    return found.out + found.err


@pytest.mark.slow
def test_events_are_written(folder):
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert lines[0]["event"] == "began"
    assert [line["event"] for line in lines].count("ended") == lines[0]["cells"] == 6


def test_status(folder, capsys, tmp_path):
    assert "6 done, of 6 cells" in said(capsys, "status", folder / "r")
    copy = tmp_path / "copy"
    shutil.copytree(folder / "r", copy)
    cells = json.loads((copy / "study.json").read_text())["studies"][0]["cells"]
    shutil.rmtree(copy / "cells" / cells[0]["id"])
    text = said(capsys, "status", copy, code=1)
    assert "5 done" in text
    assert "1 not run" in text


def test_retry_runs_what_is_missing(folder, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "r", copy)
    cells = json.loads((copy / "study.json").read_text())["studies"][0]["cells"]
    shutil.rmtree(copy / "cells" / cells[0]["id"])
    text = said(capsys, "retry", copy, "--workers", "1")
    assert "6 cells, 5 already done" in text
    before, after = ((root / "cells" / cells[0]["id"] / "record.json").read_bytes()
                     for root in (folder / "r", copy))  # fmt: skip
    assert before == after


def test_a_study_grows_by_the_same_command(folder, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "r", copy)
    text = said(capsys, "run", folder / "small.toml", "--results", copy, "--seeds", "12",
                "--workers", "1")  # fmt: skip
    # The block of six was not full; shapes are kept.
    assert "9 cells, 3 already done" in text


def test_compare(folder, capsys):
    text = said(capsys, "compare", folder / "r", "powerlu", "relu")
    assert "powerlu(p=2) against relu" in text
    assert "did you mean" in said(capsys, "compare", folder / "r", "powrlu", "relu", code=2)


@pytest.mark.parametrize("format", ["csv", "json", "markdown", "latex"])
def test_export(folder, capsys, format):
    text = said(capsys, "export", folder / "r", format, "--what", "runs")
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == RUNS
        assert {row["status"] for row in rows} == {"done"}
    elif format == "json":
        assert len([json.loads(line) for line in text.splitlines()]) == RUNS
    else:
        assert "tanh" in text


def test_export_of_parquet(folder, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "runs.parquet"
    said(capsys, "export", folder / "r", "parquet", "--output", target)
    assert parquet.read_table(target).num_rows == RUNS
    assert "name a file" in said(capsys, "export", folder / "r", "parquet", code=2)


def test_verify(folder, capsys):
    text = said(capsys, "verify", folder / "r", "--all")
    assert text.count("every number is the same") == 6
    assert "unknown cell" in said(capsys, "verify", folder / "r", "--cell", "zz", code=2)


@pytest.mark.slow
def test_a_comparison_without_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["run", "twenty-one-pairs", "--activations", "tanh", "--seeds", "2", "--workers", "1"]
    settings = ["width=4", "depth=3", "rounds=5"]
    for setting in settings:
        words += ["--setting", setting]
    text = said(capsys, *words)
    assert "tanh" in text
    assert (tmp_path / "results" / "twenty-one-pairs" / "report.html").is_file()
    assert "did you mean 'rounds'" in said(capsys, *words, "--setting", "round=3", code=2)


def test_studies_tasks_and_the_schema(capsys):
    assert "twenty-one-pairs" in said(capsys, "studies")
    assert "learning rate" not in said(capsys, "studies", "--tasks").splitlines()[0]
    schema = json.loads(said(capsys, "studies", "--schema"))
    assert "part" in schema["properties"]


@pytest.mark.slow
def test_claims(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "E14  conditional" in said(capsys, "claims", "E14")
    assert "did you mean" in said(capsys, "claims", "E144", code=2)
    page = tmp_path / "claims.html"
    said(capsys, "claims", "--output", page)
    assert page.read_text().startswith("<!doctype html>")
    assert len(page.read_bytes()) < 1_000_000


def test_contradictions_are_refused(capsys, folder):
    assert "contradict" in said(capsys, "run", "claims", "--quick", "--tier", "full", code=2)
    assert "unknown option" in said(capsys, "run", folder / "small.toml", "--option", "x=1", code=2)
    assert "NAME=VALUE" in said(capsys, "run", folder / "small.toml", "--option", "x", code=2)
    with_rates = ["run", "mlp", "--activations", "elu", "--learning-rates", "a,b"]
    assert "separated by commas" in said(capsys, *with_rates, code=2)


def test_a_version_of_a_study_is_refused_where_there_is_no_study(capsys):
    words = ["run", "mlp", "--activations", "elu", "--quick"]
    assert "--tier quick is for studies" in said(capsys, *words, code=2)


def test_the_command_that_is_noted_leaves_out_what_does_not_matter():
    given = ["run", "x", "--workers", "3", "--seeds", "4", "--engine=ray", "--option", "a=b"]
    assert _command([*given, "--debug"]) == "actlab run x --seeds 4"


@pytest.mark.full
def test_the_smoke_tier_of_the_claims_ends_with_controls_that_pass(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = said(capsys, "run", "claims", "--tier", "smoke")
    assert "Claims: " in text
    folder = tmp_path / "results" / "claims-smoke"
    page = (folder / "report-claims.html").read_text()
    assert "The controls have not all passed" not in page
    assert page.count(">passed<") >= 4
    assert "control passed" in said(capsys, "claims", "E14")
