"""Expectations of a plain callable under Gaussian inputs, by adaptive quadrature in torch.

Nothing is known of a callable's joints, so panels are halved until two rules of different order
agree; halving closes in on a kink or a jump wherever it lies.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

REACH = 12.0
"""Standard deviations on either side; the mass beyond is below 1e-32."""

NODES = 16
HALVINGS = 44
MOST_PANELS = 100_000
TOLERANCE = 1e-14
"""Panels whose two estimates differ by less than this, relative to the whole, are done."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a function does to x ~ N(0, q).

    Attributes:
        mean: E f. square: E f^2. slope: E f'. slope_square: E f'^2. variance: Var f.
        growth: E x f f' / q, which is d E f^2 / d q.
    """

    mean: float
    square: float
    slope: float
    slope_square: float
    variance: float
    growth: float


def expectation(function: Callable[[Tensor], Tensor], q: float) -> Expectation:
    """Expectations of an elementwise callable and of its autograd slope under N(0, q).

    Args:
        function: maps a 1-D float64 tensor to one of its shape, element by element.
        q: variance of the input, positive.

    Raises:
        ValueError: a value or a slope is not finite somewhere within 12 standard deviations, or
            the function is too rough to integrate.
    """
    sigma = math.sqrt(q)
    edges = {k / 2 / sigma for k in range(-40, 41)} | {k / 2 for k in range(-24, 25)}
    cuts = torch.tensor(sorted(e for e in edges if -REACH <= e <= REACH), dtype=torch.float64)
    left, right = cuts[:-1], cuts[1:]
    total, scale = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    for halving in range(HALVINGS + 1):
        middle = (left + right) / 2
        whole = _panels(function, sigma, left, right)
        halves = _panels(function, sigma, left, middle) + _panels(function, sigma, middle, right)
        scale = torch.maximum(scale, whole.abs().sum(dim=0))
        done = ((whole - halves).abs() <= TOLERANCE * scale).all(dim=1)
        if halving == HALVINGS:
            done = torch.ones_like(done)
        total = total + halves[done].sum(dim=0)
        if bool(done.all()):
            break
        left, middle, right = left[~done], middle[~done], right[~done]
        if len(left) > MOST_PANELS:
            raise ValueError(
                "the function is too rough to integrate to 14 digits; it must compute in the "
                "dtype of its input, float64 here"
            )
        left, right = torch.cat([left, middle]), torch.cat([middle, right])
    mean, square, slope, slope_square, growth = (float(term) for term in total)
    return Expectation(mean, square, slope, slope_square, max(square - mean**2, 0.0), growth)


def value_and_slope(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """A callable and its autograd slope at float64 points, detached."""
    with torch.enable_grad():
        point = x.detach().clone().requires_grad_()
        value = function(point)
        if not value.requires_grad:
            return value.detach(), torch.zeros_like(x)
        (slope,) = torch.autograd.grad(value.sum(), point, allow_unused=True)
    return value.detach(), torch.zeros_like(x) if slope is None else slope


def _panels(
    function: Callable[[Tensor], Tensor], sigma: float, left: Tensor, right: Tensor
) -> Tensor:
    """The five integrals over each panel, as (panels, 5)."""
    nodes, weights = _legendre()
    half = (right - left)[:, None] / 2
    z = left[:, None] + half * (nodes + 1)
    value, slope = value_and_slope(function, (sigma * z).reshape(-1))
    growth = z.reshape(-1) / sigma * value * slope
    terms = torch.stack([value, value * value, slope, slope * slope, growth]).to(torch.float64)
    if not bool(torch.isfinite(terms).all()):
        raise ValueError(
            f"the function or its slope is not finite within {REACH:g} standard deviations of 0 "
            f"(sigma = {sigma:g})"
        )
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return (terms.reshape(5, *z.shape) * (half * weights * density)).sum(dim=2).T


@functools.cache
def _legendre() -> tuple[Tensor, Tensor]:
    """Gauss-Legendre nodes and weights on [-1, 1], from the Jacobi matrix's eigenvectors."""
    k = torch.arange(1, NODES, dtype=torch.float64)
    off = k / torch.sqrt(4 * k * k - 1)
    values, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return values, 2 * vectors[0] ** 2
