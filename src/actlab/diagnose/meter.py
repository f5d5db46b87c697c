"""What is counted at one site, on the device and in passing: nothing waits, and nothing is kept."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from actlab.diagnose.slopes import slope_of
from actlab.diagnose.spread import LIMITS, Gradients, Spread, counted, nonfinite
from actlab.kernels.policy import NO_DOUBLE

SMALL = 0.01
"""A slope of at most this share of the largest one counts as small."""

PROBES = 129
FARTHEST = 8.0

TAIL = (16.0, 32.0)
"""Where a slope is compared with one farther out, to see whether it fades."""

FADES = 0.5
"""A slope that fades is at most this part of itself at twice the distance."""

SAMPLE = 1 << 14
"""Gradients of a call that are looked at for underflow, spread evenly."""


class Meter:
    """Counts at one site.

    Args:
        x: the first input seen. channel_dim: the dimension of its units, or None.
        function: the activation, out of place. is_relu: whether it is known to be ReLU.
    """

    def __init__(
        self,
        x: Tensor,
        channel_dim: int | None,
        function: Callable[[Tensor], Tensor],
        is_relu: bool = False,
    ) -> None:
        self.is_relu = is_relu
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
        self.nonfinite_given = torch.zeros((), device=x.device, dtype=wide)
        self.nonfinite_made = torch.zeros((), device=x.device, dtype=wide)
        self.first_step = torch.full((), -1, device=x.device, dtype=torch.int64)
        self.gradients: Gradients | None = None
        self.probed: Tensor | None = None
        self.peak = torch.ones((), device=x.device)
        self.fades: tuple[Tensor, Tensor] | None = None
        self._probe(x)

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
        if self.is_relu:
            # Slopes of 0 and 1 alone, told by the sign: several times faster.
            off = counted(self.by_units(x).clone().le_(0))
            self.zero_slope += off
            self.small_slope += off
            self.slope_square += x.numel() - off.sum()
            self.slopes += x.numel()
            return
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
        self.zero_slope += counted(size.clone().eq_(0))
        self.small_slope += counted(size.le_(limit[:, None] if limit.dim() else limit))

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
            limits = torch.tensor(list(LIMITS.values()), dtype=self.wide).to(g.device)
            self.gradients = Gradients.empty(limits)
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
        there = some > 0
        into.lost += ((some < into.limits[:, :1]) & there).sum(1)
        into.short += ((some < into.limits[:, 1:]) & there).sum(1)

    # ---- the function itself

    def _probe(self, x: Tensor) -> None:
        """The function's slopes on [-8, 8] and farther out, for every unit: how steep it gets."""
        line = torch.linspace(-FARTHEST, FARTHEST, PROBES, device=x.device, dtype=x.dtype)
        far = torch.tensor([-TAIL[1], -TAIL[0], *TAIL], device=x.device, dtype=x.dtype)
        at = torch.cat([line, far])
        try:
            if x.dim() < 2 or self.channel_dim is None:
                slopes = self._probed_at(at, x)
            else:
                other = 1 if self.channel_dim == 0 else 0
                shape, along = [1] * x.dim(), [1] * x.dim()
                shape[self.channel_dim], shape[other], along[other] = self.units, len(at), len(at)
                slopes = slope_of(self.function, at.reshape(along).expand(shape).contiguous())
                slopes = slopes.movedim((other, self.channel_dim), (0, 1))
                slopes = slopes.reshape(len(at), self.units)
        except Exception as error:  # somebody's function
            self.failure = f"its slope cannot be computed: {type(error).__name__}: {error}"
            return
        slopes = slopes.float()
        size = slopes.abs()
        self.probed = slopes[:PROBES, 0].clone()
        self.peak = size[:PROBES].amax(0)
        self.fades = (size[-4] <= FADES * size[-3], size[-1] <= FADES * size[-2])

    def _probed_at(self, at: Tensor, x: Tensor) -> Tensor:
        """Slopes one after the other, for values that have units and nothing else."""
        one = x.new_zeros(x.shape)
        rows = [
            slope_of(self.function, torch.full_like(one, float(place))) for place in at.tolist()
        ]
        return torch.stack([row.reshape(-1)[: self.units] for row in rows])


def _plain(x: Tensor) -> Tensor:
    """The values alone; of a sharded tensor those that are here."""
    x = x.detach()
    local = getattr(x, "to_local", None)
    return local() if local is not None else x


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _norm_dtype(x: Tensor) -> torch.dtype:
    """What squares are summed in: half types overflow."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32
