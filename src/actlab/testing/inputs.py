"""Adversarial inputs: joints and their neighbours, subnormals, extremes, and everything between."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from actlab.core import Activation
from actlab.testing.ulp import FORMATS, Format, steps

LANDMARKS = (
    0.25, 0.37060546875, 0.5, 0.7071067811865476, 0.75, 1.0, 1.1924, 1.2785, math.sqrt(3), 2.0,
    2.399357, 3.0, 5.0, 9.0, 11.1, 17.5, 20.0, 37.5, 40.0, 41.0, 88.0, 89.0, 104.0, 256.0, 700.0,
    710.0, 746.0, 800.0, 1e4, 7e12, 1e20,
)  # fmt: skip
"""Magnitudes at which some formula changes its manner: overflow, underflow, extrema, roots."""

SEED = 20260501


def joint_places(activation: Activation, params: Mapping[str, float]) -> list[float]:
    """Where the activation's joints lie for these parameters."""
    return [float(joint.where(**params)) for joint in activation.joints]


@functools.lru_cache(maxsize=512)
def _finite(joints: tuple[float, ...], dtype: torch.dtype, spread: int) -> tuple[float, ...]:
    form = FORMATS[dtype]
    places = {0.0, -0.0}
    for centre in (*joints, *(-joint for joint in joints), 1.0, -1.0):
        stored = torch.tensor(centre, dtype=dtype).item()
        if math.isfinite(stored):
            places |= {steps(stored, k, form) for k in range(-3, 4)}
    places |= {sign * size for size in _sizes(form, spread) for sign in (1.0, -1.0)}
    random = torch.Generator().manual_seed(SEED)
    draws = torch.randn(spread, generator=random, dtype=torch.float64)
    widths = 10 ** torch.empty(spread, dtype=torch.float64).uniform_(-1, 1, generator=random)
    near = [joint + math.ldexp(step, -k) for joint in joints for k in (4, 9) for step in (-1, 1)]
    places |= set(torch.tensor([*near, *(draws * widths).tolist()]).to(dtype).tolist())
    return tuple(sorted(x for x in places if math.isfinite(x)))


def _sizes(form: Format, spread: int) -> list[float]:
    tiny, normal, most = form.smallest, form.smallest_normal, form.largest
    exponents = torch.linspace(form.emin + 1, form.emax - 1, spread, dtype=torch.float64)
    generator = torch.Generator().manual_seed(SEED)
    mantissas = 1 + torch.rand(spread, generator=generator, dtype=torch.float64)
    sizes = [
        *(tiny * k for k in (1, 2, 3, 7)),
        normal / 2, normal - tiny, normal, normal + tiny,
        most, steps(most, -1, form), most / 2, math.sqrt(most), math.sqrt(normal),
        *LANDMARKS,
        *(mantissas * 2**exponents.round()).tolist(),
    ]  # fmt: skip
    return torch.tensor(sizes, dtype=torch.float64).to(form.dtype).tolist()


def finite_inputs(
    activation: Activation, params: Mapping[str, float], dtype: torch.dtype, spread: int = 24
) -> list[float]:
    """Finite inputs, ascending: joints +-3 ulp, subnormals, extremes, log-spaced, random.

    Args:
        activation: the definition; its joints are included.
        params: the parameters that place the joints.
        dtype: every input is a number of this dtype.
        spread: how many log-spaced and how many random ones. Default: 24.
    """
    return list(_finite(tuple(joint_places(activation, params)), dtype, spread))


def ordinary_inputs(
    activation: Activation,
    params: Mapping[str, float],
    dtype: torch.dtype,
    count: int = 24,
    away: float = 1e-3,
) -> list[float]:
    """Inputs between -6 and 6, at least ``away`` from every joint: for finite differences."""
    generator = torch.Generator().manual_seed(SEED)
    drawn = torch.empty(4 * count, dtype=torch.float64).uniform_(-6, 6, generator=generator)
    drawn[: count // 2] /= 4
    joints = joint_places(activation, params)
    held = [x for x in drawn.to(dtype).tolist() if all(abs(x - j) >= away for j in joints)]
    inside = [x for x in held if abs(x) < 1.5][: count // 2]
    return sorted(inside + [x for x in held if x not in inside][: count - len(inside)])


def noise(shape: tuple[int, ...], dtype: torch.dtype, seed: int = SEED) -> Tensor:
    """N(0, 4) draws in the dtype, the same in every process."""
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(dtype)
