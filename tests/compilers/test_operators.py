"""Compiled kernels in the graphs of compilers: where they are, and what they compute there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.library import opcheck

import actlab.functional as F
from actlab import nn
from actlab.core import BackendUnavailableError
from actlab.kernels import operators
from compilers.counting import fresh_compiler

pytestmark = pytest.mark.usefixtures("kernels")

X = torch.linspace(-3, 3, 72, dtype=torch.float32).reshape(12, 6)


class Seen:
    """A compiler that changes nothing and remembers the operators it was given."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, graph: torch.fx.GraphModule, example: list[Any]) -> Callable[..., Any]:
        self.names += [str(node.target) for node in graph.graph.nodes if node.op == "call_function"]
        return graph.forward

    @property
    def ours(self) -> int:
        return sum(name.startswith("actlab.value") for name in self.names)


def ours(function: Callable[..., Any], *args: Any) -> int:
    """How many of actlab's operators a compiler is given; what it computes is compared too."""
    seen = Seen()
    with fresh_compiler():
        found = torch.compile(function, fullgraph=True, backend=seen)(*args)
        torch.testing.assert_close(found, function(*args), rtol=1e-5, atol=1e-6)
    return seen.ours


NATIVE: Any = {"backend": "native"}

MODULES: dict[str, Callable[[], torch.nn.Module]] = {
    "powerlu": lambda: nn.PowerLU(**NATIVE),
    "powerlu, p = 2.7": lambda: nn.PowerLU(2.7, **NATIVE),
    "powerlu, learned": lambda: nn.PowerLU(2.5, learnable=True, **NATIVE),
    "expolu, learned per channel": lambda: nn.ExpoLU(learnable=True, num_parameters=6, **NATIVE),
    "ralu": lambda: nn.RaLU(**NATIVE),
    "elu, learned": lambda: nn.ELU(1.3, learnable=True, **NATIVE),
    "gelu": lambda: nn.Activation("gelu", **NATIVE),
    "gated": lambda: nn.GLU("silu", **NATIVE),
    "gated, learned": lambda: nn.GLU("ralu", learnable=True, num_parameters=3, **NATIVE),
    "ten parameters": lambda: nn.Activation("rational", learnable=True, **NATIVE),
}


def gradients(model: torch.nn.Module, run: Callable[[Tensor], Tensor], x: Tensor) -> list[Tensor]:
    leaf = x.detach().requires_grad_()
    y = run(leaf)
    return [y.detach(), *torch.autograd.grad(y.square().sum(), [leaf, *model.parameters()])]


FEW = ("powerlu, learned", "gated")


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in MODULES]
)
def test_compiled_models_have_the_bits_of_eager_ones(name: str, backend: str) -> None:
    module = MODULES[name]()
    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, backend=backend)
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            x = X.to(dtype)
            for one, other in zip(gradients(module, run, x), gradients(module, module, x),
                                  strict=True):  # fmt: skip
                assert torch.equal(one, other), dtype


@pytest.mark.parametrize("name", MODULES)
def test_kernels_asked_for_by_name_are_operators(name: str) -> None:
    assert ours(MODULES[name](), X) == 1


def test_nobody_else_gets_them() -> None:
    for function in (F.powerlu, F.gelu, nn.PowerLU(2.5, learnable=True), nn.GLU("silu")):
        assert ours(function, X) == 0
    assert ours(nn.RaLU(backend="formula"), X) == 0


def gelu(x: Tensor) -> Tensor:
    return F.gelu(x, backend="native")


def total(x: Tensor) -> Tensor:
    return gelu(x).sum()


TRANSFORMED: dict[str, Callable[[Tensor], Any]] = {
    "vmap": torch.func.vmap(gelu),
    "grad": torch.func.grad(total),
    "per sample": torch.func.vmap(torch.func.grad(total)),
    "jvp": lambda x: torch.func.jvp(gelu, (x,), (torch.ones_like(x),))[1],
    "vjp": lambda x: torch.func.vjp(gelu, x)[1](torch.ones_like(x))[0],
    "hessian": lambda x: torch.func.hessian(total)(x[0]),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transforms_refuse_them(name: str) -> None:
    with fresh_compiler():
        run = torch.compile(TRANSFORMED[name], backend="eager")
        with pytest.raises(BackendUnavailableError, match="under export, torch.func"):
            run(X)


@pytest.mark.parametrize("strict", [False, True])
def test_exported_programs_are_plain(strict: bool) -> None:
    model = torch.nn.Sequential(nn.PowerLU(2.5, learnable=True), nn.Activation("gelu"))
    program = torch.export.export(model, (X,), strict=strict)
    assert not [node for node in program.graph.nodes if "actlab" in str(node.target)]
    torch.testing.assert_close(program.module()(X), model(X))
    with pytest.raises(Exception, match="under export"):
        torch.export.export(nn.PowerLU(backend="native"), (X,), strict=strict)


def test_gradients_of_gradients() -> None:
    module = nn.PowerLU(2.5, learnable=True, backend="native").double()
    x = X.double().requires_grad_()

    def penalty(run: Callable[[Tensor], Tensor]) -> list[Tensor]:
        (slope,) = torch.autograd.grad(run(x).square().sum(), x, create_graph=True)
        return list(torch.autograd.grad(slope.square().sum(), [x, *module.parameters()]))

    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, backend="eager")
        torch.testing.assert_close(penalty(run), penalty(module), rtol=1e-12, atol=1e-12)


def test_whatever_a_model_writes_into_its_dicts() -> None:
    kept: dict[str, Tensor] = {}

    def run(x: Tensor) -> Tensor:
        kept["before"] = x
        gated = F.glu(torch.cat([x, x], -1), "relu")
        return F.powerlu(x) + gelu(x) + F.call("mish", x, backend="native") + gated

    assert ours(run, X) == 2


def layouts(dtype: torch.dtype) -> dict[str, Tensor]:
    x = X.reshape(6, 3, 4).to(dtype)
    return {"contiguous": x, "transposed": x.transpose(0, 2), "spaced": x.repeat(1, 1, 2)[..., ::2],
            "expanded": x[:1].expand(6, 3, 4), "empty": x[:0], "0-D": x[0, 0, 0]}  # fmt: skip


OTHERS = (torch.bfloat16, torch.float64)

CASES = {
    "numbers": ("powerlu input 1 " + (2.7).hex(), ()),
    "from the output": ("powerlu output 1 " + (2.7).hex(), ()),
    "shared": ("ralu input 1 tensor", (1,)),
    "per channel": ("expolu input 1 tensor tensor " + (2.0).hex(), (3, 3)),
}


@pytest.mark.parametrize(
    "dtype", [torch.float32, *(pytest.param(t, marks=pytest.mark.slow) for t in OTHERS)]
)
@pytest.mark.parametrize("layout", layouts(torch.float32))
@pytest.mark.parametrize("case", CASES)
def test_operators_keep_the_rules(case: str, layout: str, dtype: torch.dtype) -> None:
    call, sizes = CASES[case]
    x = layouts(dtype)[layout]
    if x.dim() == 0 and 3 in sizes:
        pytest.skip("no channels in a number")
    tensors = [torch.full((n,), 1.5, dtype=torch.float32, requires_grad=True) for n in sizes]
    opcheck(
        torch.ops.actlab.value.default, (x.detach().requires_grad_(), tensors, call),
        test_utils=("test_schema", "test_autograd_registration", "test_faketensor"),
    )  # fmt: skip
    mask = 2 ** len(sizes) - 1
    given = (x, torch.ones_like(x), [t.detach() for t in tensors], call, True, mask)
    opcheck(
        torch.ops.actlab.gradients.default, given, test_utils=("test_schema", "test_faketensor")
    )


def test_a_graph_without_its_kernels_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators.native, "kernel", lambda activation: None)
    with pytest.raises(
        RuntimeError, match="mish: this graph was compiled where actlab had kernels"
    ):
        operators._call.__wrapped__("mish input 1")
