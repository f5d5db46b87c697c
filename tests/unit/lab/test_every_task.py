"""What every task of the laboratory promises, whoever wrote it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.contenders import resolve
from actlab.lab.inits import init_for
from actlab.lab.study import ContenderSpec
from actlab.lab.task import Batch, Run, Task
from actlab.lab.tasks import task_named, task_names

RATE = 1e-3
CLOSE = 2e-3
"""Relative: batched and single matrix products add up in another order, and training spreads it."""


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=task_names())
def task(request) -> Task:
    try:
        return task_named(request.param)
    except ImportError as error:
        pytest.skip(str(error))


def arm_named(name: str, scheme: str = "own", **params: float) -> Arm:
    contender = resolve(ContenderSpec(name=name, **params))
    return contender.arm(init_for(contender.name, contender.params, scheme))


def runs_of(task: Task, arm: Arm, seeds=(0, 1), rates=(RATE,), **settings) -> list[Run]:
    chosen = task.settings.model_validate({**task.trial, **settings})
    return list(task.run(Batch(arm, chosen, tuple(seeds), tuple(rates))))


def numbers(run: Run) -> dict[str, float]:
    return {name: float("nan") if v is None else float(v) for name, v in run.metrics.items()}


def test_it_gives_every_metric_and_every_curve_it_declares(task):
    shares: list[float] = []
    chosen = task.settings.model_validate(dict(task.trial))
    runs = task.run(Batch(arm_named("relu"), chosen, (0, 1), (RATE,), tick=shares.append))
    assert len(runs) == 2
    for run in runs:
        assert set(run.metrics) == {metric.name for metric in task.metrics}
        assert set(run.curves) == {curve.name for curve in task.curves}
        for at, values in run.curves.values():
            assert len(at) == len(values) > 0
    assert all(0.0 <= share <= 1.0 for share in shares)


@pytest.mark.full
def test_the_same_run_gives_the_same_numbers(task):
    if not task.deterministic:
        pytest.skip("it measures times")
    first, second = (runs_of(task, arm_named("relu")) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), rel=0, abs=0, nan_ok=True)


def test_a_run_does_not_depend_on_those_beside_it(task):
    if not task.deterministic:
        pytest.skip("it measures times")
    together = runs_of(task, arm_named("elu"), seeds=(0, 1), rates=(RATE, 2 * RATE))
    alone = runs_of(task, arm_named("elu"), seeds=(1,), rates=(2 * RATE,))
    for name, value in numbers(alone[0]).items():
        assert numbers(together[3])[name] == pytest.approx(value, rel=CLOSE, abs=CLOSE, nan_ok=True)


def test_equal_functions_give_equal_runs(task):
    """PowerLU with p = 2 is ExpoLU with a = 4, b = 1, p = 2: draws, data and order are shared."""
    if not task.deterministic:
        pytest.skip("it measures times")
    init = Init("own", 1.2, 0.1)
    pair = [
        resolve(ContenderSpec(name="powerlu", p=2.0)).arm(init),
        resolve(ContenderSpec(name="expolu", a=4.0, b=1.0, p=2.0)).arm(init),
    ]
    first, second = (runs_of(task, arm) for arm in pair)
    for one, other in zip(first, second, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), rel=0, abs=0, nan_ok=True)
        for name in one.curves:
            np.testing.assert_array_equal(one.curves[name][1], other.curves[name][1])


@pytest.mark.full
def test_other_seeds_give_other_numbers(task):
    if not task.deterministic:
        pytest.skip("it measures times")
    one, other = runs_of(task, arm_named("relu"), seeds=(0, 1))
    curves = [np.asarray(values) for _, values in one.curves.values()]
    others = [np.asarray(values) for _, values in other.curves.values()]
    different = numbers(one) != numbers(other)
    assert different or any(not np.array_equal(a, b) for a, b in zip(curves, others, strict=True))


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["default", "he", "own"])
def test_every_initialisation_works(task, scheme):
    for run in runs_of(task, arm_named("powerlu", scheme), seeds=(3,)):
        assert run.metrics


@pytest.mark.full
@pytest.mark.parametrize("learn", ["shared", "unit"])
def test_learned_parameters_work(task, learn):
    spec = ContenderSpec(name="ralu", alpha=2.0, learn=learn)
    for run in runs_of(task, resolve(spec).arm(Init("he", 2**0.5, 0.0)), seeds=(0, 1)):
        assert run.metrics


@pytest.mark.full
def test_tuning_draws_are_not_test_draws(task):
    if not task.deterministic:
        pytest.skip("it measures times")
    chosen = task.settings.model_validate(dict(task.trial))
    arm = arm_named("relu")
    test, tuning = (task.run(Batch(arm, chosen, (0,), (RATE,), role))[0] for role in
                    ("test", "tuning"))  # fmt: skip
    same = all(
        np.array_equal(np.asarray(test.curves[name][1]), np.asarray(tuning.curves[name][1]))
        for name in test.curves
    )
    assert numbers(test) != numbers(tuning) or not same


@pytest.mark.full
def test_a_rate_that_is_far_too_large_is_no_error(task):
    for run in runs_of(task, arm_named("relu", "default"), seeds=(0,), rates=(1e6,)):
        assert isinstance(run.diverged, bool | np.bool_)
