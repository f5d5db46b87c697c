"""Every activation exported to ONNX and run by onnxruntime, against the oracle."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab
import actlab.functional as F
from actlab import nn
from actlab.testing import Subject
from actlab.testing.comparison import THROUGH_FLOAT32, compare
from actlab.testing.inputs import finite_inputs
from unit.kernels.native_results import apart

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

OPSET = 20
"""What torch.onnx.export writes unless asked otherwise."""

SPECIAL = (math.inf, -math.inf, math.nan, 0.0, -0.0)

FOUR = ("elu", "expolu", "powerlu", "ralu")

IN_SINGLE = (
    ("powerlu", {"p": 2.0}),
    ("expolu", {"a": 0.25, "b": 0.75, "p": 2.0}),
    ("ralu", {"alpha": 1.7}),
    ("elu", {"alpha": 0.5}),
)
IN_DOUBLE = (
    ("powerlu", {"p": 2.7}),
    ("expolu", {"a": 0.3, "b": 0.7, "p": 1.7}),
    ("ralu", {"alpha": 0.3}),
    ("elu", {"alpha": 1.6732632423543772}),
    ("gelu", {}),
)


class Model(torch.nn.Module):
    """A function as a module, for the exporter."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def exported(model: torch.nn.Module, x: Tensor) -> Callable[[Tensor], Tensor]:
    """The model as onnxruntime runs it, its first dimension dynamic."""
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        program = torch.onnx.export(
            model.eval(), (x,), dynamo=True, verbose=False, dynamic_shapes=({0: batch},)
        )
    assert program is not None
    proto = program.model_proto
    onnx.checker.check_model(proto, full_check=True)
    assert {entry.domain: entry.version for entry in proto.opset_import}[""] == OPSET
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    (given,) = session.get_inputs()
    assert isinstance(given.shape[0], str)  # a name is a size that is not fixed

    def run(x: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {given.name: x.detach().numpy()})[0])

    return run


def adversarial(name: str, params: dict[str, float], dtype: torch.dtype) -> list[float]:
    return finite_inputs(actlab.get(name), params, dtype)


def limit_of(dtype: torch.dtype) -> float | None:
    # Graphs convert to half types through float32, and onnxruntime's functions in double round
    # in their own way.
    return {torch.float16: THROUGH_FLOAT32, torch.float64: 8.0}.get(dtype)


def check(name: str, params: dict[str, float], dtype: torch.dtype) -> None:
    definition = actlab.get(name)
    params = definition.defaults | params
    inputs = adversarial(name, params, dtype)
    x = torch.tensor(inputs, dtype=dtype)
    run = exported(Model(lambda x: F.call(name, x, **params)), x)
    for count in (len(inputs), 5, 1):
        limit = limit_of(dtype)
        compare(Subject(definition), "value", inputs[:count], run(x[:count]), params,
                how="by onnxruntime", limit=limit)  # fmt: skip
    # Equal, but for the sign of zeros: onnxruntime's Where loses it.
    special = torch.tensor(SPECIAL, dtype=dtype)
    got, want = run(special), F.call(name, special, backend="formula", **params)
    torch.testing.assert_close(got, want, rtol=0, atol=0, equal_nan=True)
    if dtype == torch.float32:
        dense = torch.linspace(-12, 12, 40_001)
        exact = F.call(name, dense.double(), backend="formula", **params)
        if not definition.terms:  # where terms cancel, what counts is checked above
            assert apart(run(dense), exact) <= 1


@pytest.mark.parametrize("name", actlab.names())
def test_every_function(name: str) -> None:
    check(name, {}, torch.float32)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("name", [*FOUR, "gelu", "softplus", "arctan"])
def test_other_dtypes(name: str, dtype: torch.dtype) -> None:
    check(name, {}, dtype)


@pytest.mark.parametrize(("name", "params"), IN_SINGLE + IN_DOUBLE)
def test_other_parameters(name: str, params: dict[str, float]) -> None:
    check(name, params, torch.float32)


@pytest.mark.parametrize("channels", [1, 6], ids=["shared", "per channel"])
@pytest.mark.parametrize("name", [*FOUR, "prelu", "swish_beta"])
def test_learned_parameters(name: str, channels: int) -> None:
    module = nn.Activation(name, learnable=True, num_parameters=channels)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += torch.linspace(0, 0.5, channels)
    check_module(module, torch.linspace(-4, 4, 7 * 6).reshape(7, 6))


@pytest.mark.parametrize("name", ["silu", "gelu", "powerlu", "ralu"])
def test_gated_units(name: str) -> None:
    check_module(nn.GLU(name), torch.linspace(-4, 4, 7 * 6).reshape(7, 6))


@pytest.mark.parametrize(
    "module",
    [nn.PowerLU(), nn.ExpoLU(), nn.RaLU(constraint="monotone"), nn.ELU(), nn.RReLU()],
    ids=lambda module: type(module).__name__,
)
def test_inside_a_model(module: Any) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 5), module, torch.nn.Linear(5, 3))
    check_module(model.eval(), torch.linspace(-4, 4, 7 * 6).reshape(7, 6))


def check_module(model: torch.nn.Module, x: Tensor) -> None:
    run = exported(model, x)
    for rows in (x, x[:3], x[:1], x.repeat(9, 1)):
        torch.testing.assert_close(run(rows), model(rows).detach())
