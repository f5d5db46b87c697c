"""Sites keep their names where a model takes another way through its code."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.diagnose import monitor

X = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))


class Branches(nn.Module):
    """A function, or a module, in either of two branches."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.act = nn.Linear(8, 8), nn.Linear(8, 6), nn.GELU()
        with torch.no_grad():
            self.a.bias[:3] = -100.0

    def forward(self, x: Tensor, way: int) -> Tensor:
        if way == 0:
            return F.relu(self.a(x))
        if way == 1:
            return F.relu(self.b(x))
        if way == 2:
            return self.act(self.a(x))
        return self.act(self.b(x))


def test_branches_are_sites_of_their_own() -> None:
    model = Branches()
    with monitor(model, every=1) as watching:
        for step in range(8):
            model(X, step % 4).sum().backward()
    found = [(s.name, s.units, s.calls, s.dead) for s in watching.report().sites]
    assert found == [(":relu", 8, 2, 3), (":relu#2", 6, 2, 0), ("act", 8, 2, 3), ("act#2", 6, 2, 0)]
    assert not watching.report().left_out


def test_names_stay_over_a_reset() -> None:
    model = Branches()
    with monitor(model, every=1) as watching:
        for way in (0, 1):
            model(X, way)
        watching.reset()
        model(X, 1)
    assert [(s.name, s.units) for s in watching.report().sites] == [(":relu#2", 6)]


class Stack(nn.Module):
    """Residual layers, some of which are skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
        with torch.no_grad():
            self.layers[2].bias[:4] = -1000.0

    def forward(self, x: Tensor, skip: int) -> Tensor:
        for k, layer in enumerate(self.layers):
            if k != skip:
                x = x + F.relu(layer(x))
        return x


def test_skipped_layers_shift_no_names() -> None:
    model = Stack()
    with monitor(model, every=1) as watching:
        for skip in (9, 0, 1, 2, 3):
            model(X, skip).sum().backward()
    found = [(s.producer, s.calls, s.dead) for s in watching.report().sites]
    assert found == [(f"layers.{k}", 4, 4 if k == 2 else 0) for k in range(4)]


class Shared(nn.Module):
    """A block that is called twice and goes another way each time."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Branches()
        self.up = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.block(x, 0), 1)


def test_two_ways_in_one_step() -> None:
    model = Shared()
    with monitor(model, every=1) as watching:
        for _ in range(2):
            model(X).sum().backward()
    found = [(s.name, s.units, s.calls) for s in watching.report().sites]
    assert found == [("block:relu", 8, 2), ("block:relu#2", 6, 2)]


def test_training_and_evaluation_share_sites() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.noise = nn.Linear(8, 8), nn.Dropout(0.1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            if self.training:
                x = self.noise(x)
            return F.relu(x)

    model = Model()
    with monitor(model, every=1, evaluation=True) as watching:
        model(X)
        model.eval()(X)
    assert [(s.name, s.calls) for s in watching.report().sites] == [(":relu", 2)]
