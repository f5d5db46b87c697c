"""Activations that are calls in the code: functions, tensor methods, formulas written out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.seeding import normal, seeded
from models.shape import Shape


class TwoLayers(nn.Module):
    """Two linear layers; a subclass says what lies between them."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.first = nn.Linear(8, width)
        self.second = nn.Linear(width, 4)

    def between(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.between(self.first(x)))


class Functional(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.relu(self.first(x)))


class OfTorch(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


class InPlaceFunction(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu_(self.first(x)))


class InPlaceMethod(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu_())


class Method(TwoLayers):
    def between(self, x: Tensor) -> Tensor:
        return x.relu()


class InPlaceStatement(TwoLayers):
    """The result of the call is thrown away, and its input used."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        F.relu(x, inplace=True)
        return self.second(x)


class MethodStatement(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x.relu_()
        return self.second(x)


def activated(x: Tensor) -> Tensor:
    return F.relu(x)


class OutsideFunction(TwoLayers):
    def __init__(self) -> None:
        super().__init__()
        self.third = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = activated(self.first(x))
        return self.third(activated(self.second(x)))


class PythonLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.relu(layer(x))
        return x


class SwishWrittenOut(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.second(x * torch.sigmoid(x))


class Clamp(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).clamp(min=0))


class LeakySlope(TwoLayers):
    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.leaky_relu(self.first(x), 0.2))


class SwiGLU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(8, 12, bias=False)
        self.up = nn.Linear(8, 12, bias=False)
        self.down = nn.Linear(12, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class NotActivations(TwoLayers):
    """A norm, a softmax and a guard by hand: elementwise, and nothing to swap."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = x / x.square().sum(1, keepdim=True).clamp(min=1e-6).sqrt()
        weights = torch.exp(x - x.amax(1, keepdim=True))
        return self.second(x * weights / weights.sum(1, keepdim=True))


class Leaf(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.linear(x))


class Branch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.leaf = Leaf()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.linear(self.leaf(x)))


class Tree(nn.Module):
    """Three levels, and a call in the code of each."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList([Branch(), Branch()])
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        for branch in self.branches:
            x = branch(x)
        return F.relu(self.linear(x))


def rows() -> Tensor:
    return normal(5, 8)


CALLS = (
    Shape(
        "functional relu",
        seeded(Functional),
        rows,
        (":relu",),
        (":relu",),
        channels=((":relu", 1, 12),),
    ),
    Shape("torch.relu", seeded(OfTorch), rows, (":relu",), (":relu",)),
    Shape(
        "torch.relu_", seeded(InPlaceFunction), rows, (":relu",), (":relu",), in_place=(":relu",)
    ),
    Shape(
        "tensor method relu_",
        seeded(InPlaceMethod),
        rows,
        (":relu",),
        (":relu",),
        in_place=(":relu",),
    ),
    Shape("tensor method relu, outside forward", seeded(Method), rows, (":relu",), (":relu",)),
    Shape(
        "F.relu(x, inplace=True) as a statement",
        seeded(InPlaceStatement),
        rows,
        (":relu",),
        (":relu",),
        in_place=(":relu",),
        needs_in_place=(":relu",),
    ),
    Shape(
        "x.relu_() as a statement",
        seeded(MethodStatement),
        rows,
        (":relu",),
        (":relu",),
        in_place=(":relu",),
        needs_in_place=(":relu",),
    ),
    Shape(
        "a function outside the class",
        seeded(OutsideFunction),
        rows,
        (":relu#1", ":relu#2"),
        (":relu#1", ":relu#2"),
        channels=((":relu#1", 1, 12), (":relu#2", 1, 4)),
    ),
    Shape(
        "functional relu in a loop",
        seeded(PythonLoop),
        rows,
        (":relu#1", ":relu#2", ":relu#3"),
        (":relu#1", ":relu#2", ":relu#3"),
    ),
    Shape(
        "x * sigmoid(x)",
        seeded(SwishWrittenOut),
        rows,
        (":silu",),
        (),
        function="silu",
        note="named by what it computes; sigmoid must not be a site of its own",
    ),
    Shape(
        "clamp(min=0)",
        seeded(Clamp),
        rows,
        (":relu",),
        (":relu",),
        note="named by what it computes; by what is called it would be :clamp",
    ),
    Shape(
        "leaky relu with a slope",
        seeded(LeakySlope),
        rows,
        (":leaky_relu",),
        (":leaky_relu",),
        function="leaky_relu",
    ),
    Shape(
        "SwiGLU",
        seeded(SwiGLU),
        rows,
        (":silu",),
        (":silu",),
        function="silu",
        note="silu is no sigmoid, so it is an activation, not a gate",
    ),
    Shape("what only looks like activations", seeded(NotActivations), rows, (":relu",), (":relu",)),
    Shape(
        "calls at three levels",
        seeded(Tree),
        rows,
        (
            "branches.0.leaf:relu",
            "branches.0:relu",
            "branches.1.leaf:relu",
            "branches.1:relu",
            ":relu",
        ),
        (
            "branches.0.leaf:relu",
            "branches.0:relu",
            "branches.1.leaf:relu",
            "branches.1:relu",
            ":relu",
        ),
    ),
)
