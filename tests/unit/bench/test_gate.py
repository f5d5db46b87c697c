"""What is wrong is not timed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench import conduct, gate
from actlab.bench.settings import make_settings
from actlab.testing.suite import Outcome


def passing(case, subject):
    return Outcome(case, "passed", "", 0.0)


def failing(name, backend):
    """A run of the checks in which one of them fails on one backend."""

    def run(case, subject):
        if case.check.name == name and subject.backend == backend:
            return Outcome(case, "failed", "off by 7 ulp\nat x = 1", 0.0)
        return passing(case, subject)

    return run


@pytest.fixture
def settings():
    return make_settings(activations="relu,tanh", dtypes="float32", parts="pointwise,baselines")


def test_every_function_on_every_backend_to_be_timed(settings):
    seen = set()
    verdict = gate.examine(settings, run=passing, tell=seen.add)
    assert seen >= {"relu", "tanh", "relu on formula", "tanh on formula"}
    assert verdict.failures == ()
    checks = gate.chosen_cases(["float32"])
    once = [case for case in checks if case.check.group == "definition"]
    assert len(once) == 2
    named = sum(" on " in what for what in seen)
    assert verdict.passed == len(seen) * len(checks) - named * len(once)


def test_the_checks_that_are_named_exist():
    assert {case.check.name for case in gate.chosen_cases(["float32", "bfloat16"])} == gate.CHECKS


def test_a_failure_names_function_backend_check_and_reason(settings):
    verdict = gate.examine(settings, run=failing("accuracy.value", "formula"))
    assert verdict.failures == (
        "relu on formula: accuracy.value-float32: off by 7 ulp",
        "tanh on formula: accuracy.value-float32: off by 7 ulp",
    )


def test_a_real_function_passes():
    settings = make_settings(activations="relu", dtypes="float32", parts="pointwise")
    assert gate.examine(settings).failures == ()


def test_a_red_gate_stops_before_anything_is_written(settings, tmp_path, monkeypatch):
    class Board:
        def plan(self, *ignored): ...
        def tell(self, what): ...
        def watch(self, task, record):
            raise AssertionError("something was timed")

    monkeypatch.setattr(
        conduct, "examine",
        lambda settings, tell, device: gate.examine(settings, run=failing("special.nan", None)),
    )  # fmt: skip
    small = replace(settings, sizes=(8,))
    with pytest.raises(conduct.GateError, match="2 checks failed; nothing was timed") as caught:
        conduct.conduct(small, tmp_path / "bench", "actlab bench", Board())
    assert caught.value.failures[0].startswith("relu: special.nan-float32")
    assert not (tmp_path / "bench").exists()
