"""The whole path of a GPU's benchmark, on a device that computes on the CPU."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from actlab.bench import conduct, contenders, device_scenes, gate
from actlab.bench.device import DeviceLostError
from actlab.bench.progress import Board
from actlab.bench.scenes import COPY, RELU, Contender
from actlab.bench.settings import DEVICE_PARTS, Settings, make_settings
from actlab.bench.summary import collect, problems
from actlab.records import Store
from actlab.testing.suite import Outcome, run_case
from unit.bench.stand_in import FACTS, StandIn

pytestmark = pytest.mark.usefixtures("gpu", "small")


@pytest.fixture
def small(monkeypatch):
    """Tensors that a CPU is done with at once."""
    monkeypatch.setattr(device_scenes, "GATED_SHAPE", (4, 6))
    monkeypatch.setattr(device_scenes, "CHANNELS", ((4, 6), (2, 3, 4, 5)))
    steps = (("feed-forward", (4, 8)), ("resnet-block", (2, 4, 5, 5)))
    monkeypatch.setattr(device_scenes, "STEPS", steps)


def settings(parts: str, **more: str) -> Settings:
    made = make_settings(device="cuda", quick=True, sizes="2^5,2^6", dtypes="float32",
                         parts=parts, rounds=3, **more)  # fmt: skip
    return replace(made, slice_seconds=1e-6)


def run(made: Settings, folder, stand_in: StandIn, monkeypatch, examine=None):
    """Conduct without the gate, or with another one; what was printed."""
    text = io.StringIO()

    def passing(settings, tell, device):
        return gate.Verdict(1, 0, ())

    monkeypatch.setattr(conduct, "examine", examine or passing)
    with Board(Console(file=text, width=100)) as board:
        conduct.conduct(made, folder, "actlab bench --device cuda", board, stand_in)
    return text.getvalue()


@pytest.mark.slow
def test_every_part_runs_and_is_read_back(tmp_path, monkeypatch):
    made = settings(",".join(part for part in DEVICE_PARTS if part != "baselines"),
                    activations="powerlu,ralu")  # fmt: skip
    stand_in = StandIn(None)
    text = run(made, tmp_path / "r", stand_in, monkeypatch)
    assert f"records in {tmp_path / 'r'}" in text.replace("\n", "")
    results = collect(tmp_path / "r")
    assert results.complete
    assert results.device == FACTS
    assert results.about["date"]
    assert [one.scene.part for one in results.outcomes if one.scene.measure != "memory"]
    for one in results.outcomes:
        for timing in one.timings:
            skipped = timing.contender.route in ("liger", "fla")
            assert timing.status == ("skipped" if skipped else "done"), timing.reason
            assert timing.peak == (3 * 2**30 if one.scene.measure == "step" else None)
    assert stand_in.calls[0] == "warm up"
    assert stand_in.calls.count("release") >= len(results.outcomes)


def test_backends_by_name_are_timed_as_far_as_they_are_there(tmp_path, monkeypatch):
    made = settings("baselines", activations="relu")
    run(made, tmp_path / "r", StandIn(None), monkeypatch)
    states = {t.contender.label: t.status for t in collect(tmp_path / "r").outcomes[0].timings}
    assert states["relu"] == states["relu formula"] == states["relu naive"] == "done"


def test_what_is_there_is_not_measured_again(tmp_path, monkeypatch):
    made = settings("pointwise", activations="relu")
    run(made, tmp_path / "r", StandIn(None), monkeypatch)
    again = StandIn(None)
    text = run(made, tmp_path / "r", again, monkeypatch)
    assert "nothing is timed" in text
    assert again.calls == []
    other = StandIn(None, facts_given=FACTS | {"gpu": "Another"})
    assert {t.id for t in conduct.prepare(made, other)}.isdisjoint(
        t.id for t in conduct.prepare(made, again)
    )


def test_what_does_not_fit_is_skipped_with_the_reason(tmp_path, monkeypatch):
    made = settings("pointwise", activations="relu")
    run(made, tmp_path / "r", StandIn(None, room=400), monkeypatch)
    results = collect(tmp_path / "r")
    assert all(timing.status == "skipped" for timing in results.outcomes[-1].timings)
    assert "GiB, cpu has 0.0 GiB free" in problems(results)[0]
    assert Store.open(tmp_path / "r").finished(results.about["cells"][-1]) is None


@pytest.mark.slow
def test_whoever_runs_out_of_memory_leaves_and_the_rest_goes_on(tmp_path, monkeypatch):
    real = contenders.prepare

    def prepare(scene, contender, inputs):
        if contender == COPY:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(scene, contender, inputs)

    monkeypatch.setattr("actlab.bench.runner.prepare", prepare)
    stand_in = StandIn(None)
    run(settings("pointwise", activations="relu"), tmp_path / "r", stand_in, monkeypatch)
    for one in collect(tmp_path / "r").outcomes:
        states = {t.contender.label: (t.status, t.reason) for t in one.timings}
        assert states["copy"][0] == "failed"
        assert "out of memory" in states["copy"][1]
        assert states["relu"][0] == states["torch relu"][0] == "done"
    assert stand_in.calls.count("release") == 2 * 4  # after the contender, after the comparison


def test_a_gpu_that_is_lost_ends_the_run_and_keeps_what_is_sound(tmp_path, monkeypatch):
    made = settings("pointwise", activations="relu")
    with pytest.raises(DeviceLostError, match="illegal memory access"):
        run(made, tmp_path / "r", StandIn(None, lost=2), monkeypatch)
    assert len(collect(tmp_path / "r").outcomes) == 2
    run(made, tmp_path / "r", StandIn(None), monkeypatch)
    assert collect(tmp_path / "r").complete


def test_the_command_says_what_a_lost_gpu_leaves(tmp_path, monkeypatch, capsys):
    from actlab.cli.bench import bench

    monkeypatch.setattr(conduct, "find", lambda name: StandIn(None, lost=2))
    monkeypatch.setattr(conduct, "examine", lambda s, tell, device: gate.Verdict(1, 0, ()))
    words = {"device": "cuda", "quick": True, "sizes": "32,64", "dtypes": "float32",
             "parts": "pointwise", "activations": "relu", "rounds": 3}  # fmt: skip
    assert bench(**words, results=tmp_path / "r") == 1
    error = capsys.readouterr().err
    assert error.startswith("actlab: cuda:0 failed: RuntimeError: an illegal memory access; what")
    assert error.count("\n") == 1
    monkeypatch.setattr(conduct, "find", lambda name: StandIn(None))
    assert bench(**words, results=tmp_path / "r") == 0
    assert "Stand-in 9000" in capsys.readouterr().out
    about = json.loads((tmp_path / "r" / "study.json").read_text())
    assert "--device cuda" in about["command"]


def test_a_comparison_without_any_is_refused_without_threads():
    with pytest.raises(ValueError, match="nothing to compare") as caught:
        conduct.prepare(settings("channels", activations="relu"), StandIn(None))
    assert "thread" not in str(caught.value)


def test_the_gate_examines_the_backend_of_the_device():
    seen = []

    def record(case, subject):
        seen.append((case.check.group == "definition", subject.backend, subject.device))
        return Outcome(case, "passed", "", 0.0)

    gate.examine(settings("pointwise", activations="relu"), run=record, device=StandIn("formula"))
    assert set(seen) == {(True, None, "cpu"), (False, "formula", "cpu")}
    seen.clear()
    both = settings("pointwise,baselines", activations="relu")
    gate.examine(both, run=record, device=StandIn("triton"))
    if gate.compiled(["relu"], StandIn("triton")):
        assert {backend for _, backend, _ in seen} == {None, "triton", "formula"}
    else:  # the formula serves users, and is examined as that
        assert {backend for _, backend, _ in seen} == {None, "formula"}


def test_a_kernel_that_does_not_compile_is_a_failure_and_no_crash(monkeypatch):
    def broken(settings, name, device):
        raise RuntimeError("CompilationError: at 12:8\nmore")

    monkeypatch.setattr(gate, "routes", broken)
    verdict = gate.examine(settings("pointwise", activations="relu"), device=StandIn(None))
    assert verdict.failures == ("relu: cannot be called: RuntimeError: CompilationError: at 12:8",)


def test_a_red_gated_unit_stops_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(gate, "gated_failures", lambda dtypes, device: {"gated silu": "off by 2"})
    with pytest.raises(conduct.GateError, match="1 check failed; nothing was timed") as caught:
        run(settings("gated", activations="relu"), tmp_path / "r", StandIn(None), monkeypatch,
            lambda s, tell, device: gate.examine(s, run=_passing, tell=tell, device=device),
        )  # fmt: skip
    assert caught.value.failures == ("gated silu: off by 2",)
    assert not (tmp_path / "r").exists()


def _passing(case, subject):
    return Outcome(case, "passed", "", 0.0)


def test_a_real_function_passes_on_the_device():
    made = settings("pointwise,gated", activations="relu")
    assert gate.examine(made, run=run_case, device=StandIn(None)).failures == ()


def test_contenders_share_what_they_read():
    inputs = contenders.Inputs(shared=True)
    first, second = (inputs.draw((4,), "float32") for _ in range(2))
    assert first.data_ptr() == second.data_ptr()
    second.requires_grad_()
    assert not first.requires_grad
    assert not inputs.draw((4,), "float32").requires_grad
    apart = contenders.Inputs()
    assert apart.draw((4,), "float32").data_ptr() != apart.draw((4,), "float32").data_ptr()


def test_learned_parameters_are_where_the_input_is():
    made = device_scenes.make_scenes(settings("channels", activations="ralu"))[0]
    for one in made.contenders:
        call = contenders.prepare(made, one, contenders.Inputs(shared=True))
        assert len(call()) == (1 if one == RELU else 2)
    assert Contender("actlab", "ralu", learned="channel") in made.contenders
