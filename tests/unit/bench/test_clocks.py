"""Clocks for calls that return early, on a GPU whose every microsecond is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from actlab.bench.clocks import (
    HEAD_START,
    LEAST_HEAD_START,
    LONGEST_STALL,
    MOST_LAUNCHES,
    MOST_QUEUED,
    QUEUE_SECONDS,
    DeviceClock,
    LaunchClock,
)
from actlab.bench.timing import Lane, calibrate, race


@dataclass
class Machine:
    """A host that launches, and a GPU that works through its queue.

    Args:
        launch: seconds of the host for a call.
        work: seconds of the GPU for a call.
    """

    launch: float = 1e-5
    work: float = 2e-6
    now: float = 0.0
    done: float = 0.0
    stalls: list[float] = field(default_factory=list)
    launches: int = 0

    def clock(self) -> float:
        return self.now

    def call(self) -> None:
        self.launches += 1
        self.now += self.launch
        self.queue(self.work)

    def queue(self, seconds: float) -> None:
        self.done = max(self.done, self.now) + seconds

    def mark(self) -> Any:
        return Mark(self)

    def stall(self, seconds: float) -> None:
        self.stalls.append(seconds)
        self.queue(seconds)

    def synchronise(self) -> None:
        self.now = max(self.now, self.done)


@dataclass
class Mark:
    machine: Machine
    at: float = 0.0

    def record(self) -> None:
        self.machine.queue(0.0)
        self.at = self.machine.done

    def synchronize(self) -> None:
        self.machine.now = max(self.machine.now, self.at)

    def elapsed_time(self, end: Mark) -> float:
        return 1e3 * (end.at - self.at)


def clock_of(machine: Machine) -> DeviceClock:
    return DeviceClock(machine, machine.clock)


def test_once_the_host_is_known_launches_are_not_in_the_time():
    machine = Machine(launch=1e-5, work=2e-6)
    clock = clock_of(machine)
    first = clock.elapsed(machine.call, 10)
    assert first == pytest.approx(9 * 1e-5 + 1e-5 + 2e-6)  # the GPU waited for every launch
    assert clock.host_seconds == pytest.approx(1e-5)
    assert clock.elapsed(machine.call, 10) == pytest.approx(10 * 2e-6)
    assert machine.stalls == [pytest.approx(LEAST_HEAD_START + HEAD_START * 10 * 1e-5)]


def test_a_slow_kernel_takes_what_it_takes():
    machine = Machine(launch=1e-5, work=3e-3)
    clock = clock_of(machine)
    for _ in range(3):
        assert clock.elapsed(machine.call, 4) == pytest.approx(4 * 3e-3, rel=2e-3)


def test_a_compilation_is_no_cost_of_a_call():
    machine = Machine()
    clock = clock_of(machine)
    machine.launch = 5.0
    clock.elapsed(machine.call, 1)
    machine.launch = 1e-5
    assert clock.most_repeats() == 1
    clock.elapsed(machine.call, 1)
    assert machine.stalls == [LONGEST_STALL]
    assert clock.host_seconds == pytest.approx(1e-5)
    assert clock.most_repeats() == pytest.approx(QUEUE_SECONDS / 1e-5, abs=1)


def test_no_timing_fills_the_queue():
    clock = clock_of(Machine())
    clock.host_seconds = 1e-7
    assert clock.most_repeats() == MOST_QUEUED
    assert LaunchClock(lambda: None).most_repeats() == MOST_LAUNCHES


@pytest.mark.parametrize("work", [1e-6, 2e-4, 5e-3])
def test_calibration_asks_for_no_more_than_the_queue_holds(work):
    machine = Machine(launch=2e-5, work=work)
    lane = Lane("a", machine.call, 0, clock_of(machine))
    calibrate(lane, 1e-3)
    assert not lane.trouble
    assert 1 <= lane.repeats <= QUEUE_SECONDS / 2e-5
    assert lane.repeats * work >= min(1e-3, 0.9 * work * QUEUE_SECONDS / 2e-5)


def test_a_race_compares_what_the_gpu_does():
    machine = Machine()
    lanes = []
    for key, launch, work in (("slow to launch", 8e-5, 4e-6), ("slow to run", 1e-5, 6e-6)):

        def call(launch: float = launch, work: float = work) -> None:
            machine.launch, machine.work = launch, work
            machine.call()

        lanes.append(Lane(key, call, 0, clock_of(machine)))
    race(lanes, rounds=4, slice_seconds=1e-4, budget=1e9, seed=0, clock=machine.clock)
    assert [lane.seconds for lane in lanes] == [
        pytest.approx([4e-6] * 4),
        pytest.approx([6e-6] * 4),
    ]


def test_the_cost_of_a_call_is_that_of_the_host():
    machine = Machine(launch=1e-5, work=1.0)
    clock = LaunchClock(machine.synchronise, machine.clock)
    assert clock.elapsed(machine.call, 7) == pytest.approx(7 * 1e-5)
    assert machine.now == pytest.approx(machine.done)  # the next timing finds the queue empty


def test_whoever_fails_lets_go_of_its_memory():
    recovered = []

    def full() -> None:
        raise RuntimeError("CUDA out of memory")

    lanes = [Lane("a", full, 1), Lane("b", lambda: None, 1)]
    race(
        lanes, rounds=3, slice_seconds=1e-9, budget=1.0, seed=0, recover=lambda: recovered.append(1)
    )
    assert lanes[0].trouble == "RuntimeError: CUDA out of memory"
    assert lanes[0].call is not full
    assert recovered == [1]
    assert len(lanes[1].seconds) == 3
