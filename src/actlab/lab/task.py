"""What a task is: a value that says what is measured, and a function that measures it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from actlab.lab.arm import Arm

Array = npt.NDArray[np.floating]
Tick = Callable[[float], None]
Role = Literal["test", "tuning"]
BLOCK = 10
LOWEST = 1e-20
"""Values below this count as this on a logarithmic scale."""


class Settings(BaseModel):
    """What can be set about a task; every field has a default and a range.

    A subclass lists the fields: ``depth: int = Field(default=2, ge=1, le=1000)``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Metric:
    """One number measured in every run.

    Args:
        name: an identifier, such as ``accuracy``.
        title: in words, for tables and axes.
        better: which way is better.
        worst: what a run counts as that diverged or did not give the number: the value of a
            network that has learned nothing. Runs that end worse than this count as this where
            ``capped`` is set.
        scale: ``linear``: differences are differences. ``log10``: differences are of logarithms
            to base 10, so 0.301 is a factor of two.
        unit: what is written after a number, such as ``pp``.
        capped: values worse than ``worst`` count as ``worst``. Default: True.
    """

    name: str
    title: str
    better: Literal["lower", "higher"]
    worst: float
    scale: Literal["linear", "log10"] = "linear"
    unit: str = ""
    capped: bool = True

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"name must be an identifier, got {self.name!r}")
        if self.better not in ("lower", "higher"):
            raise ValueError(f"better must be 'lower' or 'higher', got {self.better!r}")
        if self.scale not in ("linear", "log10"):
            raise ValueError(f"scale must be 'linear' or 'log10', got {self.scale!r}")
        if not math.isfinite(self.worst):
            raise ValueError(f"worst must be a finite number, got {self.worst!r}")

    def settle(self, value: float | None) -> float:
        """The number a run counts with: ``worst`` where there is none, capped where it is worse."""
        if value is None or not math.isfinite(value):
            return self.worst
        if not self.capped:
            return float(value)
        pick = min if self.better == "lower" else max
        return float(pick(value, self.worst))

    def score(self, values: Sequence[float] | Array) -> npt.NDArray[np.float64]:
        """Values on the scale of the metric, turned so that more is better."""
        numbers = np.asarray(values, dtype=np.float64)
        if self.scale == "log10":
            numbers = np.log10(np.maximum(numbers, LOWEST))
        return -numbers if self.better == "lower" else numbers

    def describe(self) -> dict[str, Any]:
        """Its entry in a study description."""
        return {
            "name": self.name, "title": self.title, "better": self.better, "worst": self.worst,
            "scale": self.scale, "unit": self.unit,
        }  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """Numbers over an axis, kept for every run: a loss by step, a gradient by layer.

    Args:
        name: an identifier.
        title: of the vertical axis.
        along: of the horizontal axis.
        scale: of the vertical axis.
    """

    name: str
    title: str
    along: str = "step"
    scale: Literal["linear", "log10"] = "linear"


@dataclass(frozen=True)
class Run:
    """What came out of one run.

    Args:
        metrics: a number by metric name; None, NaN and infinity count as the metric's worst.
        diverged: the run left the finite range, or ended where nothing is learned any more.
        curves: ``(positions, values)`` by curve name; the runs of a batch share positions.
    """

    metrics: Mapping[str, float | None]
    diverged: bool = False
    curves: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)


def _untold(share: float) -> None:
    """Nobody is told how far a batch is."""


@dataclass(frozen=True)
class Batch:
    """What a task is asked for: one function, at some seeds and learning rates.

    Args:
        arm: the function with its initialisation.
        settings: of the task.
        seeds: by number; a seed fixes data, order, noise and unscaled initial draws.
        rates: learning rates; every seed runs at every one of them.
        role: ``test`` or ``tuning``; the two never share a draw.
        tick: called now and then with the share that is done, between 0 and 1.
    """

    arm: Arm
    settings: Any
    seeds: tuple[int, ...]
    rates: tuple[float, ...]
    role: Role = "test"
    tick: Tick = _untold


def _no_data() -> str:
    """No data: nothing to tell versions of them apart by."""
    return ""


def _a_second(settings: Any) -> float:
    """A second for every run."""
    return 1.0


def _ten(settings: Any) -> int:
    """Ten test seeds per cell."""
    return BLOCK


@dataclass(frozen=True)
class Task:
    """A task of the laboratory.

    Args:
        name: how studies call it: lower-case words joined by hyphens.
        title: a line.
        about: what data, what network, what budget, in a few sentences.
        version: raised when the arithmetic changes, so that older records are kept apart.
        settings: what can be set; every field with a default.
        metrics: what is measured; the first one is primary unless a study names another.
        run: gives the runs of a batch, learning rate by learning rate and seed by seed:
            ``run(batch)[i * len(batch.seeds) + j]`` is seed j at rate i.
        curves: what ``run`` keeps besides.
        data: a text that changes when the data do; it is part of every cell's name.
        seconds: roughly what one run costs on one core; only the progress bar reads it.
        facts: anything else the report should know, such as the loss of a constant predictor.
        block: how many test seeds train together in one cell, by settings. Default: 10.
        needs: optional libraries that it imports, with the extra that brings each.
        trial: settings under which a run takes well under a second: for tests and a first look.
        stacked: whether the runs of a batch are computed together. Default: True.
        deterministic: whether the same run always gives the same numbers. False for measured
            times only. Default: True.
        exclusive: its runs measure times: nothing else runs beside them. Default: False.
        any_device: its networks may live on a GPU: ``run`` makes every tensor with torch's
            functions and no ``device=``, from numpy by ``torch.as_tensor``, and takes numbers back
            by ``.cpu()``. Default: False: it runs on the CPU whatever device is asked for.
    """

    name: str
    title: str
    about: str
    version: int
    settings: type[Settings]
    metrics: tuple[Metric, ...]
    run: Callable[[Batch], Sequence[Run]]
    curves: tuple[Curve, ...] = ()
    data: Callable[[], str] = _no_data
    seconds: Callable[[Any], float] = _a_second
    facts: Callable[[], Mapping[str, Any]] = dict
    block: Callable[[Any], int] = _ten
    needs: Mapping[str, str] = field(default_factory=dict)
    trial: Mapping[str, Any] = field(default_factory=dict)
    stacked: bool = True
    deterministic: bool = True
    exclusive: bool = False
    any_device: bool = False

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError(f"{self.name}: metrics must name a metric at least")
        names = [metric.name for metric in self.metrics]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: metrics must not repeat a name, got {names}")

    def metric(self, name: str) -> Metric:
        """The metric of that name; the primary one for an empty name.

        Raises:
            UnknownNameError: the task does not measure it.
        """
        from actlab.core.errors import UnknownNameError

        if not name:
            return self.metrics[0]
        known = {metric.name: metric for metric in self.metrics}
        if name not in known:
            raise UnknownNameError(f"metric of {self.name}", name, known)
        return known[name]
