"""Many swapped models and layers compiled in one process: compilers keep few graphs per code."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.utils import counters
from torch.nn import functional as F

from actlab import surgery

X = torch.linspace(-2, 2, 12).reshape(3, 4)
MANY = torch._dynamo.config.recompile_limit + 2


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Compilers count what they compile of the same code, whichever test it was for."""
    torch._dynamo.reset()
    counters.clear()


class Layer(nn.Module):
    """Activations by a module, by a function, and in a layer with code of its own."""

    def __init__(self, inner: nn.Module | None = None) -> None:
        super().__init__()
        self.linear, self.act, self.inner = nn.Linear(4, 4), nn.ReLU(), inner

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(F.relu(self.linear(x)) - 1)
        return x if self.inner is None else F.relu(x - self.inner(x))


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(Layer()) for _ in range(MANY))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


@torch.no_grad()
def graphs_of_layers(model: Layers) -> int:
    expected = model(X)
    for layer in model.layers:
        layer.compile(fullgraph=True, backend="eager")
    torch.testing.assert_close(model(X), expected)
    return counters["stats"]["unique_graphs"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"learnable": True}, marks=pytest.mark.slow),
        {"learnable": True, "per_channel": True},
    ],
)
def test_layers_compiled_one_by_one_share_graphs(options: dict[str, Any]) -> None:
    plain = graphs_of_layers(Layers())
    torch._dynamo.reset()
    counters.clear()
    model = Layers()
    surgery.swap(model, {"relu": ("powerlu", {"p": 3.0})}, X, **options)
    assert graphs_of_layers(model) == plain == 1


def test_one_function_of_many_swapped_in_layers_compiled_one_by_one() -> None:
    model = Layers()
    names = [site.name for site in surgery.find(model, X) if site.how == "function"]
    surgery.swap(model, dict.fromkeys(names[::2], "tanh"), X)
    assert graphs_of_layers(model) <= 4


@pytest.mark.slow
def test_models_of_many_classes_are_compiled_in_one_process() -> None:
    for number in range(MANY):
        model = type(f"Layer{number}", (Layer,), {})()
        surgery.swap(model, {"relu": "ralu"}, X)
        compiled = torch.compile(model, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(X), model(X))
