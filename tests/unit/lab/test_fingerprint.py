"""Code is the same when it does the same: comments, layout and docstrings do not count."""

from __future__ import annotations

import importlib

import pytest

from actlab.lab.fingerprint import code_hash, code_of, source_of
from actlab.lab.tasks import task_code

CODE = 'def f(x):\n    """Say."""\n    return x + 1  # why\n'


def test_what_does_not_matter():
    assert code_hash(CODE) == code_hash("def f(x):\n\n    return (x+1)\n")


def test_what_matters():
    assert code_hash(CODE) != code_hash(CODE.replace("+ 1", "+ 2"))
    assert code_hash("x = 'text'") != code_hash("x = 'other'")


def test_a_task_counts_the_laboratorys_code_that_it_imports(tmp_path, monkeypatch):
    import actlab.lab.models.perceptron as module

    before = task_code("mlp")
    changed = tmp_path / "perceptron.py"
    with open(module.__file__, encoding="utf-8") as file:
        changed.write_text(file.read() + "\nEXTRA = 1\n")
    monkeypatch.setattr(module, "__file__", str(changed))
    monkeypatch.setattr("inspect.getsource", _reading(module, changed))
    assert task_code("mlp") != before


def _reading(module, path):
    import inspect

    original = inspect.getsource

    def getsource(thing):
        return path.read_text() if thing is module else original(thing)

    return getsource


def test_what_has_no_source_file_is_refused():
    with pytest.raises(ValueError, match="mine: its source file cannot be read"):
        source_of(eval("lambda x: x", {}), "mine")
    with pytest.raises(ValueError, match="theirs"):
        code_of(importlib.import_module("_thread"), "theirs")
