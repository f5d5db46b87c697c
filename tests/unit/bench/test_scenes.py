"""The comparisons as data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench.estimate import total_seconds
from actlab.bench.scenes import GRAIN, RELU, Contender, Scene, make_scenes, read
from actlab.bench.settings import make_settings
from actlab.records import canonical_json


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return list(make_scenes(replace(make_settings(), threads=(1, 2)), native=["powerlu"]))


def test_labels_tell_the_contenders_of_a_comparison_apart(scenes):
    for scene in scenes:
        labels = [one.label for one in scene.contenders]
        assert len(set(labels)) == len(labels) >= 2, scene.title


def test_comparisons_survive_being_written_down(scenes):
    for scene in scenes:
        assert read(scene.describe()) == scene
    assert len({canonical_json(scene.describe()) for scene in scenes}) == len(scenes)


def test_every_part_is_there_and_relu_is_never_far(scenes):
    parts = {scene.part for scene in scenes}
    assert parts == set(make_settings().parts)
    for scene in scenes:
        assert any(one.activation == "relu" for one in scene.contenders)
    assert all(s.contenders[0] == RELU for s in scenes if s.part in ("pointwise", "steps"))


def test_small_tensors_are_not_timed_again_for_more_threads(scenes):
    pointwise = [scene for scene in scenes if scene.part == "pointwise"]
    assert {s.size for s in pointwise if s.threads == 2} == {
        s.size for s in pointwise if s.size > GRAIN
    }


def test_native_is_a_contender_once_it_is_there():
    settings = make_settings(parts="baselines", sizes="2^10")
    without, with_it = (
        {one.route for scene in make_scenes(settings, native=native) for one in scene.contenders}
        for native in ((), ("powerlu",))
    )
    assert with_it - without == {"native"}


def test_one_thread_leaves_out_the_comparison_of_threads():
    assert not make_scenes(replace(make_settings(parts="threads"), threads=(1,)), native=())


def test_your_own_function_is_called_by_its_last_name():
    assert Contender("actlab", "my_ramp:MY_RAMP").label == "MY_RAMP"
    assert Contender("naive", "powerlu", (("p", 2.37),), "scalar").label == (
        "powerlu(p=2.37) naive, p learned"
    )


def test_the_whole_takes_minutes_and_the_quick_one_less_than_one():
    for quick, limit in ((False, 20 * 60), (True, 60)):
        settings = replace(make_settings(quick=quick), threads=(1, 2))
        seconds = total_seconds(
            make_scenes(settings, native=settings.activations),
            settings,
            native=settings.activations,
        )
        assert seconds < limit
