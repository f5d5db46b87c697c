"""What is counted at one site, on the device and in passing: nothing waits, and nothing is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from actlab.kernels.policy import NO_DOUBLE

SMALL = 0.01
"""A slope of at most this share of the largest one counts as small."""

PROBES = 129
FARTHEST = 8.0

LIMITS = {"float16": (2.0**-25, 2.0**-14), "bfloat16": (2.0**-134, 2.0**-126),
          "float32": (2.0**-150, 2.0**-126)}  # fmt: skip
"""Of each dtype, below what it holds 0 only, and below what it holds fewer digits."""

SAMPLE = 1 << 14
"""Gradients of a call that are looked at for underflow, spread evenly."""


@dataclass(slots=True)
class Spread:
    """Running means and squared deviations, one of each for every unit."""

    count: Tensor
    mean: Tensor
    deviation: Tensor

    @classmethod
    def empty(cls, units: int, device: torch.device, dtype: torch.dtype) -> Spread:
        """Nothing counted yet."""
        zeros = (torch.zeros(units, device=device, dtype=dtype) for _ in range(3))
        return cls(*zeros)

    def add(self, values: Tensor) -> None:
        """Count values in; units with a NaN or infinity among them are left out of this call.

        Args:
            values: before the units, units, behind the units.
        """
        count = values.shape[0] * values.shape[2]
        centre = values.sum(2).sum(0) / count
        off = (values - centre[:, None]).square_().sum(2).sum(0)
        mean, variance = centre.to(self.mean.dtype), (off / count).to(self.mean.dtype)
        finite = torch.isfinite(mean) & torch.isfinite(variance)
        share = torch.where(finite, float(count), 0.0).to(self.mean.dtype)
        total = self.count + share
        weight = share / torch.clamp(total, min=1.0)
        step = torch.where(finite, mean - self.mean, 0.0)
        self.deviation += torch.where(finite, variance, 0.0) * share
        self.deviation += step.square() * self.count * weight
        self.mean += step * weight
        self.count = total


@dataclass(slots=True)
class Gradients:
    """What is counted of the gradients of a site's output."""

    calls: int
    elements: int
    sampled: int
    square: Tensor
    nonfinite: Tensor
    zero: Tensor
    lost: Tensor
    short: Tensor


class Meter:
    """Counts at one site.

    Args:
        x: the first input seen. channel_dim: the dimension of its units, or None.
        function: the activation, out of place.
    """

    def __init__(
        self, x: Tensor, channel_dim: int | None, function: Callable[[Tensor], Tensor]
    ) -> None:
        self.shape = tuple(x.shape)
        self.dtype = str(x.dtype).removeprefix("torch.")
        self.device = x.device
        self.channel_dim = channel_dim
        self.units = 1 if channel_dim is None else x.shape[channel_dim]
        self.function = function
        self.calls = self.samples = self.elements = self.skipped = 0
        self.failure = ""
        wide = torch.float32 if x.device.type in NO_DOUBLE else torch.float64
        self.wide = wide
        self.given = Spread.empty(self.units, x.device, wide)
        self.made = Spread.empty(self.units, x.device, wide)
        self.zero_slope = torch.zeros(self.units, device=x.device, dtype=wide)
        self.small_slope = torch.zeros(self.units, device=x.device, dtype=wide)
        self.slope_square = torch.zeros((), device=x.device, dtype=wide)
        self.slopes = 0
        self.nonfinite_given = torch.zeros((), device=x.device, dtype=torch.int64)
        self.nonfinite_made = torch.zeros((), device=x.device, dtype=torch.int64)
        self.first_step = torch.full((), -1, device=x.device, dtype=torch.int64)
        self.gradients: Gradients | None = None
        self.probed, self.peak = self._probe(x)

    # ---- forward

    def fits(self, x: Tensor) -> bool:
        """Whether a value has the units that were there at first."""
        if self.channel_dim is None:
            return x.device == self.device
        dim = self._dim(x)
        return (
            0 <= dim < x.dim()
            and x.shape[dim] == self.units
            and x.device == self.device
            and x.numel() > 0
        )

    def _dim(self, x: Tensor) -> int:
        """The dimension of units; counted from the back where it was the last."""
        assert self.channel_dim is not None
        last = self.channel_dim == len(self.shape) - 1
        return x.dim() - 1 if last else self.channel_dim

    def by_units(self, x: Tensor) -> Tensor:
        """Three dimensions: before the units, units, behind the units; a view where it can be."""
        if self.channel_dim is None or not x.dim():
            return x.reshape(-1, 1, 1) if x.dim() < 2 else x.reshape(1, 1, -1)
        dim = self._dim(x)
        if not x.is_contiguous() and x.movedim(dim, -1).is_contiguous():
            return x.movedim(dim, -1).reshape(-1, self.units, 1)
        return x.reshape(math.prod(x.shape[:dim]), self.units, math.prod(x.shape[dim + 1 :]))

    def before(self, x: Tensor, step: int) -> None:
        """Count an input and the slopes there."""
        x = _plain(x)
        self.calls += 1
        self.samples += x.numel() // self.units
        self.elements += x.numel()
        self.given.add(self.by_units(_wide(x)))
        bad = nonfinite(x)
        self.nonfinite_given += bad
        self._first(bad, step)
        if not self.failure:
            self._count_slopes(x)

    def _count_slopes(self, x: Tensor) -> None:
        try:
            slope = slope_of(self.function, x)
        except Exception as error:  # somebody's function
            self.failure = f"its slope cannot be computed: {type(error).__name__}: {error}"
            return
        square = torch.linalg.vector_norm(slope, dtype=_norm_dtype(slope)).to(self.wide).square()
        self.slope_square += square.nan_to_num(0.0, 0.0, 0.0)
        self.slopes += slope.numel()
        size = self.by_units(slope).abs()
        limit = (self.peak * SMALL).to(size.dtype)
        self.zero_slope += counted(size == 0)
        self.small_slope += counted(size <= (limit[:, None] if limit.dim() else limit))

    def after(self, y: Tensor, step: int) -> None:
        """Count an output."""
        y = _plain(y)
        self.made.add(self.by_units(_wide(y)))
        bad = nonfinite(y)
        self.nonfinite_made += bad
        self._first(bad, step)

    def _first(self, bad: Tensor, step: int) -> None:
        new = (self.first_step < 0) & (bad > 0)
        self.first_step = torch.where(new, step, self.first_step)

    # ---- backward

    def gradient(self, gradient: Tensor) -> None:
        """Count a gradient of the output; set as a hook, which changes nothing."""
        with torch.no_grad(), torch._C.DisableTorchFunction():
            self._count(_plain(gradient))

    def _count(self, g: Tensor) -> None:
        if self.gradients is None:
            zeros = [torch.zeros((), device=g.device, dtype=self.wide) for _ in range(3)]
            several = [torch.zeros(len(LIMITS), device=g.device, dtype=self.wide) for _ in range(2)]
            self.gradients = Gradients(0, 0, 0, *zeros, *several)
        into = self.gradients
        into.calls += 1
        into.elements += g.numel()
        norm = torch.linalg.vector_norm(g, dtype=_norm_dtype(g)).to(self.wide)
        into.square += norm.square().nan_to_num(0.0, 0.0, 0.0)
        into.nonfinite += nonfinite(g)
        some = g.reshape(-1) if g.is_contiguous() else g.flatten()
        some = some[:: max(1, some.numel() // SAMPLE)].abs().to(self.wide)
        into.sampled += some.numel()
        into.zero += (some == 0).sum()
        limits = torch.tensor(list(LIMITS.values()), dtype=self.wide).to(g.device)
        there = some > 0
        into.lost += ((some < limits[:, :1]) & there).sum(1)
        into.short += ((some < limits[:, 1:]) & there).sum(1)

    # ---- the function itself

    def _probe(self, x: Tensor) -> tuple[Tensor | None, Tensor]:
        """Slopes on [-8, 8] of the first unit, and the largest slope of every unit."""
        one = torch.ones((), device=x.device)
        line = torch.linspace(-FARTHEST, FARTHEST, PROBES, device=x.device, dtype=x.dtype)
        try:
            if self.channel_dim is None or x.dim() < 2:
                slopes = slope_of(self.function, line if x.dim() else line[0]).float()
                return slopes, slopes.abs().amax()
            shape = [1] * x.dim()
            shape[self.channel_dim] = self.units
            other = 1 if self.channel_dim == 0 else 0
            shape[other] = PROBES
            spread = [1] * x.dim()
            spread[other] = PROBES
            slopes = slope_of(self.function, line.reshape(spread).expand(shape).contiguous())
            slopes = slopes.float().movedim((other, self.channel_dim), (0, 1))
            slopes = slopes.reshape(PROBES, self.units)
            return slopes[:, 0].clone(), slopes.abs().amax(0)
        except Exception as error:  # somebody's function
            self.failure = f"its slope cannot be computed: {type(error).__name__}: {error}"
            return None, one


def slope_of(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The slope at every element, as a backward pass has it."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = (x.clone() if x.is_inference() else x.detach()).requires_grad_()
        y = function(leaf)
        if not y.requires_grad:  # a constant
            return torch.zeros_like(leaf)
        (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    return slope


def _plain(x: Tensor) -> Tensor:
    """The values alone; of a sharded tensor those that are here."""
    x = x.detach()
    local = getattr(x, "to_local", None)
    return local() if local is not None else x


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def nonfinite(x: Tensor) -> Tensor:
    """How many values are NaN or infinite: for these alone x - x is not 0."""
    return ((x - x) != 0).view(torch.uint8).sum()


def counted(mask: Tensor) -> Tensor:
    """Of values by units, how many are true in each."""
    return mask.view(torch.uint8).sum(2).sum(0)


def _norm_dtype(x: Tensor) -> torch.dtype:
    """What squares are summed in: half types overflow."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32
