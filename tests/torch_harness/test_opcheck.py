"""torch.library.opcheck on the compiled operators: schema, aliasing, registration."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import UnsupportedOperatorException
from torch.fx.experimental.proxy_tensor import make_fx
from torch.library import opcheck

from actlab import functional as F
from actlab import get
from actlab.kernels import built, native

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
NAMES = ("forward", "backward", "forward_channels", "backward_channels")
NUMBERS = {"ralu": (3.0, 0.0, 0.0), "powerlu": (2.5, 0.0, 0.0), "expolu": (2.0, 0.5, 2.5)}
COUNT = {"ralu": 1, "powerlu": 1, "expolu": 3}


@pytest.fixture
def space() -> Any:
    """The operators of this processor's instruction set."""
    if native.problem():
        pytest.skip(f"backend 'native': {native.problem()}")
    manifest = built.read_manifest(built.kernels_folder())
    assert manifest is not None
    return getattr(torch.ops, f"{manifest['namespace']}_{native.library().instruction_set}")


def layouts(dtype: torch.dtype) -> dict[str, Tensor]:
    x = torch.linspace(-3, 3, 72).reshape(6, 3, 4).to(dtype)
    return {"contiguous": x, "transposed": x.transpose(0, 2).contiguous().transpose(0, 2),
            "spaced": x.repeat(1, 1, 2)[..., ::2], "empty": x[:0], "0-D": x[0, 0, 0]}  # fmt: skip


def arguments(name: str, activation: str, x: Tensor) -> tuple:
    kernel = native.kernel(get(activation))
    assert kernel is not None
    numbers = NUMBERS[activation]
    rows = torch.tensor([numbers[: COUNT[activation]]], dtype=torch.float64)
    channels = 1 if x.dim() else 0
    table = rows.expand(3, -1).contiguous() if x.dim() else rows
    ones = torch.ones_like(x)
    return {
        "forward": (x, kernel.number, *numbers),
        "backward": (x, ones, kernel.number, False, *numbers),
        "forward_channels": (x, kernel.number, table, channels),
        "backward_channels": (x, ones, kernel.number, False, table, channels, True, 1),
    }[name]


def check(op: Any, given: tuple) -> None:
    """What the operator claims of itself: it writes to nothing and returns nothing it was given."""
    opcheck(op, given, test_utils=("test_schema", "test_autograd_registration"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", NUMBERS)
@pytest.mark.parametrize("name", NAMES)
def test_schema_and_registration(
    space: Any, name: str, activation: str, dtype: torch.dtype
) -> None:
    for x in layouts(dtype).values():
        check(getattr(space, name).default, arguments(name, activation, x))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", ["test_faketensor", "test_aot_dispatch_dynamic"])
def test_in_graphs(space: Any, name: str, part: str) -> None:
    given = arguments(name, "ralu", layouts(torch.float32)["contiguous"])
    found = opcheck(getattr(space, name).default, given, test_utils=part, raise_exception=False)
    # Fake kernels are what is missing, and nothing else is what fails.
    assert isinstance(found[part], UnsupportedOperatorException)
    pytest.skip(f"{part}: the compiled operators are never in a graph, formulas are")


@pytest.mark.parametrize("activation", NUMBERS)
def test_graphs_hold_formulas(activation: str) -> None:
    """Why the operators need no fake kernel: whatever traces sees torch's own operators only."""
    x = layouts(torch.float32)["contiguous"].clone().requires_grad_()
    param = torch.tensor([2.5], requires_grad=True)

    def step(x: Tensor, param: Tensor) -> tuple[Tensor, ...]:
        y = F.call(activation, x, param)
        return torch.autograd.grad(y.sum(), (x, param))

    for mode in ("real", "fake", "symbolic"):
        graph = make_fx(step, tracing_mode=mode)(x, param)
        called = {str(node.target) for node in graph.graph.nodes if node.op == "call_function"}
        assert called
        assert all(target.startswith(("aten.", "prim", "<built-in")) for target in called), called


def test_faults_are_found() -> None:
    library = torch.library.Library("actlab_broken", "DEF")
    library.define("writing(Tensor x) -> Tensor")
    library.define("aliasing(Tensor x) -> Tensor")
    library.impl("writing", lambda x: x.add_(1).clone(), "CPU")
    library.impl("aliasing", lambda x: x, "CPU")
    for op in (torch.ops.actlab_broken.writing, torch.ops.actlab_broken.aliasing):
        with pytest.raises(Exception, match="test_schema failed"):
            check(op.default, (torch.ones(3),))
    library._destroy()
