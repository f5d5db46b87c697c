"""Activations that are modules: shared, called twice, of one's own, in lists and dictionaries."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab.functional as AF
from actlab.nn import PowerLU
from models.seeding import normal, seeded
from models.shape import Shape


class GELUSubclass(nn.GELU):
    """A class of one's own that adds nothing to torch's."""


class TanhFormulaGELU(nn.Module):
    """The tanh approximation of GELU as an elementwise module of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class FunctionList(nn.Module):
    """Functions in a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.functions = [F.relu, torch.tanh, F.relu]

    def forward(self, x: Tensor) -> Tensor:
        for layer, function in zip(self.layers, self.functions, strict=True):
            x = function(layer(x))
        return x


class FunctionAttribute(nn.Module):
    """A function in an attribute, as transformers of torch keep it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.act = F.relu

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.linear(x))


class UnregisteredModules(nn.Module):
    """Modules in a plain list, which the module tree does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.activations = [nn.ReLU(), nn.ReLU()]

    def forward(self, x: Tensor) -> Tensor:
        for layer, activation in zip(self.layers, self.activations, strict=True):
            x = activation(layer(x))
        return x


class ModuleListed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.acts = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.ReLU()])

    def forward(self, x: Tensor) -> Tensor:
        for layer, act in zip(self.layers, self.acts, strict=True):
            x = act(layer(x))
        return x


class ByName(nn.Module):
    """One of several activations, looked up by its name."""

    def __init__(self, chosen: str) -> None:
        super().__init__()
        self.acts = nn.ModuleDict({"relu": nn.ReLU(), "gelu": nn.GELU()})
        self.chosen = chosen
        self.first = nn.Linear(8, 12)
        self.second = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.acts[self.chosen](self.first(x)))


class UsesShared(nn.Module):
    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.linear(x))


class OfActlab(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 12)
        self.act = PowerLU()
        self.second = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return AF.elu(self.second(self.act(self.first(x))))


def with_act(act: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 12), act, nn.Linear(12, 4))


def shared() -> nn.Sequential:
    act = nn.ReLU()
    return nn.Sequential(nn.Linear(8, 12), act, nn.Linear(12, 6), act, nn.Linear(6, 4))


def shared_by_blocks() -> nn.Sequential:
    act = nn.ReLU()
    return nn.Sequential(UsesShared(act), UsesShared(act))


def with_dropout() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(8, 12), nn.Dropout(0.5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(12, 4), nn.ReLU()
    )


def prelu() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.PReLU(6), nn.Flatten(), nn.Linear(96, 4))


def in_place() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 12), nn.ReLU(inplace=True), nn.Linear(12, 4))


def rows() -> Tensor:
    return normal(5, 8)


def images() -> Tensor:
    return normal(3, 3, 6, 6)


MODULES = (
    Shape("module relu", seeded(lambda: with_act(nn.ReLU())), rows, ("1",), ("1",)),
    Shape("the activation alone", nn.ReLU, rows, ("(model)",), ()),
    Shape("in-place module", seeded(in_place), rows, ("1",), ("1",), in_place=("1",)),
    Shape(
        "one module in two slots",
        seeded(shared),
        rows,
        ("1", "3"),
        ("1", "3"),
        channels=(("1", 1, 12), ("3", 1, 6)),
        places=(("1", "3"),),
    ),
    Shape(
        "one module in two blocks",
        seeded(shared_by_blocks),
        rows,
        ("0.act", "1.act"),
        ("0.act", "1.act"),
        places=(("0.act", "1.act"),),
        note="called once in each block's code: 0.act and 1.act would do as well",
    ),
    Shape("GELU subclass", seeded(lambda: with_act(GELUSubclass())), rows, ("1",), ("1",), "gelu"),
    Shape(
        "GELU by its tanh formula in a module",
        seeded(lambda: with_act(TanhFormulaGELU())),
        rows,
        ("1",),
        ("1",),
        function="gelu_tanh",
        note="the module is elementwise as a whole, so it is the site, not the formula in it",
    ),
    Shape(
        "functions in a plain list",
        seeded(FunctionList),
        rows,
        (":relu#1", ":tanh", ":relu#2"),
        (":relu#1", ":relu#2"),
        note="an item of a list is no attribute; else functions.0, functions.1, functions.2",
    ),
    Shape("a function in an attribute", seeded(FunctionAttribute), rows, ("act",), ("act",)),
    Shape(
        "modules in a plain list",
        seeded(UnregisteredModules),
        rows,
        (":relu#1", ":relu#2"),
        (":relu#1", ":relu#2"),
        note="the tree does not hold them, so they are calls in the code of the model",
    ),
    Shape(
        "ModuleList of activations",
        seeded(ModuleListed),
        rows,
        ("acts.0", "acts.1", "acts.2"),
        ("acts.0", "acts.2"),
    ),
    Shape(
        "ModuleDict, looked up by name",
        seeded(lambda: ByName("relu")),
        rows,
        ("acts.relu",),
        ("acts.relu",),
        unreached=("acts.gelu",),
    ),
    Shape("dropout between", seeded(with_dropout), rows, ("2", "5"), ("2", "5")),
    Shape(
        "PReLU with channels",
        seeded(prelu),
        images,
        ("1",),
        ("1",),
        function="prelu",
        channels=(("1", 1, 6),),
    ),
    Shape(
        "leaky relu module with a slope",
        seeded(lambda: with_act(nn.LeakyReLU(0.2))),
        rows,
        ("1",),
        ("1",),
        function="leaky_relu",
    ),
    Shape(
        "activations of actlab",
        seeded(OfActlab),
        rows,
        ("act", ":elu"),
        ("act",),
        function="powerlu",
    ),
)
