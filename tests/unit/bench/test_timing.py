"""Interleaved rounds, with a clock that only moves when a contender is called."""

from __future__ import annotations

import gc

import pytest
import torch

from actlab.bench.timing import Lane, calibrate, quiet, race


class World:
    """A clock, and contenders that take so many seconds of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def clock(self) -> float:
        return self.now

    def lane(self, key: str, seconds: float, fails_after: int = 10**9) -> Lane:
        def call() -> None:
            self.calls.append(key)
            if self.calls.count(key) > fails_after:
                raise RuntimeError(f"{key} broke")
            self.now += seconds

        return Lane(key, call, 1)


@pytest.fixture
def world() -> World:
    return World()


def run(world: World, lanes: list[Lane], rounds: int = 5, budget: float = 1e9) -> int:
    return race(lanes, rounds=rounds, slice_seconds=0.01, budget=budget, seed=1, clock=world.clock)


@pytest.mark.parametrize("seconds", [1e-6, 3e-4, 0.009, 0.5])
def test_a_timing_repeats_its_call_until_it_lasts(world, seconds):
    lane = world.lane("a", seconds)
    calibrate(lane, 0.01, world.clock)
    assert lane.repeats * seconds * (1 + 1e-9) >= 0.01
    assert lane.repeats * seconds <= max(seconds, 0.02)


def test_every_contender_is_timed_once_a_round(world):
    lanes = [world.lane("a", 0.02), world.lane("b", 0.05), world.lane("c", 0.03)]
    assert run(world, lanes) == 5
    timed = world.calls[-15:]
    rounds = [tuple(timed[k : k + 3]) for k in range(0, 15, 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 1  # in an order that changes
    assert [lane.seconds for lane in lanes] == [pytest.approx([s] * 5) for s in (0.02, 0.05, 0.03)]


def test_the_order_is_the_same_in_every_run():
    orders = []
    for _ in range(2):
        world = World()
        run(world, [world.lane(key, 0.02) for key in "abcd"])
        orders.append(world.calls)
    assert orders[0] == orders[1]


def test_slow_comparisons_get_no_more_rounds_than_they_must(world):
    lanes = [world.lane("a", 1.0), world.lane("b", 2.0)]
    assert run(world, lanes, rounds=50, budget=5.0) == 3
    assert [len(lane.seconds) for lane in lanes] == [3, 3]


def test_a_contender_that_fails_leaves_and_says_why(world):
    lanes = [world.lane("a", 0.02), world.lane("b", 0.02, 0), world.lane("c", 0.02, 4)]
    assert run(world, lanes) == 5
    assert [lane.trouble for lane in lanes] == [
        "",
        "RuntimeError: b broke",
        "RuntimeError: c broke",
    ]
    assert len(lanes[0].seconds) == 5


def test_a_call_that_takes_too_long_is_given_up(world):
    lane = world.lane("a", 30.0)
    run(world, [lane, world.lane("b", 0.02)])
    assert lane.trouble == "timeout: one call took 30.0 s, the limit is 20 s"
    assert lane.seconds == []
    assert world.calls.count("a") == 2


def test_threads_and_garbage_collection_are_put_back():
    threads, collecting = torch.get_num_threads(), gc.isenabled()
    seen = []

    def stopped() -> None:
        with quiet():
            torch.set_num_threads(threads + 1)
            seen.append(gc.isenabled())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert seen == [False]
    assert (torch.get_num_threads(), gc.isenabled()) == (threads, collecting)


def test_each_contender_has_its_threads(world):
    before, seen = torch.get_num_threads(), {}
    lanes = [Lane(str(n), lambda n=n: seen.setdefault(n, torch.get_num_threads()), n)
             for n in (1, 2)]  # fmt: skip
    race(lanes, rounds=3, slice_seconds=1e-9, budget=1.0, seed=0)
    assert seen == {1: 1, 2: 2}
    assert torch.get_num_threads() == before
