"""``actlab bench --device cuda``: what only a GPU can show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from actlab.bench import device_scenes
from actlab.bench.clocks import DeviceClock, LaunchClock
from actlab.bench.contenders import Inputs, prepare
from actlab.bench.device import find, unusable
from actlab.bench.gpu import Gpu
from actlab.bench.runner import make_tasks, measure
from actlab.bench.scenes import COPY, RELU, Contender, Scene
from actlab.bench.settings import make_settings
from actlab.bench.timing import race
from actlab.records import Status

pytestmark = pytest.mark.skipif(bool(unusable(0)), reason=f"needs a GPU: {unusable(0)}")


@pytest.fixture
def gpu() -> Gpu:
    found = find("cuda:0")
    assert isinstance(found, Gpu)
    return found


def test_the_device_says_what_it_is(gpu):
    facts = gpu.facts()
    assert facts["gpu"] == torch.cuda.get_device_name(0)
    assert re.fullmatch(r"\d+\.\d+", facts["capability"])
    assert facts["triton"]
    json.dumps(facts)
    assert gpu.free() > 0
    gpu.warm_up()
    gpu.check()


def test_a_stalled_queue_hides_launches_and_nothing_else(gpu):
    x = torch.zeros(2**10, device=gpu.place)
    clock = DeviceClock(gpu)
    for _ in range(3):
        device = clock.elapsed(lambda: torch.relu(x), 100) / 100
    host = LaunchClock(gpu.synchronise).elapsed(lambda: torch.relu(x), 100) / 100
    assert 0 < device < 2e-5
    assert device < 1.5 * host

    large = torch.zeros(2**28, device=gpu.place)
    torch.relu(large)
    gpu.synchronise()
    began = time.perf_counter()
    for _ in range(20):
        torch.relu(large)
    gpu.synchronise()
    by_hand = (time.perf_counter() - began) / 20
    assert clock.elapsed(lambda: torch.relu(large), 20) / 20 == pytest.approx(by_hand, rel=0.3)


def test_a_copy_is_no_faster_than_memory_and_no_slower_than_half_of_it(gpu):
    scene = Scene("pointwise", "forward", (2**28,), "float32", 0, (COPY, RELU))
    inputs, clock = Inputs(gpu.place, shared=True), DeviceClock(gpu)
    call = prepare(scene, COPY, inputs)
    seconds = min(clock.elapsed(call, 10) / 10 for _ in range(4))
    rate = 2 * 2**30 / seconds
    assert 1e11 < rate < 2e13


def test_large_tensors_with_backward_are_timed_and_given_back(gpu):
    made = make_settings(device="cuda", quick=True, sizes="2^28", dtypes="float32",
                         activations="powerlu", parts="pointwise")  # fmt: skip
    scene = next(s for s in device_scenes.make_scenes(made) if s.measure == "both")
    (task,) = make_tasks([scene], made, {"device": dict(gpu.facts())})
    before = torch.cuda.memory_reserved(0)
    record = measure(task, made, gpu)
    states = {row["status"] for row in record.summary["results"].values()}
    assert states <= {"done"} or record.status == Status.SKIPPED
    assert torch.cuda.memory_reserved(0) <= before + 2**26


def test_a_contender_without_memory_leaves_the_others_alone(gpu):
    from actlab.bench.timing import Lane

    x = torch.ones(2**10, device=gpu.place)
    lanes = [
        Lane("much", lambda: torch.empty(2**50, dtype=torch.uint8, device=gpu.place), 0,
             DeviceClock(gpu)),
        Lane("little", lambda: torch.relu(x), 0, DeviceClock(gpu)),
    ]  # fmt: skip
    race(lanes, rounds=3, slice_seconds=1e-4, budget=1.0, seed=0, recover=gpu.release)
    assert lanes[0].trouble.startswith("OutOfMemoryError: ")
    assert len(lanes[1].seconds) == 3


@pytest.mark.parametrize("model", ["feed-forward", "resnet-block"])
def test_a_step_has_a_peak_of_memory(gpu, model):
    shape = {"feed-forward": (256, 512), "resnet-block": (8, 32, 28, 28)}[model]
    one = Contender("actlab", "powerlu", learned="scalar")
    scene = Scene("steps", "step", shape, "bfloat16", 0, (RELU, one), model)
    inputs = Inputs(gpu.place, shared=True)
    call, peak = gpu.footprint(lambda: prepare(scene, one, inputs))
    assert torch.isfinite(call())
    assert peak > scene.size * 2


def test_a_quick_run_from_end_to_end(tmp_path: Path) -> None:
    words = ["--quick", "--device", "cuda", "--activations", "powerlu,gelu", "--rounds", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "actlab", "bench", *words],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert torch.cuda.get_device_name(0) in done.stdout
    assert "GB/s" in done.stdout
    (run,) = (tmp_path / "results" / "bench").glob("2*")
    assert torch.cuda.get_device_name(0) in (run / "report.html").read_text()
    lines = [json.loads(line) for line in (run / "timings.jsonl").read_text().splitlines()]
    assert {line["part"] for line in lines} >= {"pointwise", "overhead", "gated", "steps", "memory"}
    failed = [line for line in lines if line.get("status") == "failed"]
    assert not failed
    again = subprocess.run(
        [sys.executable, "-m", "actlab", "bench", *words, "--results", str(run)],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "nothing is timed" in again.stdout
