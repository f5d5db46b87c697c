"""What a cell computes: the shape of a function, a choice of learning rate, or test runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from actlab.lab.arm import Arm
from actlab.lab.contenders import arm_of
from actlab.lab.device import CPU, on_device
from actlab.lab.engines.interface import Outcome
from actlab.lab.task import Batch, Metric, Run, Task, Tick
from actlab.lab.tasks import task_named

SHAPE_LIMIT = 4.0
SHAPE_POINTS = 321


def execute(key: Mapping[str, Any], needed: Mapping[str, Mapping[str, Any]], tick: Tick) -> Outcome:
    """Compute a cell.

    Args:
        key: the cell's key.
        needed: summaries of the cells it reads, by cell.
        tick: called with the share done.
    """
    arm = arm_of(key)
    if key["kind"] == "shape":
        return _shape(arm)
    task = task_named(key["task"])
    rates = key.get("learning_rates")
    if rates is None:
        rate = key["learning_rate"]
        if isinstance(rate, Mapping):
            rate = needed[rate["chosen_by"]]["learning_rate"]
        rates = [rate]
    batch = Batch(
        arm=arm,
        settings=task.settings.model_validate(dict(key["settings"])),
        seeds=tuple(key["seeds"]),
        rates=tuple(rates),
        role=key["role"],
        tick=tick,
    )
    with on_device(key.get("device", CPU)):
        runs = list(task.run(batch))
    expected = len(batch.seeds) * len(batch.rates)
    if len(runs) != expected:
        raise RuntimeError(f"the task {task.name} gave {len(runs)} runs, not {expected}")
    if key["kind"] == "tune":
        return tuned(task.metric(key["metric"]), runs, rates, len(batch.seeds))
    return recorded(task, runs, rates[0])


def has_diverged(run: Run, metrics: Sequence[Metric]) -> bool:
    """Whether a run says so, or has no finite value of a metric that it should have."""
    if run.diverged:
        return True
    values = [run.metrics.get(metric.name) for metric in metrics]
    return any(value is not None and not np.isfinite(value) for value in values)


def tuned(metric: Metric, runs: Sequence[Run], rates: Sequence[float], seeds: int) -> Outcome:
    """The choice of a learning rate: the best median over the tuning seeds.

    Args:
        metric: what is compared.
        runs: rate by rate, seed by seed.
        rates: ascending.
        seeds: how many tuning seeds there are.
    """
    settled = np.array([_settled(run, metric) for run in runs]).reshape(len(rates), seeds)
    scores = np.stack([np.median(metric.score(row)) for row in settled])
    # argmax takes the first of equals, and the rates ascend: ties go to the smaller rate.
    chosen = float(rates[int(np.argmax(scores))])
    diverged = sum(has_diverged(run, [metric]) for run in runs)
    lost = diverged == len(runs)
    return Outcome(
        status="diverged" if lost else "done",
        reason="every run diverged at every learning rate" if lost else "",
        summary={
            "learning_rate": chosen,
            "learning_rates": [float(rate) for rate in rates],
            "medians": [float(np.median(row)) for row in settled],
            "diverged": diverged,
            "at_edge": chosen in (rates[0], rates[-1]),
        },
        arrays={"values": settled},
    )


def recorded(task: Task, runs: Sequence[Run], rate: float) -> Outcome:
    """The record of test runs at one learning rate."""
    diverged = [has_diverged(run, task.metrics) for run in runs]
    arrays: dict[str, Any] = {}
    for name in runs[0].curves:
        arrays[f"{name}_at"] = np.asarray(runs[0].curves[name][0])
        arrays[name] = np.stack([np.asarray(run.curves[name][1]) for run in runs])
    return Outcome(
        status="diverged" if all(diverged) else "done",
        reason="every run left the finite range or learned nothing" if all(diverged) else "",
        summary={
            "learning_rate": rate,
            "metrics": {
                metric.name: [_settled(run, metric) for run in runs] for metric in task.metrics
            },
            "diverged": diverged,
        },
        arrays=arrays,
    )


def _settled(run: Run, metric: Metric) -> float:
    return metric.settle(None if run.diverged else run.metrics.get(metric.name))


def _shape(arm: Arm) -> Outcome:
    """Value and slope of a function on a grid."""
    import torch

    x = torch.linspace(-SHAPE_LIMIT, SHAPE_LIMIT, SHAPE_POINTS, dtype=torch.float64)
    x.requires_grad_(True)
    y = arm(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    arrays = {"x": x.detach().numpy(), "value": y.detach().numpy(), "slope": slope.numpy()}
    return Outcome(status="done", arrays=arrays)
