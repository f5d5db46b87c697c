"""What is asked of ``torch.cuda``, with its functions replaced by ones that answer."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
import torch

from actlab.bench import gpu as module
from actlab.bench.clocks import DeviceClock, LaunchClock
from actlab.bench.device import DeviceLostError
from actlab.bench.gpu import RESERVE, Gpu
from actlab.bench.scenes import RELU, Scene
from actlab.records import canonical_json, environment
from actlab.records.environment import describe_gpu
from unit.bench.stand_in import HostMark

GIB = 2**30
HERE = torch.device("cpu")


@pytest.fixture
def cuda(monkeypatch) -> SimpleNamespace:
    """A GPU of 80 GiB with an allocator that holds 3 GiB of which 1 is in use."""
    seen = SimpleNamespace(slept=[], allocated=GIB, peak=GIB, emptied=0, error=None)

    def synchronize(place: torch.device) -> None:
        assert place == HERE
        if seen.error is not None:
            raise seen.error

    def empty_cache() -> None:
        if seen.error is not None:
            raise seen.error
        seen.emptied += 1

    def event(*, enable_timing: bool) -> HostMark:
        assert enable_timing
        return HostMark()

    replaced = {
        "Event": event,
        "_sleep": seen.slept.append,
        "synchronize": synchronize,
        "empty_cache": empty_cache,
        "mem_get_info": lambda place: (70 * GIB, 80 * GIB),
        "memory_reserved": lambda place: 3 * GIB,
        "memory_allocated": lambda place: seen.allocated,
        "reset_peak_memory_stats": lambda place: setattr(seen, "peak", seen.allocated),
        "max_memory_allocated": lambda place: seen.peak,
        "device": lambda place: contextlib.nullcontext(place),
        "get_device_properties": lambda index: SimpleNamespace(
            name="Model X", major=9, minor=0, multi_processor_count=132,
            total_memory=80 * GIB, L2_cache_size=50 * 2**20, uuid="abc-def",
        ),
    }  # fmt: skip
    for name, function in replaced.items():
        assert hasattr(torch.cuda, name)
        monkeypatch.setattr(torch.cuda, name, function)
    monkeypatch.setattr(environment, "_output", lambda words: " 570.86 \n" if "GPU-abc-def" in words
                        else None)  # fmt: skip
    return seen


def test_facts_are_plain_and_name_all_that_numbers_depend_on(cuda, monkeypatch):
    monkeypatch.setattr(environment, "_version", {"pytorch-triton": "3.8.0"}.get)
    facts = describe_gpu(0)
    assert canonical_json(facts)
    assert facts == {
        "gpu": "Model X", "capability": "9.0", "multiprocessors": 132, "memory": "80.0 GiB",
        "L2 cache": "50 MiB", "driver": "570.86", "cuda": torch.version.cuda,
        "rocm": torch.version.hip, "triton": "3.8.0",
    }  # fmt: skip


def test_a_driver_that_nobody_tells_is_none(cuda, monkeypatch):
    monkeypatch.setattr(environment, "_output", lambda words: None)
    assert describe_gpu(0)["driver"] is None


def test_clocks_by_what_is_asked(cuda):
    gpu = Gpu(HERE)
    scenes = [Scene(part, "forward", (8,), "float32", 0, (RELU, RELU))
              for part in ("overhead", "pointwise")]  # fmt: skip
    assert isinstance(gpu.stopwatch(scenes[0]), LaunchClock)
    clock = gpu.stopwatch(scenes[1])
    assert isinstance(clock, DeviceClock)
    assert gpu.stopwatch(scenes[1]) is not clock  # each contender has its own
    clock.elapsed(lambda: None, 3)
    clock.elapsed(lambda: None, 3)
    (cycles,) = cuda.slept
    assert isinstance(cycles, int)
    assert cycles >= 3e-5 * 2e9


def test_what_torch_keeps_for_reuse_is_free(cuda):
    assert Gpu(HERE).free() == 72 * GIB - RESERVE


def test_a_footprint_leaves_out_what_was_there_before(cuda):
    def make():
        cuda.allocated += 2 * GIB

        def call() -> None:
            cuda.peak = max(cuda.peak, cuda.allocated + 3 * GIB)

        return call

    call, peak = Gpu(HERE).footprint(make)
    assert peak == 5 * GIB
    assert callable(call)


def test_warming_up_ends(cuda, monkeypatch):
    monkeypatch.setattr(module, "WARM_UP_ELEMENTS", 64)
    monkeypatch.setattr(module, "WARM_UP_SECONDS", 1e-3)
    Gpu(HERE).warm_up()


@pytest.mark.parametrize("action", ["check", "release"])
def test_an_error_that_a_kernel_left_behind_loses_the_gpu(cuda, action):
    gpu = Gpu(HERE)
    getattr(gpu, action)()
    cuda.error = RuntimeError("CUDA error: an illegal memory access was encountered\nmore")
    with pytest.raises(DeviceLostError, match="cpu failed: RuntimeError: CUDA error: an illegal"):
        getattr(gpu, action)()


def test_it_is_the_current_gpu_while_it_is_measured(cuda):
    with Gpu(HERE).active() as place:
        assert place == HERE
