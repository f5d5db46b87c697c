"""Engines from what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlab.cli.where import engine_of, pairs
from actlab.core.errors import UnknownNameError


def test_values_are_numbers_truths_or_text() -> None:
    found = pairs("--option", ["cells=50", "quiet=true", "partition=short", "more={}", "a=b=c"])
    assert found == {"cells": 50, "quiet": True, "partition": "short", "more": {}, "a": "b=c"}


@pytest.mark.parametrize("word", ["cells", "=3"])
def test_a_word_without_name_or_value_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="--option must be NAME=VALUE"):
        pairs("--option", [word])


def test_the_local_engine_takes_no_address(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="option of the local engine"):
        engine_of("local", 1, "auto", None, tmp_path)


def test_slurm_speaks_through_the_results_folder(tmp_path: Path) -> None:
    pytest.importorskip("submitit", reason="submitit is not installed")
    build = engine_of("slurm", None, None, ["cells=5"], tmp_path)
    _, options = build.args
    assert Path(options.folder) == tmp_path / "slurm"
    named = engine_of("slurm", None, None, [f"folder={tmp_path}"], tmp_path / "results")
    assert Path(named.args[1].folder) == tmp_path
