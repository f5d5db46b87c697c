"""What each tool does around a training step, for `overhead.py`."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import nn


@dataclass
class Watch:
    """What a tool does around a step: before it, after backward, and at its end."""

    before: Callable[[int], object] = lambda step: None
    after_backward: Callable[[int], object] = lambda step: None
    end: Callable[[int], object] = lambda step: None


X = torch.randn(32, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def nothing(model: nn.Module) -> Watch:
    return Watch()


def torchdiag(every: int) -> Callable[[nn.Module], Watch]:
    def attach(model: nn.Module) -> Watch:
        import torchdiag

        def check(step: int) -> None:
            if step % every == 0:
                with contextlib.redirect_stdout(io.StringIO()):
                    torchdiag.check_gradients(model)
                    torchdiag.check_dead_neurons(model, X)

        return Watch(after_backward=check)

    return attach


def fastai(every: int | None, **settings: bool) -> Callable[[nn.Module], Watch]:
    """The callback without the `Learner`, so that its own cost alone is measured."""

    def attach(model: nn.Module) -> Watch:
        from fastai.callback.hook import ActivationStats

        stats = ActivationStats(every=every, **settings)
        stats.learn = SimpleNamespace(model=model, training=True, train_iter=0)
        stats.before_fit()

        def before(step: int) -> None:
            stats.learn.train_iter = step
            stats.before_batch()

        return Watch(before=before, end=lambda step: stats.after_batch())

    return attach


def wandb(every: int) -> Callable[[nn.Module], Watch]:
    def attach(model: nn.Module) -> Watch:
        from tools import wandb_run

        run = wandb_run()
        run.watch(model, log="gradients", log_freq=every)
        return Watch(end=lambda step: run.log({"step": step}))

    return attach


def module_monitor(every: int) -> Callable[[nn.Module], Watch]:
    def attach(model: nn.Module) -> Watch:
        from torch_module_monitor import ModuleMonitor

        monitor = ModuleMonitor(monitor_step_fn=lambda step: step % every == 0)
        monitor.set_module(model)
        monitor.add_activation_metric("mean", lambda x: x.mean())
        monitor.add_parameter_metric("norm", lambda x: x.norm())
        monitor.add_gradient_metric("norm", lambda x: x.norm())

        def after_backward(step: int) -> None:
            monitor.monitor_parameters()
            monitor.monitor_gradients()

        return Watch(monitor.begin_step, after_backward, lambda step: monitor.end_step())

    return attach


def traintools(every: int) -> Callable[[nn.Module], Watch]:
    """The probe listens at every step, as it does by default, and is read now and then."""

    def attach(model: nn.Module) -> Watch:
        from traintools import PlasticityProbe

        probe = PlasticityProbe(model)

        def end(step: int) -> None:
            if step % every == 0:
                probe.measure(step=step)
                probe.reset_buffers()

        return Watch(end=end)

    return attach


def nn_htop(model: nn.Module) -> Watch:
    from nn_htop import Monitor

    monitor = Monitor(model)
    return Watch(end=lambda step: monitor.record_step(step, 0.0))


def swapped(profile: bool) -> Callable[[nn.Module], Watch]:
    def attach(model: nn.Module) -> Watch:
        from steklov_activations import InactivityProfiler, swap_activation

        swap_activation(model, alpha=0.8, verbose=False)
        profiler = InactivityProfiler(model) if profile else None
        return Watch(end=lambda step: profiler)

    return attach


def actlab(every: int) -> Callable[[nn.Module], Watch]:
    def attach(model: nn.Module) -> Watch:
        from actlab.diagnose import monitor

        watching = monitor(model, every=every)
        watching.start()
        return Watch(end=lambda step: watching)

    return attach


ALL = {"with_hist": True, "include_paramless": True}

# name: package, what it does to a model, and the configuration it is compared with
CONFIGURATIONS: dict[str, tuple[str, Callable[[nn.Module], Watch], str]] = {
    "nothing": ("torch", nothing, "nothing"),
    "nothing, again": ("torch", nothing, "nothing"),
    "actlab, every step": ("actlab", actlab(1), "nothing"),
    "actlab, every 10th": ("actlab", actlab(10), "nothing"),
    "torchdiag, both checks every step": ("torchdiag", torchdiag(1), "nothing"),
    "torchdiag, both checks every 10th": ("torchdiag", torchdiag(10), "nothing"),
    "fastai, every step (default)": ("fastai", fastai(None), "nothing"),
    "fastai, every step, activations and histograms": ("fastai", fastai(None, **ALL), "nothing"),
    "fastai, every 10th, activations and histograms": ("fastai", fastai(10, **ALL), "nothing"),
    "wandb, every step": ("wandb", wandb(1), "nothing"),
    "wandb, every 10th": ("wandb", wandb(10), "nothing"),
    "wandb, every 1000th (default)": ("wandb", wandb(1000), "nothing"),
    "module-monitor, every step": ("torch-module-monitor", module_monitor(1), "nothing"),
    "module-monitor, every 10th (as in its README)": (
        "torch-module-monitor",
        module_monitor(10),
        "nothing",
    ),
    "traintools, read every step": ("traintools", traintools(1), "nothing"),
    "traintools, read every 10th": ("traintools", traintools(10), "nothing"),
    "traintools, read every 200th (default)": ("traintools", traintools(200), "nothing"),
    "nn-htop, every step (default)": ("nn-htop", nn_htop, "nothing"),
    "SteklovSiLU": ("steklov-activations", swapped(False), "nothing"),
    "SteklovSiLU, profiled every step (default)": (
        "steklov-activations",
        swapped(True),
        "SteklovSiLU",
    ),
}
