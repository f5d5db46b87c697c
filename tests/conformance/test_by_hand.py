"""Every definition against the same function written by hand, and against torch's own."""

from __future__ import annotations

import math

import pytest
import torch

import actlab.functional as F
from actlab import get, names
from conformance.by_hand import BY_HAND

PLACES = (-20.5, -7.0, -3.3, -2.1, -1.7, -1.0, -0.7, -0.25, -0.01, 0.0, 0.01, 0.3, 0.9, 1.0, 1.6,
          2.4, 3.1, 6.5, 12.75, 21.0)  # fmt: skip

TORCH = {
    "celu": torch.nn.functional.celu,
    "elu": torch.nn.functional.elu,
    "error_function": torch.erf,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "hard_sigmoid": torch.nn.functional.hardsigmoid,
    "hard_swish": torch.nn.functional.hardswish,
    "hard_tanh": torch.nn.functional.hardtanh,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "log_sigmoid": torch.nn.functional.logsigmoid,
    "mish": torch.nn.functional.mish,
    "prelu": torch.nn.PReLU(dtype=torch.float64),
    "relu": torch.relu,
    "relu6": torch.nn.functional.relu6,
    "rrelu": torch.nn.functional.rrelu,
    "selu": torch.selu,
    "sigmoid": torch.sigmoid,
    "silu": torch.nn.functional.silu,
    "soft_shrink": torch.nn.functional.softshrink,
    "soft_sign": torch.nn.functional.softsign,
    "softplus": lambda x: torch.nn.functional.softplus(x, threshold=1000),
    "tanh": torch.tanh,
    "tanh_shrink": torch.nn.functional.tanhshrink,
}


@pytest.mark.parametrize("name", names())
def test_by_hand(name: str) -> None:
    definition = get(name)
    x = torch.tensor(PLACES, dtype=torch.float64)
    sets = [definition.defaults]
    for param in definition.params:
        other = 0.5 * param.default + 0.75 if param.default != 1.5 else 1.25
        if param.domain.contains(other):
            sets.append({**definition.defaults, param.name: other})
    for params in sets:
        got = F.call(definition, x, **params)
        want = torch.tensor([BY_HAND[name](at, **params) for at in PLACES], dtype=torch.float64)
        torch.testing.assert_close(got, want, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", TORCH)
def test_torch_has_it_too(name: str) -> None:
    x = torch.tensor(PLACES, dtype=torch.float64, requires_grad=True)
    ours, theirs = F.call(name, x), TORCH[name](x)
    # torch's hardsigmoid divides by 6 in single precision, in double tensors too.
    rtol, atol = (1e-7, 1e-7) if name == "hard_sigmoid" else (1e-11, 1e-13)
    torch.testing.assert_close(ours, theirs, rtol=rtol, atol=atol)
    ones = torch.ones_like(x)
    ours, theirs = (torch.autograd.grad(y, x, ones)[0] for y in (ours, theirs))
    # At a joint each side is right; where torch takes the other one, its choice is not ours.
    joints = [joint.where(**get(name).defaults) for joint in get(name).joints]
    beside = torch.tensor([all(abs(at - j) > 1e-9 for j in joints) for at in PLACES])
    torch.testing.assert_close(ours[beside], theirs[beside], rtol=rtol, atol=atol)


def test_by_hand_covers_the_catalogue() -> None:
    assert not [name for name in names() if name not in BY_HAND]
    assert all(math.isfinite(BY_HAND["relu"](x)) for x in PLACES)
