"""The events of a run as lines of JSON."""

from __future__ import annotations

import json

import pytest

from actlab.lab.event_log import EventLog
from actlab.lab.events import Advanced, Began, Ended, Started
from actlab.lab.plan import Cell
from actlab.records import Record, Status

CELL = Cell("c1", {"kind": "train", "seeds": [0, 1]}, (), "p", "fair", "relu", 1.0, 1.0)


def feed(log: EventLog) -> None:
    log.watch(Began((CELL,), frozenset(), 2))
    log.watch(Started(CELL, 1))
    log.watch(Advanced(CELL, 0.5))
    log.watch(Ended(CELL, Record("c1", CELL.key, Status.FAILED, "boom\nbang"), 2.5))


def test_a_line_for_each_event(tmp_path):
    target = tmp_path / "events.jsonl"
    for _ in range(2):  # a second run appends
        with EventLog(target) as log:
            feed(log)
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["began", "started", "advanced", "ended"] * 2
    assert lines[0]["cells"] == 1
    assert lines[1] | {"time": 0} == {
        "event": "started", "time": 0, "cell": "c1", "kind": "train", "part": "p",
        "regime": "fair", "contender": "relu", "seeds": [0, 1], "worker": 1,
    }  # fmt: skip
    assert lines[2]["share"] == 0.5
    assert (lines[3]["status"], lines[3]["reason"]) == ("failed", "boom\nbang")


def test_standard_output(capsys):
    from pathlib import Path

    with EventLog(Path("-")) as log:
        feed(log)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_nowhere():
    with EventLog(None) as log:
        feed(log)


def test_a_file_that_cannot_be_opened_is_an_error_before_anything_runs(tmp_path):
    with pytest.raises(OSError, match="nowhere"), EventLog(tmp_path / "nowhere" / "e.jsonl"):
        pass
