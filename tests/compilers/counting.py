"""What compilers did: graphs, breaks, recompilations and kernels."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
import torch._dynamo as dynamo
from torch import Tensor

import actlab.functional as F


@dataclass
class Graphs:
    """Every graph that one compiled function was given to compile."""

    nodes: list[int] = field(default_factory=list)

    def __call__(self, graph: torch.fx.GraphModule, example: list[Any]) -> Callable[..., Any]:
        self.nodes.append(len(graph.graph.nodes))
        return graph.forward


@contextlib.contextmanager
def fresh_compiler() -> Iterator[None]:
    """A compiler without memory of other tests, and without what it warns itself about."""
    dynamo.reset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        dynamo.reset()


def breaks(function: Callable[..., Any], *args: Any) -> list[str]:
    """The reasons for which tracing the call would leave the graph."""
    with fresh_compiler():
        found = dynamo.explain(function)(*args)
    assert found.graph_count == 1
    return [str(reason) for reason in found.break_reasons]


def kernels(function: Callable[[Tensor], Tensor], x: Tensor) -> int:
    """How many kernels Inductor generates, for backward too where ``x`` requires a gradient."""
    from torch._inductor import metrics

    with (
        fresh_compiler(),
        # A graph out of a cache would count none. Compiled kernels may come from theirs.
        torch._inductor.config.patch(fx_graph_cache=False),
        torch._functorch.config.patch(enable_autograd_cache=False),
    ):
        metrics.reset()
        y = torch.compile(function, fullgraph=True)(x)
        if y.requires_grad:
            torch.autograd.grad(y, x, torch.ones_like(y))
        count = metrics.generated_kernel_count
        metrics.reset()
    return count


def dtypes_in_graph(name: str, params: dict[str, float], dtype: torch.dtype) -> set[Any]:
    """The dtypes of everything that the graph of one call computes."""

    class Layer(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.call(name, x, **params)

    graph = torch.export.export(Layer(), (torch.zeros(4, dtype=dtype),)).graph
    found = (node.meta.get("val") for node in graph.nodes)
    return {value.dtype for value in found if isinstance(value, Tensor)}
