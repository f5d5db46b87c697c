"""A training function as a task that studies know by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from pydantic import Field
from torch import nn

from actlab.lab import Arm, Batch, Metric, Settings, as_task
from actlab.lab.arm import Init
from actlab.lab.conduct import conduct, prepare
from actlab.lab.engines import engine_named
from actlab.lab.function_contract import ContractError
from actlab.lab.task import Task
from actlab.lab.tasks import task_code, task_named
from actlab.records import FINAL, Store

LOSS = Metric("loss", "test loss", "lower", worst=1.0)

MODULE = '''
import torch
from actlab.lab import Metric, as_task

@as_task(metrics=Metric("loss", "test loss", "lower", worst=10.0))
def train(activation, seed, learning_rate):
    """Fit a line.

    Ten steps.
    """
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), activation(), torch.nn.Linear(8, 1))
    x = torch.randn(32, 4)
    activation.init_(model, x)
    optimiser = torch.optim.SGD(model.parameters(), learning_rate)
    for _ in range(10):
        optimiser.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimiser.step()
    return loss
'''

STUDY = """
name = "own"
title = "A task of one's own"
task = "own_training:train"
claim = "Nothing much"
contender = "tanh"
baseline = "relu"
smallest_effect = 0.1

[[part]]
name = "only"
title = "Only"
regimes = ["as-claimed", "fair"]
contenders = ["tanh", "relu"]
seeds = 2
learning_rate = 0.1
learning_rates = [0.01, 0.1]
tuning_seeds = 1
"""


def batch(seeds=(0, 1), rates=(0.1,), role="test", settings=None, scheme="default", name="relu"):
    return Batch(Arm(name, init=Init(scheme)), settings, tuple(seeds), tuple(rates), role)


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_training.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_decorated_function_is_a_task_and_still_the_function(own):
    task = task_named("own_training:train")
    assert isinstance(task, Task)
    assert (task.name, task.title) == ("train", "Fit a line")
    assert task.about == "Fit a line.\n\nTen steps."
    assert task_code("own_training:train") == task_code("own_training:train")
    assert not task.stacked
    assert task.block(task.settings()) == 1
    from actlab.lab.given import GivenActivation

    loss = task(GivenActivation(Arm("relu")), 0, learning_rate=0.1)
    assert math.isfinite(loss.item())


@pytest.mark.slow
def test_a_study_runs_it_in_worker_processes(own):
    file = own / "own.toml"
    file.write_text(STUDY)
    plan = prepare(str(file))
    ended = conduct(
        plan, own / "out", engine_named("local", 1), command="-", watch=lambda event: None
    )
    assert all(record.status in FINAL for record in ended), [r.reason for r in ended]
    store = Store.open(own / "out")
    values = {}
    for cell in plan.cells:
        if cell.kind == "train":
            record = store.load(cell.id)
            values[cell.regime, cell.contender, cell.seeds] = record.summary["metrics"]["loss"][0]
    assert len(set(values.values())) == 8


def test_runs_come_rate_by_rate_and_seed_by_seed():
    task = as_task(lambda activation, seed, learning_rate: learning_rate + seed, metrics=LOSS)
    runs = task.run(batch(seeds=(3, 5), rates=(0.1, 0.2)))
    assert [run.metrics["loss"] for run in runs] == [3.1, 5.1, 3.2, 5.2]


def test_a_tuning_seed_is_no_test_seed():
    def train(activation, seed):
        return seed + np.random.rand()

    task = as_task(train, metrics=LOSS)
    test, tuning = (task.run(batch((0,), role=role))[0].metrics["loss"] for role in
                    ("test", "tuning"))  # fmt: skip
    assert test < 1
    assert tuning > 1_000_000
    assert tuning - 1_000_000 != test


def test_a_failing_test_run_raises_and_a_failing_tuning_run_counts_as_diverged():
    def train(activation, seed, learning_rate):
        return 1.0 if learning_rate < 0.5 else 1 / 0

    task = as_task(train, metrics=LOSS)
    with pytest.raises(ZeroDivisionError):
        task.run(batch(rates=(1.0,)))
    runs = task.run(batch((0,), rates=(0.1, 1.0), role="tuning"))
    assert [run.diverged for run in runs] == [False, True]
    with pytest.raises(ZeroDivisionError):
        task.run(batch((0,), rates=(1.0, 2.0), role="tuning"))


def test_settings_reach_the_function():
    class Own(Settings):
        depth: int = Field(default=2, ge=1)

    def train(activation, seed, settings):
        return float(settings.depth)

    task = as_task(train, metrics=LOSS, settings=Own)
    assert task.run(batch((0,), settings=Own(depth=5)))[0].metrics["loss"] == 5.0
    with pytest.raises(TypeError, match="takes settings"):
        as_task(train, metrics=LOSS)


def test_declared_numbers_must_be_returned_and_others_are_left_out():
    both = (LOSS, Metric("accuracy", "accuracy", "higher", worst=0.0))
    task = as_task(
        lambda activation, seed: {"accuracy": 0.5, "more": 1.0, "loss": 0.2}, metrics=both
    )
    assert task.run(batch((0,)))[0].metrics == {"loss": 0.2, "accuracy": 0.5}
    task = as_task(lambda activation, seed: {"loss": 0.2}, metrics=both)
    with pytest.raises(ContractError, match="must return accuracy; it returned loss"):
        task.run(batch((0,)))


def test_a_function_without_a_learning_rate_cannot_try_several():
    task = as_task(lambda activation, seed: 1.0, metrics=LOSS)
    assert task.facts() == {"learning_rate": "the function's own"}
    with pytest.raises(ContractError, match="takes no learning_rate"):
        task.run(batch(rates=(0.1, 0.2), role="tuning"))


def test_an_initialisation_that_is_never_made_is_an_error():
    task = as_task(lambda activation, seed: 1.0, metrics=LOSS)
    assert task.run(batch((0,), scheme="default"))
    with pytest.raises(ContractError, match=r"never calls activation.init_.*'own'"):
        task.run(batch((0,), scheme="own"))


def test_equal_functions_give_equal_runs():
    """PowerLU with p = 2 is ExpoLU with a = 4, b = 1, p = 2."""

    def train(activation, seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(4, 8), activation(), nn.Linear(8, 1))
        activation.init_(model, torch.zeros(1, 4))
        return model(torch.randn(5, 4)).square().mean()

    task = as_task(train, metrics=LOSS)
    arms = [Arm("powerlu", {"p": 2.0}), Arm("expolu", {"a": 4.0, "b": 1.0, "p": 2.0})]
    one, other = (
        task.run(Batch(Arm(a.name, a.params, init=Init("he")), None, (0,), (1.0,))) for a in arms
    )
    assert one[0].metrics == other[0].metrics


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ()}, "metrics must name a metric"),
        ({"metrics": ["loss"]}, "actlab.lab.Metric, got 'loss'"),
        ({"metrics": LOSS, "name": "My Task"}, "lower-case words"),
    ],
    ids=str,
)
def test_bad_options_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        as_task(lambda activation, seed: 1.0, **options)


def test_names_become_lower_case_words():
    def trainSmallNet_2(activation, seed):
        return 1.0

    assert as_task(trainSmallNet_2, metrics=LOSS).name == "train-small-net-2"
