"""Engines are found by name, and what is wrong is said before anything runs."""

from __future__ import annotations

import importlib.util

import pytest

from actlab.core.errors import MissingExtraError, UnknownNameError
from actlab.lab.engines import engine_named


def nothing(cell, value):
    pass


def test_an_unknown_engine_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown engine 'slrum'; did you mean 'slurm'"):
        engine_named("slrum", 2)


@pytest.mark.parametrize(("name", "library"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_missing_library_names_the_extra(monkeypatch, name, library):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == library else found(name)
    )
    with pytest.raises(MissingExtraError) as caught:
        engine_named(name, 2)
    assert f"actlab[{name}]" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_local_engine_needs_nothing_else(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    engine = engine_named("local", 3)(nothing, nothing)
    assert (engine.workers, engine.window) == (3, 6)


@pytest.mark.parametrize(
    ("name", "workers", "options", "message"),
    [
        ("local", None, {}, "workers must be given"),
        ("local", 0, {}, "workers must be at least 1, got 0"),
        ("local", 2, {"address": "auto"}, "unknown option of the local engine 'address'"),
        ("ray", 2, {"adress": "auto"}, "did you mean 'address'"),
        ("ray", 2, {"address": "somewhere"}, "auto, HOST:PORT or ray://HOST:PORT, got 'somewhere'"),
        ("ray", 2, {"address": ""}, "auto, HOST:PORT or ray://HOST:PORT, got ''"),
        ("ray", 2, {"tries": 0}, "tries must be at least 1, got 0"),
        ("ray", 2, {"gpus": -1}, "gpus must be a number of at least 0, got -1"),
        ("ray", 2, {"ship": "/no/such/folder"}, "ship must name a folder"),
        ("slurm", 2, {}, "needs a folder"),
        ("slurm", 2, {"folder": "x", "partion": "short"}, "did you mean 'partition'"),
        ("slurm", 2, {"folder": "x", "minutes": 0}, "minutes must be .* at least 1, got 0"),
        ("slurm", 2, {"folder": "x", "cells": 1.5}, "cells must be a whole number"),
        ("slurm", 2, {"folder": "x", "memory_gb": -1}, "memory_gb must be positive"),
        ("slurm", 2, {"folder": "x", "cluster": "debug"}, "cluster must be 'slurm' or 'local'"),
    ],
)
def test_wrong_options_are_refused(monkeypatch, name, workers, options, message):
    # What is wrong with them is known without the libraries.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    with pytest.raises(ValueError, match=message):
        engine_named(name, workers, **options)


@pytest.mark.parametrize("address", ["auto", "10.0.0.1:6379", "ray://head:10001", "[::1]:6379"])
def test_the_forms_of_an_address(monkeypatch, address):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    engine = engine_named("ray", address=address)(nothing, nothing)
    assert engine.window >= 1


def test_slurm_keeps_two_batches_for_every_job(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    engine = engine_named("slurm", 4, folder=tmp_path, cells=50, cpus=2)(nothing, nothing)
    assert (engine.workers, engine.window) == (8, 400)
