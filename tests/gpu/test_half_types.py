"""Half types in single precision: every number of both, by every definition that says it will do.

Where results are exact in hardware and here, and where hardware approximates and the interpreter
goes astray as far as hardware may (``gpu/interpreter.py``), nothing is further than a thousandth of
the last place from what double precision, rounded once, would give.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import actlab.functional as F
from actlab import get, names
from actlab.interpret.numpy_ import evaluate
from actlab.kernels.call import Call
from actlab.kernels.gpu import backend
from actlab.testing.comparison import HALF_TYPES, THROUGH_FLOAT32
from half_types import every_number, in_double, units, wrong

pytestmark = pytest.mark.skipif(
    bool(backend.problem()), reason=f"backend 'triton': {backend.problem()}"
)

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
IN_SINGLE = [name for name in names() if get(name).half_types is not None]

PARAMETERS = [
    ("powerlu", {"p": 0.5}),
    ("powerlu", {"p": 1.0}),
    ("powerlu", {"p": 1.5}),
    ("powerlu", {"p": 2.7}),
    ("powerlu", {"p": 4.0}),
    ("expolu", {"a": 3.0, "b": 0.5, "p": 2.7}),
    ("expolu", {"a": 1000.0, "b": 1000.0, "p": 4.0}),
    ("expolu", {"a": 0.01, "b": 0.0, "p": 0.5}),
    ("ralu", {"alpha": 0.5}),
    ("ralu", {"alpha": 1.7}),
    ("ralu", {"alpha": 5.0}),
    ("elu", {"alpha": 256.0}),
    ("elu", {"alpha": 2.0**-10}),
    ("elu", {"alpha": 1.2999999523162842}),
    ("prelu", {"weight": -256.0}),
    ("prelu", {"weight": 0.01}),
    ("celu", {"alpha": 0.25}),
    ("swish_beta", {"beta": -4.0}),
    ("mpelu", {"alpha": 3.3, "beta": 0.5}),
    ("pelu", {"a": 0.3, "b": 8.0}),
    ("smelu", {"beta": 0.75}),
    ("star_relu", {"scale": -3.3, "bias": 0.7}),
]


def is_in_single(name: str, dtype: torch.dtype, params: dict[str, float]) -> bool:
    from actlab.kernels.gpu.arguments import HALF, constants_of

    kernel = backend.kernel(get(name))
    modes = {
        constants_of(kernel, key, Call(get(name), "input", 1, params, kernel), dtype).mode
        for key in ("forward", "slope")
    }
    return modes == {HALF}


CASES = [(name, get(name).defaults) for name in IN_SINGLE] + PARAMETERS


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_every_number(name: str, params: dict[str, float], dtype: torch.dtype) -> None:
    assert is_in_single(name, dtype, params)
    x = every_number(dtype)
    leaf = x.clone().to(DEVICE).requires_grad_()
    y = F.call(name, leaf, **params, backend="triton", save="input")
    (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    y = y.detach().cpu()
    value = in_double(name, "forward", x, params)
    assert wrong(name, "value", x, y, value, params) == []
    zeros = (value == 0) & (y.double().numpy() == 0)
    assert np.array_equal(np.signbit(value[zeros]), y.signbit().numpy()[zeros])
    expected = in_double(name, "slope", x, params)
    assert wrong(name, "slope", x, slope.cpu(), expected, params) == []


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 2.7, 4.0])
def test_every_output(p: float, dtype: torch.dtype) -> None:
    # Where the dtype's output is 0, the slope is that of a zero output.
    x = every_number(dtype)
    leaf = x.clone().to(DEVICE).requires_grad_()
    y = F.powerlu(leaf, p, backend="triton", save="output")
    (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    y = y.detach().cpu()
    expected = in_double("powerlu", "slope_from_output", y, {"p": p})
    near = np.abs(slope.cpu().double().numpy() - expected)
    fine = near <= THROUGH_FLOAT32 * units(np.abs(expected), dtype)
    assert (fine | np.isnan(expected)).all()


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("powerlu", {"p": 4.5}),
        ("ralu", {"alpha": 9.0}),
        ("elu", {"alpha": 0.3}),
        ("swish_beta", {"beta": 0.3}),
        ("prelu", {"weight": 0.0}),
    ],
)
def test_other_parameters_are_computed_in_double(
    name: str, params: dict[str, float], dtype: torch.dtype
) -> None:
    assert not is_in_single(name, dtype, params)
    x = every_number(dtype)[::7]
    got = F.call(name, x.to(DEVICE), **params, backend="triton").cpu()
    want = evaluate(get(name).forward, x.double().numpy(), params)
    assert wrong(name, "value", x, got, want, params) == []


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
@pytest.mark.parametrize("p", [1.5, 4.0, 6.0])
def test_learned_parameters_choose_on_the_device(p: float, dtype: torch.dtype) -> None:
    # Up to 4 in single precision, and as numbers do; above in double.
    x = every_number(dtype)[::5]
    x = x[x.isfinite()]
    power = torch.tensor([p], device=DEVICE, requires_grad=True)
    leaf = x.clone().to(DEVICE).requires_grad_()
    y = F.powerlu(leaf, power, backend="triton", save="input")
    slope, rise = torch.autograd.grad(y, (leaf, power), torch.ones_like(y))
    value = in_double("powerlu", "forward", x, {"p": p})
    assert wrong("powerlu", "value", x, y.detach().cpu(), value, {"p": p}) == []
    expected = in_double("powerlu", "slope", x, {"p": p})
    assert wrong("powerlu", "slope", x, slope.cpu(), expected, {"p": p}) == []
    partial = in_double("powerlu", "p_partial", x, {"p": p})
    assert abs(rise.item() - partial.sum()) <= 2.0**-21 * np.abs(partial).sum()


@pytest.mark.parametrize("dtype", [torch.float32, *HALF_TYPES], ids=str)
@pytest.mark.parametrize("weight", [0.25, -0.25])
def test_zeros_keep_their_sign_by_learned_parameters(weight: float, dtype: torch.dtype) -> None:
    x = torch.tensor([0.0, -0.0, -1.0], dtype=dtype, device=DEVICE)
    learned = torch.tensor([weight], device=DEVICE)
    y = F.call("prelu", x, learned, backend="triton").cpu()
    by_formula = F.call("prelu", x, learned, backend="formula").cpu()
    assert torch.equal(y, by_formula)
    assert torch.equal(y.signbit(), by_formula.signbit())
