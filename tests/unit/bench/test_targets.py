"""Ratios, targets and what makes them doubtful, from numbers made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench.scenes import make_scenes
from actlab.bench.settings import make_settings
from actlab.bench.summary import Outcome, Timing, problems, ratio, warnings
from actlab.bench.targets import checks
from unit.bench.bench_results import make_outcome, make_results


def by_name(results, start):
    return next(check for check in checks(results) if check.target.name.startswith(start))


def test_a_ratio_is_that_of_the_medians_with_quartiles_of_the_pairs(full):
    scene = full.outcomes[0].scene
    fast = Timing(scene.contenders[0], "done", "", (1.0, 2.0, 3.0))
    slow = Timing(scene.contenders[1], "done", "", (2.0, 8.0, 3.0))
    found = ratio(slow, fast)
    assert found.of_medians == 1.5
    assert found.paired == 2.0
    assert (found.low, found.high) == (1.5, 3.0)
    assert ratio(slow, replace(fast, seconds=())) is None


def test_a_run_that_reaches_everything(full):
    assert [check.status for check in checks(full)] == ["reached"] * 11
    assert all(not check.missing for check in checks(full))
    first = checks(full)[0]
    assert len(first.points) == 3 * 4 * 2 * 2  # functions, sizes, dtypes, thread counts
    assert first.note == "48 of 48"
    assert warnings(full) == []
    assert problems(full) == []


def test_one_slow_function_misses_and_is_named():
    settings = replace(make_settings(sizes="2^10,2^18", parts="pointwise"), threads=(1,))
    results = make_results(settings, expolu=1.2)
    check = by_name(results, "PowerLU p=2, ExpoLU (1,1,2), RaLU forward")
    assert check.status == "missed"
    assert check.worst.where == "expolu, float32 2^18, 1 thr"
    assert check.worst.value == pytest.approx(1.32)
    assert check.note == "4 of 6; not at 2^20, 2^22, 2^24"
    assert by_name(results, "PowerLU, ExpoLU, RaLU forward against torch.relu at 2^10").status == (
        "reached"
    )
    assert by_name(results, "RaLU with alpha per channel").status == "not timed"


def test_a_function_that_could_not_be_timed_is_a_miss():
    settings = replace(make_settings(sizes="2^10", parts="pointwise"), threads=(1,))
    scenes = make_scenes(settings, native=settings.activations)
    results = make_results(settings, scenes)
    broken = tuple(
        replace(
            one,
            timings=tuple(
                Timing(t.contender, "failed", "RuntimeError: no", ())
                if t.contender.label == "ralu" else t
                for t in one.timings
            ),
        )
        for one in results.outcomes
    )  # fmt: skip
    results = replace(results, outcomes=broken)
    check = by_name(results, "PowerLU, ExpoLU, RaLU forward against torch.relu at 2^10")
    assert check.status == "missed"
    assert "could not be timed" in check.worst.where
    (line,) = problems(results)
    assert line.startswith("ralu: failed in 6 comparisons")
    assert line.endswith("RuntimeError: no")


def test_threads_are_held_to_what_relu_gains(full):
    (scene,) = {one.scene for one in full.part("threads") if one.scene.dtype == "float32"}
    good = make_outcome(scene)
    lazy = tuple(
        replace(t, seconds=tuple(2 * s for s in t.seconds))
        if t.contender.threads == 2 else t
        for t in good.timings
    )  # fmt: skip
    for outcome, status in ((good, "reached"), (replace(good, timings=lazy), "does not apply")):
        results = replace(full, outcomes=(outcome,))
        assert by_name(results, "2 threads").status == status


def test_a_byte_too_many_is_a_miss(full):
    one = full.part("memory")[0]
    row = dict(one.memory["powerlu"])
    row["conv"] = row["conv"] | {"bytes": row["conv"]["bytes"] + 1}
    results = replace(full, outcomes=(replace(one, memory={**one.memory, "powerlu": row}),))
    check = by_name(results, "PowerLU and ExpoLU in Linear")
    assert check.status == "missed"
    assert (check.worst.value, check.worst.where) == (1.0, "powerlu, conv, float32")


def test_a_noisy_machine_is_said_to_be_noisy(full):
    def shaken(one: Outcome) -> Outcome:
        first = replace(one.timings[0], seconds=(1.0, 2.0, 1.0, 2.0, 1.5))
        return replace(one, timings=(first, *one.timings[1:]), cpu_share=0.5)

    timed = full.part("pointwise")
    results = replace(full, outcomes=tuple(map(shaken, timed)), about={**full.about, "load": 3.0})
    text = " ".join(warnings(results))
    assert "load average 3" in text
    assert f"in {len(timed)} of {len(timed)} comparisons" in text
    assert "only 50% of a core" in text


def test_few_rounds_are_told(full):
    few = tuple(replace(one, rounds=3) for one in full.part("steps"))
    (line,) = warnings(replace(full, outcomes=few))
    assert line.startswith("4 of 4 comparisons were so slow")
