"""Running sums on a device: of values by units, and of gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from actlab.kernels.policy import NO_DOUBLE

LIMITS = {"float16": (2.0**-25, 2.0**-14), "bfloat16": (2.0**-134, 2.0**-126),
          "float32": (2.0**-150, 2.0**-126)}  # fmt: skip
"""Of each dtype, below what it holds 0 only, and below what it holds fewer digits."""


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
    limits: Tensor

    @classmethod
    def empty(cls, limits: Tensor) -> Gradients:
        """Nothing counted yet.

        Args:
            limits: for each dtype, what it loses and what it holds in part, on the device.
        """
        zero = limits.new_zeros(())
        each = limits.new_zeros(len(limits))
        return cls(0, 0, 0, zero, zero.clone(), zero.clone(), each, each.clone(), limits)


def nonfinite(x: Tensor) -> Tensor:
    """How many values are NaN or infinite: for these alone x - x is not 0.

    Ones and zeros in the dtype itself are several times faster to add up than truth values.
    """
    return (x - x).ne_(0).sum(dtype=_sum_dtype(x))


def counted(ones: Tensor) -> Tensor:
    """Of ones and zeros by units, how many ones each has."""
    rows = ones.sum(2, dtype=_sum_dtype(ones))
    return (rows if ones.device.type in NO_DOUBLE else rows.double()).sum(0)


def _sum_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32
