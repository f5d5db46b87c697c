"""Nothing that goes wrong in counting reaches the run that is looked at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from actlab.diagnose import diagnose, monitor
from actlab.diagnose.first import FirstLook
from actlab.diagnose.meter import Meter
from actlab.diagnose.recorder import GuardedRecorder
from actlab.init.trace import Recorder
from actlab.surgery.record import Notes

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(torch.tanh(self.a(x)))


def gradients(model: nn.Module, steps: int = 2) -> list[Tensor]:
    for _ in range(steps):
        model.zero_grad()
        model(X).square().mean().backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("where", ["__init__", "before", "after", "gradient"])
def test_a_failure_in_counting_is_told_and_harms_nobody(where, monkeypatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no such luck")

    model = Net()
    plain = gradients(model)
    monkeypatch.setattr(Meter, where, failing)
    with monitor(model, every=1) as watching:
        found = gradients(model)
    assert all(map(torch.equal, plain, found))
    report = watching.report()
    assert not report.sites
    assert report.left_out == ((":tanh", "counting failed: RuntimeError: no such luck"),)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Notes, "before"), (Notes, "after"), (Notes, "operated"), (Notes, "left"), (Notes, "entered"),
     (Notes, "returned"), (FirstLook, "_settle"), (Recorder, "computed"), (Recorder, "_leave")],
)  # fmt: skip
def test_a_failure_in_the_first_look_harms_nobody(owner, name, monkeypatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no such luck")

    model = Net()
    plain = gradients(model)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, failing)
        watching = monitor(model, every=1).start()
        found = gradients(model, steps=1)
    found = gradients(model, steps=1)
    watching.close()
    assert all(map(torch.equal, plain, found))
    assert "no such luck" in watching.report().verdicts[-1].text
    assert watching.report()[":tanh"].calls >= 1
    assert issubclass(GuardedRecorder, Recorder)


def test_gradients_of_each_sample() -> None:
    model = Net()
    weights = dict(model.named_parameters())

    def loss(weights: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(model, weights, (x,)).square().sum()

    plain = vmap(grad(loss), in_dims=(None, 0))(weights, X), grad(loss)(weights, X)
    with monitor(model, every=1) as watching:
        found = vmap(grad(loss), in_dims=(None, 0))(weights, X), grad(loss)(weights, X)
        model(X)
    for ours, theirs in zip(found, plain, strict=True):
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert watching.report()[":tanh"].calls == watching.steps == 1
    assert "torch.func" in watching.warnings[0]


class Mapped(Net):
    def forward(self, x: Tensor) -> Tensor:
        slopes = torch.func.grad(lambda v: F.silu(self.a(v)).sum())(x)
        return vmap(lambda v: self.b(torch.tanh(self.a(v))))(x) + slopes


class Sparse(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.b(torch.tanh(self.a(F.relu(x.to_sparse()).to_dense())))


class Nested(Net):
    def forward(self, x: Tensor) -> Tensor:
        rows = torch.nested.nested_tensor([x[:3], x[3:8]], layout=torch.jagged)
        return self.b(torch.tanh(self.a(x))) + F.relu(rows).values().sum()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [Mapped, Sparse, Nested])
def test_values_that_cannot_be_counted(make: type[nn.Module]) -> None:
    model = make()
    plain = gradients(model)
    with monitor(model, every=1) as watching:
        found = gradients(model)
    assert all(map(torch.equal, plain, found))
    assert not watching.warnings
    diagnose(model, X)


def test_inference_and_training_in_turn() -> None:
    model = Net()
    for training_first in (False, True):
        with monitor(model, every=1, evaluation=True) as watching:
            if training_first:
                gradients(model, steps=1)
            with torch.inference_mode():
                model.eval()(X)
            gradients(model.train(), steps=1)
            with torch.no_grad():
                model(X)
        assert watching.report()[":tanh"].calls == 3 + training_first


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch.distributed is missing")
def test_sharded_parameters_of_activations() -> None:
    from torch.distributed.fsdp import fully_shard

    import actlab.nn

    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        model = nn.Sequential(
            nn.Linear(4, 8), actlab.nn.RaLU(num_parameters=8), nn.Linear(8, 8), nn.PReLU(8)
        )
        fully_shard(model)
        with monitor(model, every=1) as watching:
            model(X).sum().backward()
        for report in (watching.report(), diagnose(model, X)):
            assert [(site.name, site.units) for site in report.sites] == [("1", 8), ("3", 8)]
            assert not report.left_out
    finally:
        torch.distributed.destroy_process_group()
