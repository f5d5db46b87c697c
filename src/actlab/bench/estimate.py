"""How long a configuration takes, roughly, from a few constants; progress corrects it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from actlab.bench.scenes import Contender, Scene
from actlab.bench.settings import Settings
from actlab.bench.timing import FEWEST_ROUNDS
from actlab.bench.traffic import moved_bytes

NANOSECONDS = {
    "actlab": 1.0, "native": 1.0, "torch": 1.5, "copy": 0.8, "prelu": 1.0, "compiled": 1.0,
    "old": 1.0, "new": 1.0, "formula": 20.0, "naive": 12.0,
}  # fmt: skip
"""For one element forward, by route, on one core of an ordinary server."""

MEASURES = {"forward": 1.0, "backward": 1.3, "both": 2.2}
STEP_SECONDS = {"mlp-21": 0.03, "mlp-1024": 0.8, "transformer": 0.2, "cnn": 3.0}
COMPILATION = 8.0
MEMORY = 0.02
GATE = 2.5
"""Seconds for one function on one backend."""

DEVICE_GATE = 13.0
"""Those on a GPU, for which some fifty kernels are compiled; the next run finds them on disk."""

DEVICE_BANDWIDTH = 2.5e12
"""Bytes per second, of a GPU for data centres on an ordinary day."""

DEVICE_PASSES = {"formula": 40.0, "naive": 6.0}
"""Times the bytes that a call needs at least, by route."""

DEVICE_STEP = 0.01
DEVICE_TIMING = 4e-3
"""Seconds of a timing in which the host fills the queue."""

DEVICE_SETUP = 0.03
"""Seconds to make a contender ready: a kernel is compiled or found, memory is asked for."""


def scene_seconds(scene: Scene, settings: Settings, *, native: Collection[str]) -> float:
    """Seconds that a comparison takes, its calibration included."""
    if scene.measure == "memory":
        return MEMORY * len(scene.contenders)
    if settings.on_gpu:
        calls = [_device_seconds(scene, one) for one in scene.contenders]
        slices = [max(settings.slice_seconds * 1.2 + DEVICE_TIMING, call) for call in calls]
        calibration = sum(4 * one + DEVICE_SETUP for one in slices)
    else:
        calls = [_call_seconds(scene, one, native) for one in scene.contenders]
        slices = [max(settings.slice_seconds * 1.2, call) for call in calls]
        calibration = sum(2 * call + settings.slice_seconds for call in calls)
    one_round = sum(slices)
    rounds = min(settings.rounds, max(FEWEST_ROUNDS, settings.scene_seconds / one_round))
    compilations = sum(one.route == "compiled" for one in scene.contenders)
    return one_round * rounds + calibration + COMPILATION * compilations


def total_seconds(scenes: Iterable[Scene], settings: Settings, *, native: Collection[str]) -> float:
    """Seconds of all comparisons."""
    return sum(scene_seconds(scene, settings, native=native) for scene in scenes)


def gate_seconds(settings: Settings) -> float:
    """Seconds of the gate."""
    if settings.on_gpu:
        formulas = GATE if "baselines" in settings.parts else 0.0
        return (DEVICE_GATE + formulas) * len(settings.activations)
    backends = 3 if "baselines" in settings.parts else 1
    return GATE * len(settings.activations) * backends


def _device_seconds(scene: Scene, contender: Contender) -> float:
    if scene.measure == "step":
        return DEVICE_STEP
    passes = DEVICE_PASSES.get(contender.route, 1.0)
    return 1e-5 + passes * (moved_bytes(scene, contender) or 0) / DEVICE_BANDWIDTH


def _call_seconds(scene: Scene, contender: Contender, native: Collection[str]) -> float:
    if scene.measure == "step":
        return STEP_SECONDS[scene.model] / scene.threads
    route = contender.route
    if route in ("actlab", "old", "new") and contender.activation not in native:
        route = "formula"
    # Large results come from fresh pages each time, which is where their time goes.
    fresh = 2.0 if scene.size > 2**20 else 1.0
    return 5e-6 + 1e-9 * scene.size * NANOSECONDS[route] * MEASURES[scene.measure] * fresh
