"""The comparisons on a GPU as data, their bytes, and how long they take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench.device_scenes import GATED_SHAPE, make_scenes
from actlab.bench.estimate import gate_seconds, total_seconds
from actlab.bench.runner import make_tasks
from actlab.bench.scenes import COPY, RELU, Contender, Scene, read
from actlab.bench.settings import make_settings
from actlab.bench.traffic import moved_bytes, needed_bytes
from actlab.records import canonical_json
from unit.bench.stand_in import FACTS

GIB = 2**30


@pytest.fixture(scope="module")
def scenes(device_settings) -> list[Scene]:
    return make_scenes(device_settings)


def test_labels_tell_the_contenders_of_a_comparison_apart(scenes):
    for scene in scenes:
        labels = [one.label for one in scene.contenders]
        assert len(set(labels)) == len(labels) >= 2, scene.title


def test_comparisons_survive_being_written_down(scenes):
    for scene in scenes:
        assert read(scene.describe()) == scene
    assert len({canonical_json(scene.describe()) for scene in scenes}) == len(scenes)


def test_every_part_is_there_and_no_thread_is_named(scenes, device_settings):
    assert list(dict.fromkeys(scene.part for scene in scenes)) == list(device_settings.parts)
    assert {scene.threads for scene in scenes} == {0}
    assert not any("thread" in scene.title for scene in scenes)


def test_pointwise_has_everyone_at_every_size_and_dtype(scenes, device_settings):
    pointwise = [scene for scene in scenes if scene.part == "pointwise"]
    assert {(s.size, s.dtype, s.measure) for s in pointwise} == {
        (size, dtype, measure)
        for size in device_settings.sizes
        for dtype in ("float32", "bfloat16")
        for measure in ("forward", "backward", "both")
    }
    labels = {one.label for one in pointwise[0].contenders}
    assert labels >= {"torch relu", "copy", "powerlu", "torch gelu", "torch silu", "torch elu"}
    assert all(scene.contenders[0] == RELU for scene in pointwise)


def test_backends_are_asked_for_by_name_and_the_formula_compiled_once(scenes):
    routes = {
        scene: {one.route for one in scene.contenders}
        for scene in scenes
        if scene.part == "baselines"
    }
    assert all(found >= {"actlab", "triton", "formula", "naive"} for found in routes.values())
    compiling = [scene for scene, found in routes.items() if "compiled" in found]
    assert len(compiling) == 2 * 6  # measures and functions
    assert {scene.dtype for scene in compiling} == {"float32"}


def test_gated_units_of_others_are_compared_where_they_have_them(scenes):
    gated = [scene for scene in scenes if scene.part == "gated"]
    assert {(s.model, s.measure) for s in gated} == {
        (layout, measure) for layout in ("packed", "pair") for measure in ("forward", "both")
    }
    labels = {one.label for one in gated[0].contenders}
    assert labels == {
        "torch silu", "silu", "silu liger", "silu fla", "torch gelu", "gelu", "gelu liger",
        "powerlu naive", "powerlu",
    }  # fmt: skip


def test_steps_are_held_against_relu_and_gelu(scenes):
    steps = [scene for scene in scenes if scene.part == "steps"]
    assert [scene.model for scene in steps] == ["feed-forward", "resnet-block"]
    assert [one.label for one in steps[0].contenders[:2]] == ["torch relu", "torch gelu"]
    assert {"powerlu", "expolu", "ralu"} <= {one.label for one in steps[0].contenders}


@pytest.mark.usefixtures("gpu")
def test_few_sizes_and_strange_functions_make_comparisons_too():
    few = make_scenes(make_settings(device="cuda", sizes="100", activations="relu"))
    assert {s.size for s in few if s.part in ("pointwise", "baselines")} == {100}
    alone = make_settings(device="cuda", activations="relu", parts="channels")
    assert make_scenes(alone) == []


def test_another_gpu_is_another_record(scenes, device_settings):
    def ids(facts: dict) -> list[str]:
        return [task.id for task in make_tasks(scenes[:3], device_settings, {"device": facts})]

    first = ids(dict(FACTS))
    assert ids(dict(FACTS)) == first
    for changed in ({"gpu": "Other"}, {"driver": "571"}, {"triton": "3.9"}):
        assert not set(ids(FACTS | changed)) & set(first)


@pytest.mark.parametrize(
    ("measure", "ours", "copied"), [("forward", 2, 2), ("backward", 3, 2), ("both", 5, 4)]
)
def test_bytes_that_have_to_be_moved(measure, ours, copied):
    scene = Scene("pointwise", measure, (1000,), "bfloat16", 0, (RELU, COPY))
    assert moved_bytes(scene, RELU) == ours * 2000
    assert moved_bytes(scene, COPY) == copied * 2000


def test_bytes_of_products_and_of_what_nobody_counts():
    gate = Contender("actlab", "silu")
    scene = Scene("gated", "both", GATED_SHAPE, "bfloat16", 0, (gate, RELU), "pair")
    assert moved_bytes(scene, gate) == 8 * 2 * 4096 * 8192
    step = Scene("steps", "step", (4, 8), "bfloat16", 0, (RELU, gate), "feed-forward")
    assert moved_bytes(step, gate) is None


def test_the_largest_comparisons_fit_a_gpu_of_80_gib_and_not_one_of_8(scenes):
    needed = {scene: needed_bytes(scene) for scene in scenes}
    largest = max(needed, key=lambda scene: needed[scene])
    assert (largest.part, largest.measure, largest.size) == ("pointwise", "backward", 2**28)
    assert 14 * GIB < needed[largest] < 40 * GIB
    assert max(v for s, v in needed.items() if s.size <= 2**24 and s.part != "steps") < 8 * GIB


@pytest.mark.usefixtures("gpu")
def test_the_whole_takes_six_minutes_and_the_quick_one_less_than_two():
    for quick, limit in ((False, 360), (True, 110)):
        settings = make_settings(device="cuda", quick=quick)
        seconds = total_seconds(make_scenes(settings), settings, native=())
        assert seconds + gate_seconds(settings) < limit


def test_more_rounds_take_longer(scenes, device_settings):
    few = total_seconds(scenes, replace(device_settings, rounds=3), native=())
    assert few < total_seconds(scenes, device_settings, native=())
