"""One function for each tool: what it says about a model that is fed these batches.

Each is used as its documentation shows; where a choice was left it is the one that shows most. The
weights are held still, so that every tool sees the same model.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from answers import Answer, Finding, counts
from torch import Tensor, nn

from models import loss_of, target_of


@dataclass(frozen=True)
class Tool:
    """A tool and how it was used.

    Attributes:
        package: its distribution. run: the function. usage: settings, in words.
    """

    package: str
    run: Callable[[nn.Module, list[Tensor]], Answer]
    usage: str


def owner(parameter: str) -> str:
    """The layer of a parameter, from the parameter's name."""
    return parameter.rpartition(".")[0]


@contextlib.contextmanager
def silent():
    """Nothing on the terminal."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def backward(model: nn.Module, batch: Tensor) -> Tensor:
    """Gradients of one batch, and nothing else."""
    model.zero_grad()
    loss = loss_of(model(batch))
    loss.backward()
    return loss


def torchdiag(model: nn.Module, batches: list[Tensor]) -> Answer:
    """Its three checks: dead neurons over all samples, gradients, one training step."""
    import torchdiag

    answer, everything = Answer(), torch.cat(batches)
    with silent():
        dead = torchdiag.check_dead_neurons(model, everything)
        backward(model, batches[0])
        gradients = torchdiag.check_gradients(model)
        still = torch.optim.SGD(model.parameters(), lr=0.0)
        target = target_of(model(batches[0]))
        step = torchdiag.verify_step(model, still, nn.MSELoss(), batches[0], target)
    answer.findings += counts({name: row["dead"] for name, row in dead.items()}, "dead")
    names = {"EXPLODE": "exploding", "VANISH": "vanishing", "no_grad": "no gradient"}
    seen = [(owner(n), names[r["status"]]) for n, r in gradients.items() if r["status"] != "OK"]
    answer.findings += [Finding(*pair) for pair in dict.fromkeys(seen)]
    if not math.isfinite(step["loss"]):
        answer.findings.append(Finding("", "nonfinite"))
    return answer


def fastai(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`ActivationStats` in a `Learner`; its figures are averaged over the batches."""
    from fastai.basics import Callback, CancelStepException, DataLoaders, Learner
    from fastai.callback.hook import ActivationStats

    class HoldStill(Callback):
        def before_step(self):
            raise CancelStepException

    with torch.no_grad():
        target = target_of(model(batches[0]))
    batches = [(batch, target) for batch in batches]
    dls = DataLoaders(batches, [])
    stats = ActivationStats(with_hist=True, include_paramless=True)
    learn = Learner(dls, model, loss_func=nn.MSELoss(), cbs=[stats, HoldStill()])
    with learn.no_logging(), silent():
        learn.fit(1)
    answer = Answer()
    names = {module: name for name, module in model.named_modules()}
    for index, module in enumerate(stats.modules):
        rows = [step[index] for step in stats.stats if isinstance(step[index], dict)]
        if not rows:
            continue
        for key, kind in (("mean", "mean"), ("std", "size"), ("near_zero", "share")):
            answer.figure(names[module], key, kind, sum(row[key] for row in rows) / len(rows))
    return answer


@cache
def wandb_run() -> Any:
    """One offline run for all models; what it would log can be read from it."""
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    logging.getLogger("wandb").setLevel(logging.ERROR)
    settings = wandb.Settings(console="off", x_disable_stats=True, x_disable_meta=True)
    folder = tempfile.mkdtemp()
    return wandb.init(mode="offline", project="peers", dir=folder, settings=settings)


def wandb(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`run.watch(model, log="gradients", log_freq=1)`: the histograms of the last batch."""
    run, logged = wandb_run(), {}
    log = run._log
    run._log = lambda data, *_, **__: logged.update(data)
    try:
        run.watch(model, log="gradients", log_freq=1, idx=0)
        for batch in batches:
            backward(model, batch)
    finally:
        run._log = log
        run.unwatch([model])  # on a compiled model, unwatch(model) raises: it takes its len()
    answer = Answer()
    for name, _ in model.named_parameters():
        histogram = logged.get(f"gradients/{name}")
        if histogram is None:  # it leaves out tensors without a finite value
            continue
        numbers, edges = histogram.histogram, histogram.bins
        inside = [low <= 0 <= high for low, high in pairwise(edges)]
        zero = sum(n for n, here in zip(numbers, inside, strict=False) if here)
        answer.figure(owner(name), f"{name} at 0", "share", zero / max(sum(numbers), 1))
        answer.figure(owner(name), f"{name} range", "size", max(abs(edges[0]), abs(edges[-1])))
    return answer


def module_monitor(model: nn.Module, batches: list[Tensor]) -> Answer:
    """The metrics of its README, and one of ours that counts units at 0 for the whole batch."""
    from torch_module_monitor import ModuleMonitor

    def dead(output: Tensor) -> Tensor:
        units = output.movedim(1, -1) if output.dim() == 4 else output
        return (units.flatten(0, -2) == 0).all(0).sum().float()

    monitor = ModuleMonitor(monitor_step_fn=lambda step: True)
    monitor.set_module(model)
    monitor.add_activation_metric("mean", lambda x: x.mean())
    monitor.add_activation_metric("dead", dead)
    monitor.add_parameter_metric("norm", lambda x: x.norm())
    monitor.add_gradient_metric("norm", lambda x: x.norm())
    monitor.begin_step(0)
    backward(model, torch.cat(batches))
    monitor.monitor_parameters()
    monitor.monitor_gradients()
    monitor.end_step()
    answer = Answer()
    for key, value in monitor.get_step_metrics().items():
        what, name, metric = key.split("/")
        if metric == "dead":
            if value:
                answer.findings.append(Finding(name, "dead", value))
        elif what == "activation":
            answer.figure(name, "mean", "mean", value)
        elif what == "gradient":
            answer.figure(owner(name), f"gradient of {name}", "size", value)
    monitor.activation_hooks.remove_all_hooks()
    return answer


def traintools(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`PlasticityProbe` over all batches and `GradientHealthMonitor` on the last."""
    from traintools import GradientHealthMonitor, PlasticityProbe

    probe = PlasticityProbe(model)
    for batch in batches:
        backward(model, batch)
    result = probe.measure()
    health = GradientHealthMonitor().inspect(model)
    probe.remove_hooks()
    answer = Answer()
    dead = {row.name: round(row.dead_fraction * row.n_units) for row in result.layers}
    answer.findings += counts(dead, "dead")
    answer.findings += [Finding(name, "critical plasticity") for name in result.critical_layers]
    kinds = {"non-finite": "nonfinite", "vanished": "vanishing", "large": "exploding"}
    for text in health.warnings:
        fault = next((fault for word, fault in kinds.items() if word in text), text)
        finding = Finding(owner(text.split(" ")[0]), fault)
        if finding not in answer.findings:
            answer.findings.append(finding)
    return answer


def nn_htop(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`Monitor` while training; the badges of its screen, mean and gradient after the last."""
    from nn_htop import Monitor
    from nn_htop.ui import _get_health_badge

    with Monitor(model) as monitor:
        for batch in batches:
            backward(model, batch)
        stats = monitor.get_stats()
    answer = Answer()
    kinds = {
        "NaN DETECTED": "nonfinite",
        "EXPLODING": "exploding",
        "ZERO GRAD": "zero gradient",
        "DEAD RELU": "dead",
        "VANISHING": "vanishing",
    }
    for name, row in stats.items():
        badge = _get_health_badge(row.mean_activation, row.grad_norm, row.layer_type).plain
        if badge in kinds:
            answer.findings.append(Finding(name, kinds[badge]))
        answer.figure(name, "mean", "mean", row.mean_activation)
        answer.figure(name, "gradient", "size", row.grad_norm)
    return answer


def steklov(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`swap_activation` first, since the profiler sees `SteklovSiLU` only; then the profiler."""
    from steklov_activations import InactivityProfiler, swap_activation

    with silent(), torch.no_grad():
        swap_activation(model, alpha=0.8)
        profiler = InactivityProfiler(model)
        for batch in batches:
            model(batch)
        report = profiler.report(threshold=0.999)
    profiler.remove_hooks()
    dead = zip(report.layer_names, report.inactive_counts, strict=True)
    return Answer(counts(dict(dead), "dead"))


def actlab(model: nn.Module, batches: list[Tensor]) -> Answer:
    """`diagnose(model, batches)`: counts of its table and its alarms."""
    from actlab.diagnose import diagnose

    report = diagnose(model, batches)
    alarms = []
    for name, verdict in report.alarms():
        first = re.search(r"first at (\S+)$", verdict.text)  # the model's first NaN
        alarms.append(Finding(name or (first.group(1) if first else ""), verdict.fault))
    dead = counts({site.name: site.dead for site in report.sites}, "dead")
    saturated = counts({site.name: site.saturated for site in report.sites}, "saturated")
    counted = Counter((finding.place, finding.fault) for finding in dead + saturated)
    rest = [alarm for alarm in alarms if not counted[alarm.place, alarm.fault]]
    return Answer(dead + saturated + rest)


TOOLS = {
    "actlab": Tool("actlab", actlab, "`diagnose(model, batches)`"),
    "torchdiag": Tool(
        "torchdiag", torchdiag, "`check_dead_neurons`, `check_gradients`, `verify_step`"
    ),
    "traintools": Tool("traintools", traintools, "`PlasticityProbe` and `GradientHealthMonitor`"),
    "steklov": Tool(
        "steklov-activations",
        steklov,
        "`swap_activation(model, alpha=0.8)`, then `InactivityProfiler`",
    ),
    "module-monitor": Tool(
        "torch-module-monitor",
        module_monitor,
        "metrics of its README, and a dead-unit count of ours",
    ),
    "fastai": Tool("fastai", fastai, "`ActivationStats(with_hist=True, include_paramless=True)`"),
    "nn-htop": Tool("nn-htop", nn_htop, "`Monitor(model)` and the badges of its screen"),
    "wandb": Tool("wandb", wandb, '`run.watch(model, log="gradients", log_freq=1)`'),
}
