"""Results made by hand, so that every outcome can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actlab.bench import device_scenes
from actlab.bench.scenes import Scene, make_scenes
from actlab.bench.settings import Settings, make_settings
from actlab.bench.summary import Outcome, Results, Timing
from actlab.bench.traffic import moved_bytes
from unit.bench.stand_in import FACTS

NATIVE_SPEED = {"torch": 1.0, "copy": 0.9, "actlab": 1.1, "naive": 12.0, "formula": 20.0,
                "prelu": 1.5, "compiled": 1.2, "native": 1.1, "triton": 1.0, "liger": 1.3,
                "fla": 1.2}  # fmt: skip

DEVICE_SPEED = NATIVE_SPEED | {"actlab": 1.02, "copy": 0.98}
"""On a GPU, in units of what the bytes take that a contender has to move."""


def seconds_of(scene: Scene, place: int, factor: float) -> list[float]:
    """Timings that spread by a few per cent."""
    one = scene.contenders[place]
    speed = NATIVE_SPEED[one.route] * (5.0 if one.label == "torch elu" else 1.0)
    speed /= 1.9 if one.threads == 2 else 1.0
    unit = 1e-6 + scene.size * 1e-10
    return [unit * speed * factor * (1 + 0.01 * k) for k in range(5)]


def make_outcome(scene: Scene, **factors: float) -> Outcome:
    """A comparison in which everything is as fast as the targets ask for, times the factors."""
    if scene.measure == "memory":
        row = {"bytes": 8 * scene.size, "storages": 2, "elements": scene.size}
        memory = {
            one.label: {"status": "done", "alone": row, "linear": row, "conv": row}
            for one in scene.contenders
        }
        return Outcome(scene, (), 0, 1.0, memory)
    timings = []
    for place, one in enumerate(scene.contenders):
        factor = factors.get(one.activation, 1.0) if one.route == "actlab" else 1.0
        factor *= 0.95 if one.learned == "channel" and one.route == "actlab" else 1.0
        if scene.part == "steps":
            factor = 1.0 + 0.01 * place
            timings.append(Timing(one, "done", "", (factor,) * 3))
            continue
        timings.append(Timing(one, "done", "", tuple(seconds_of(scene, place, factor))))
    return Outcome(scene, tuple(timings), 5, 1.0)


def device_outcome(scene: Scene, **factors: float) -> Outcome:
    """A comparison on a GPU on which every function is as fast as its bytes."""
    if scene.measure == "memory":
        return make_outcome(scene)
    timings = []
    for one in scene.contenders:
        if one.route in ("liger", "fla"):
            reason = f"BackendUnavailableError: {one.route} is not installed"
            timings.append(Timing(one, "skipped", reason, ()))
            continue
        factor = factors.get(one.activation, 1.0) if one.route == "actlab" else 1.0
        unit = 2e-6 + (moved_bytes(scene, one) or 2**30) / 4e12
        seconds = [unit * DEVICE_SPEED[one.route] * factor * (1 + 0.001 * k) for k in range(5)]
        peak = 3 * 2**30 if scene.measure == "step" else None
        timings.append(Timing(one, "done", "", tuple(seconds), peak))
    return Outcome(scene, tuple(timings), 5, 1.0)


def make_device_results(settings: Settings, **factors: float) -> Results:
    """Results of a configuration on a GPU without timing anything."""
    scenes = device_scenes.make_scenes(settings)
    about = dict(make_results(settings, []).about)
    about["environment"] = about["environment"] | {"device": dict(FACTS)}
    about["date"] = "2026-11-30"
    outcomes = tuple(device_outcome(scene, **factors) for scene in scenes)
    return Results(about, outcomes, len(outcomes), 3.0)


def make_results(settings: Settings, scenes: Sequence[Scene] | None = None, **factors: float):
    """Results of a configuration without timing anything."""
    scenes = list(make_scenes(settings, native=settings.activations)) if scenes is None else scenes
    about: dict[str, Any] = {
        "settings": settings.describe(),
        "command": "actlab bench",
        "gate": {"passed": 10, "skipped": 1, "seconds": 2.0, "native": list(settings.activations)},
        "load": 0.1,
        "environment": {"cpu": "a cpu", "libraries": {"torch": "2"}},
    }
    outcomes = tuple(make_outcome(scene, **factors) for scene in scenes)
    return Results(about, outcomes, len(outcomes), 3.0)


@pytest.fixture(scope="session")
def full() -> Results:
    """A whole run on two threads in which every target is reached."""
    from dataclasses import replace

    return make_results(replace(make_settings(), threads=(1, 2)))
