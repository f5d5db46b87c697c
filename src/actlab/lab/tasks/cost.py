"""What a function costs: its time beside that of torch.relu, on this machine."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from actlab.lab.models.forms import Form, Function, function_in
from actlab.lab.models.layers import Linear
from actlab.lab.models.start import Start
from actlab.lab.models.timing import Call, race, undisturbed
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

What = Literal["forward", "forward-backward", "inference", "step"]
Inputs = Literal["normal", "positive", "negative", "subnormal", "hugely-negative"]

SUBNORMAL = (-103.0, -88.0)
"""Between these exp(x) is a subnormal float32."""

HUGE = (-1000.0, -110.0)
"""Between these exp(x) is 0 in float32."""

SLOWEST = 1e6


class CostSettings(Settings):
    """What is timed; ``batch``, ``width`` and ``depth`` are of the network of the last two."""

    what: What = "forward"
    form: Form = "actlab"
    size: int = Field(default=65536, ge=1, le=100_000_000)
    dtype: Literal["float32", "bfloat16"] = "float32"
    inputs: Inputs = "normal"
    batch: int = Field(default=64, ge=1, le=65536)
    width: int = Field(default=512, ge=1, le=8192)
    depth: int = Field(default=4, ge=1, le=100)
    rounds: int = Field(default=10, ge=1, le=1000)
    slice_ms: float = Field(default=0.5, gt=0.0, le=1000.0)

    @property
    def network(self) -> bool:
        """Whether a whole network is timed."""
        return self.what in ("inference", "step")

    @property
    def values(self) -> int:
        """How many numbers the function is applied to."""
        return self.batch * self.width * self.depth if self.network else self.size


class Timed(nn.Module):
    """A perceptron with the same function between its layers."""

    def __init__(self, start: Start, function: Function, width: int, depth: int) -> None:
        super().__init__()
        self.function = function
        self.maps = nn.ModuleList(
            Linear(start, f"layer {index}", width, width) for index in range(depth + 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(1, n, width)`` to the same."""
        for linear in self.maps[:-1]:
            x = self.function(linear(x))
        return self.maps[-1](x)


def run(batch: Batch) -> Sequence[Run]:
    """Time the function, torch.relu and a copy by turns, once for every run."""
    settings: CostSettings = batch.settings
    seeds = [seed for _ in batch.rates for seed in batch.seeds]
    dtype = getattr(torch, settings.dtype)
    runs = []
    with undisturbed():
        function, learned = function_in(batch.arm, settings.form, dtype)
        for done, seed in enumerate(seeds):
            start = Start(batch.arm, (seed,), role=batch.role)
            calls = calls_of(start, settings, function, learned)
            took = race(
                calls,
                start.generator(seed, "order of calls"),
                rounds=settings.rounds,
                seconds=settings.slice_ms / 1000,
            )
            runs.append(_run(took, settings.values))
            batch.tick((done + 1) / len(seeds))
    return runs


def _run(took: dict[str, list[float]], values: int) -> Run:
    least = {name: min(seconds) for name, seconds in took.items()}
    at = np.arange(1.0, len(took["function"]) + 1)
    return Run(
        metrics={
            "ratio": least["function"] / least["relu"],
            "copy": least["function"] / least["copy"],
            "nanoseconds": least["function"] * 1e9 / values,
        },
        curves={name: (at, np.asarray(took[name]) * 1e9 / values) for name in ("function", "relu")},
    )


def calls_of(
    start: Start, settings: CostSettings, function: Function, learned: list[Tensor]
) -> dict[str, Call]:
    """What is timed: ``function``, ``relu`` and ``copy``, for the one seed of a start.

    Beside networks ``copy`` is the network without any function.

    Args:
        start: draws inputs and networks.
        settings: of the task.
        function, learned: from :func:`function_in`.
    """
    dtype = getattr(torch, settings.dtype)
    if settings.network:
        build = {
            "function": (function, learned),
            "relu": (torch.relu, []),
            "copy": (_same, []),
        }
        return {
            name: _network_call(start, settings, one, extra, dtype)
            for name, (one, extra) in build.items()
        }
    x = inputs_of(start, settings.inputs, settings.size).to(dtype)
    if settings.what == "forward":
        target = torch.empty_like(x)
        return {
            "function": partial(_without_grad, function, x),
            "relu": partial(_without_grad, torch.relu, x),
            "copy": partial(target.copy_, x),
        }
    gradient = start.normal("gradient", settings.size)[0].to(dtype)
    target, other = torch.empty_like(x), torch.empty_like(x)
    x.requires_grad_(True)
    return {
        "function": partial(_there_and_back, function, x, gradient, learned),
        "relu": partial(_there_and_back, torch.relu, x, gradient, []),
        "copy": partial(_copy_twice, x.detach(), target, gradient, other),
    }


def inputs_of(start: Start, kind: Inputs, size: int) -> Tensor:
    """Inputs of one seed, ``(size,)``."""
    if kind in ("subnormal", "hugely-negative"):
        low, high = SUBNORMAL if kind == "subnormal" else HUGE
        return low + (high - low) * (start.uniform("input", size)[0] + 1) / 2
    x = start.normal("input", size)[0]
    if kind == "normal":
        return x
    return x.abs() if kind == "positive" else -x.abs()


def _same(x: Tensor) -> Tensor:
    return x


def _without_grad(function: Function, x: Tensor) -> Tensor:
    with torch.no_grad():
        return function(x)


def _there_and_back(
    function: Function, x: Tensor, gradient: Tensor, learned: list[Tensor]
) -> tuple[Tensor, ...]:
    return torch.autograd.grad(function(x), [x, *learned], gradient)


def _copy_twice(x: Tensor, target: Tensor, gradient: Tensor, other: Tensor) -> None:
    target.copy_(x)
    other.copy_(gradient)


def _network_call(
    start: Start,
    settings: CostSettings,
    function: Function,
    learned: list[Tensor],
    dtype: torch.dtype,
) -> Call:
    net = Timed(start, function, settings.width, settings.depth).to(dtype)
    x = start.normal("examples", settings.batch, settings.width).to(dtype)
    if settings.what == "inference":
        return partial(_without_grad, net, x)
    parameters = list({id(p): p for p in [*net.parameters(), *learned]}.values())
    optimiser = torch.optim.Adam(parameters, lr=1e-5, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        net(x).square().mean().backward()
        optimiser.step()

    return step


def _facts() -> dict[str, Any]:
    return {
        "statistic": "least of the rounds, each call once in every round in a random order",
        "clock": "processor time of one thread",
        "threads": 1,
        "machine": platform.machine(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
    }


def _seconds(settings: CostSettings) -> float:
    """Every slice lasts its time or one call, and is met twice more while it is prepared."""
    call = 1e-9 * settings.values * (20 if settings.form == "formula" else 1)
    if settings.network:
        call += 1e-10 * settings.batch * settings.width**2 * settings.depth
    compiling = 0.5 if settings.form == "compiled" else 0.0
    slices = 3 * (settings.rounds + 3)
    return slices * max(settings.slice_ms / 1000, call) + 2e-8 * settings.values + compiling


WORST = 1000.0

TASK = Task(
    name="cost",
    title="Time of a function, beside torch.relu",
    about=(
        "One thread; a run times the function, torch.relu and a copy of the same bytes by turns, "
        "each on its own or inside a perceptron that answers or takes a training step. Numbers "
        "hold for the machine they were measured on. The learning rate plays no part."
    ),
    version=1,
    settings=CostSettings,
    metrics=(
        Metric("ratio", "time relative to torch.relu", "lower", WORST, "log10", "x"),
        Metric("copy", "time relative to a copy, or to the network without a function", "lower",
               10 * WORST, "log10", "x"),
        Metric("nanoseconds", "nanoseconds per value", "lower", SLOWEST, "log10", "ns"),
    ),
    run=run,
    curves=(
        Curve("function", "nanoseconds per value", "round", "log10"),
        Curve("relu", "nanoseconds per value of torch.relu", "round", "log10"),
    ),
    seconds=_seconds,
    facts=_facts,
    trial={"size": 256, "rounds": 2, "slice_ms": 0.1},
    stacked=False,
    deterministic=False,
    exclusive=True,
)  # fmt: skip
