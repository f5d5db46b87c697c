"""torch.compile: whole graphs, few recompilations, fused kernels, the gradients of eager mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab
import actlab.functional as F
from actlab import nn
from compilers.counting import Graphs, breaks, fresh_compiler, kernels

MODULES: dict[str, Callable[[], torch.nn.Module]] = {
    "powerlu": nn.PowerLU,
    "powerlu, other p": lambda: nn.PowerLU(2.7),
    "powerlu, learned": lambda: nn.PowerLU(2.5, learnable=True),
    "expolu": nn.ExpoLU,
    "expolu, learned per channel": lambda: nn.ExpoLU(learnable=True, num_parameters=6),
    "ralu": nn.RaLU,
    "ralu, per channel": lambda: nn.RaLU(num_parameters=6),
    "ralu, monotone": lambda: nn.RaLU(constraint="monotone"),
    "elu": nn.ELU,
    "elu, learned": lambda: nn.ELU(learnable=True),
    "prelu": lambda: nn.Activation("prelu", num_parameters=6),
    "glu": lambda: nn.GLU("silu"),
    "glu, learned": lambda: nn.GLU("ralu", learnable=True, num_parameters=3),
}

SHAPES = [(n, 6) for n in (2, 3, 4, 5, 7, 8, 16, 31, 64, 100)]


def mostly_full(names: Iterable[str], *quick: str) -> list[Any]:
    """Names as cases, all of them left to `make test-full` but those that are quick."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.full) for name in names]


def rows(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return 2 * torch.randn(shape, generator=generator)


def gradients(model: torch.nn.Module, run: Callable[[Tensor], Tensor], x: Tensor) -> list[Tensor]:
    """The value, and the gradients of the input and of every parameter."""
    leaf = x.detach().requires_grad_()
    y = run(leaf)
    return [y.detach(), *torch.autograd.grad(y.sum(), [leaf, *model.parameters()])]


def same(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", mostly_full(actlab.names(), "powerlu", "gelu", "rational"))
def test_no_function_breaks_the_graph(name: str) -> None:
    assert breaks(lambda x: F.call(name, 2 * x) + 1, rows(4, 6)) == []


@pytest.mark.parametrize("name", mostly_full(MODULES, "expolu, learned per channel", "glu"))
def test_no_module_breaks_the_graph(name: str) -> None:
    module = MODULES[name]()
    assert breaks(lambda x: module(2 * x) + 1, rows(4, 6)) == []


@pytest.mark.parametrize("dynamic", [None, True], ids=["automatic", "dynamic"])
@pytest.mark.parametrize("name", mostly_full(MODULES, "powerlu", "ralu, per channel", "glu"))
def test_recompiles_at_most_twice_over_ten_shapes(name: str, dynamic: Any) -> None:
    module, graphs = MODULES[name](), Graphs()
    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, dynamic=dynamic, backend=graphs)
        for shape in SHAPES:
            x = rows(*shape)
            same(gradients(module, run, x), gradients(module, module, x))
    assert 1 <= len(graphs.nodes) <= 3  # the first, and two recompilations


def test_learning_does_not_recompile() -> None:
    module, graphs = nn.RaLU(num_parameters=6), Graphs()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, backend=graphs)
        for _ in range(4):
            run(rows(4, 6)).square().mean().backward()
            optimizer.step()
    assert len(graphs.nodes) == 1


@pytest.mark.slow
def test_every_function_is_compiled_in_one_process() -> None:
    x = rows(4, 6)
    with fresh_compiler():
        for name in actlab.names()[::7]:
            function = getattr(F, name)
            run = torch.compile(function, fullgraph=True, backend="eager")
            same([run(x)], [function(x)])


@pytest.mark.parametrize("name", ["powerlu, learned", "expolu, learned per channel", "prelu"])
def test_layers_that_learn_share_a_graph(name: str) -> None:
    layers = [torch.nn.Sequential(torch.nn.Linear(6, 6), MODULES[name]()) for _ in range(12)]
    graphs = Graphs()
    with fresh_compiler():
        for layer in layers:
            x = rows(4, 6)
            run = torch.compile(layer, fullgraph=True, backend=graphs)
            same(gradients(layer, run, x), gradients(layer, layer, x))
    assert len(graphs.nodes) == 1


@pytest.mark.slow
def test_a_chain_is_one_kernel_forward_and_one_backward() -> None:
    x = rows(4, 1000).requires_grad_()
    assert kernels(lambda x: F.powerlu(F.elu(2 * x) + 1), x) == 2


CHAINS: dict[str, Callable[[Tensor], Tensor]] = {
    "elu, powerlu": lambda x: F.powerlu(F.elu(2 * x) + 1),
    "expolu, ralu": lambda x: F.ralu(F.expolu(2 * x) + 1),
    "powerlu by power": lambda x: F.powerlu(F.powerlu(2 * x, 2.7) + 1, 1.5),
    "gelu, mish": lambda x: F.call("mish", F.call("gelu", 2 * x) + 1),
    "gated": lambda x: F.gated("silu", F.elu(2 * x), x + 1) * 2,
    "half": lambda x: F.powerlu(F.ralu(2 * x.half()) + 1).float(),
}


@pytest.mark.full
@pytest.mark.parametrize("name", CHAINS)
def test_more_chains_are_one_kernel(name: str) -> None:
    x = rows(4, 1000)
    assert kernels(CHAINS[name], x) == 1
    assert kernels(CHAINS[name], x.requires_grad_()) == 2


@pytest.mark.full
@pytest.mark.parametrize("name", MODULES)
def test_inductor_has_the_gradients_of_eager_mode(name: str) -> None:
    module = MODULES[name]()
    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, dynamic=True)
        for shape in ((5, 6), (33, 6)):
            x = rows(*shape)
            same(gradients(module, run, x), gradients(module, module, x))


@pytest.mark.full
def test_reduce_overhead() -> None:
    # CUDA graphs; on a CPU it is the plain mode, and has to work all the same.
    module = torch.nn.Sequential(torch.nn.Linear(6, 5), nn.PowerLU(), nn.RaLU())
    with fresh_compiler():
        run = torch.compile(module, fullgraph=True, mode="reduce-overhead")
        for _ in range(3):
            x = rows(8, 6)
            same(gradients(module, run, x), gradients(module, module, x))
