"""Half types in single precision in compiled graphs, where a definition says that it will do."""

from __future__ import annotations

import pytest
import torch

import actlab.functional as F
from actlab import get, names
from actlab.testing.comparison import HALF_TYPES
from compilers.counting import dtypes_in_graph, fresh_compiler
from half_types import every_number, in_double, wrong

IN_SINGLE = [
    name for name in names() if get(name).half_types is not None and get(name).direct is None
]
"""Those with formulas for single precision itself are tested in ``test_single_precision.py``."""

PARAMETERS: list[tuple[str, dict[str, float]]] = [
    ("celu", {"alpha": 0.25}),
    ("leaky_relu", {"negative_slope": 0.2}),
    ("mpelu", {"alpha": 3.3, "beta": 0.5}),
    ("pelu", {"a": 0.3, "b": 8.0}),
    ("prelu", {"weight": -256.0}),
    ("smelu", {"beta": 0.75}),
    ("star_relu", {"scale": -3.3, "bias": 0.7}),
    ("swish_beta", {"beta": -4.0}),
]
CASES = [(name, get(name).defaults) for name in IN_SINGLE] + PARAMETERS


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "softplus", "swish_beta"])
def test_half_types_take_no_double_arithmetic(name: str) -> None:
    params = get(name).defaults
    assert torch.float64 not in dtypes_in_graph(name, params, torch.bfloat16)
    assert torch.float64 in dtypes_in_graph(name, params, torch.float32)


def test_double_where_single_is_not_enough() -> None:
    assert torch.float64 in dtypes_in_graph("swish_beta", {"beta": 0.3}, torch.float16)
    assert torch.float64 in dtypes_in_graph("squareplus", {}, torch.bfloat16)


@pytest.mark.full
@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_every_number_by_inductor(name: str, params: dict[str, float], dtype: torch.dtype) -> None:
    x = every_number(dtype)
    with fresh_compiler():
        leaf = x.clone().requires_grad_()
        y = torch.compile(lambda x: F.call(name, x, **params), fullgraph=True)(leaf)
        (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
    value = in_double(name, "forward", x, params)
    assert wrong(name, "value", x, y.detach(), value, params) == []
    expected = in_double(name, "slope", x, params)
    assert wrong(name, "slope", x, slope, expected, params) == []
