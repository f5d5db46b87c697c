"""The torch interpreter's primitives, where torch's own rules would not do."""

from __future__ import annotations

import math

import mpmath
import torch

from actlab.interpret.torch_ import TorchMaths

PLACES = (-800.0, -40.0, -1.5, -1.0, -1e-3, -1e-40, -0.0, 1e-40, 1e-9, 0.3, 1.0, 1.5, 30.0, 700.0)


def test_expm1_on_both_sides_of_0() -> None:
    x = torch.tensor(PLACES, dtype=torch.float64, requires_grad=True)
    m = TorchMaths(x, storage=x.dtype, differentiable=True)
    y = m.expm1(x)
    torch.testing.assert_close(y, torch.expm1(x), rtol=2e-15, atol=0)
    slope = torch.autograd.grad(y, x, torch.ones_like(y))[0]
    torch.testing.assert_close(slope, torch.exp(x).detach(), rtol=2e-15, atol=0)
    assert math.copysign(1.0, y[6].item()) == -1.0


def test_angles_are_not_rounded() -> None:
    x = torch.tensor([1e5, 3e15, 1e300, 1e308], dtype=torch.float64, requires_grad=True)
    m = TorchMaths(x, storage=x.dtype, differentiable=True)
    with mpmath.workdps(400):
        exact = [mpmath.mpf(0.3) * mpmath.mpf(place) for place in x.tolist()]
        sines = [float(mpmath.sin(angle)) for angle in exact]
        cosines = [float(mpmath.cos(angle)) for angle in exact]
    for function, wanted in ((m.sin, sines), (m.cos, cosines)):
        for rate in (0.3, torch.tensor(0.3, dtype=torch.float64)):
            got = function(x, rate).detach()
            torch.testing.assert_close(
                got, torch.tensor(wanted, dtype=x.dtype), rtol=1e-13, atol=1e-15
            )
