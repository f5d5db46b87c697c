"""The first look is taken at a pass that happens anyway: whatever a model does, it does once."""

from __future__ import annotations

import copy
import gc
import random
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.diagnose import diagnose, monitor


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 4)
        self.t, self.queue = 0, []
        self.generator = torch.Generator().manual_seed(3)
        self.register_buffer("late", None)
        self.average = nn.Parameter(torch.zeros(8), requires_grad=False)

    def hidden(self, x: Tensor) -> Tensor:
        return F.relu(self.a(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.hidden(x))


class PythonRandom(Base):
    def hidden(self, x: Tensor) -> Tensor:
        return F.relu(self.a(x)) * (1.0 if random.random() < 0.5 else 2.0)


class OwnGenerator(Base):
    def hidden(self, x: Tensor) -> Tensor:
        return F.relu(self.a(x)) + torch.randn(8, generator=self.generator)


class Counter(Base):
    def hidden(self, x: Tensor) -> Tensor:
        self.t += 1
        return F.relu(self.a(x)) / self.t


class Queue(Base):
    def hidden(self, x: Tensor) -> Tensor:
        h = F.relu(self.a(x))
        self.queue.append(h.detach().mean())
        return h + sum(self.queue) / len(self.queue)


class WritesItsInput(Base):
    def hidden(self, x: Tensor) -> Tensor:
        return F.relu(self.a(x.mul_(0.5)))


class Average(Base):
    def hidden(self, x: Tensor) -> Tensor:
        h = F.relu(self.a(x))
        self.average.data.mul_(0.9).add_(h.mean(0).detach(), alpha=0.1)
        return h + self.average


class LateBuffer(Base):
    def hidden(self, x: Tensor) -> Tensor:
        h = F.relu(self.a(x))
        new = h.mean(0).detach()
        self.late = new if self.late is None else 0.9 * self.late + 0.1 * new
        return h + self.late


class Hooked(Base):
    def __init__(self) -> None:
        super().__init__()
        self.a.register_forward_hook(self._scaled)

    def _scaled(self, module: nn.Module, args: object, y: Tensor) -> Tensor:
        self.t += 1
        return y / self.t


class CountingReLU(nn.ReLU):
    """An activation that computes something else every time."""

    def __init__(self) -> None:
        super().__init__()
        self.t, self.inputs = 0, []

    def forward(self, x: Tensor) -> Tensor:
        self.t += 1
        self.inputs.append(x.detach().mean())
        return super().forward(x) / len(self.inputs)


class CountsInItsActivation(Base):
    def __init__(self) -> None:
        super().__init__()
        self.first = self.second = CountingReLU()

    def hidden(self, x: Tensor) -> Tensor:
        return self.second(self.first(self.a(x)) - 0.1)


class CountsInItsAttribute(Base):
    def __init__(self) -> None:
        super().__init__()
        self.act = lambda x: F.softplus(x * (1 + random.random()))

    def hidden(self, x: Tensor) -> Tensor:
        return self.act(self.a(x))


class RandomSlopes(Base):
    def __init__(self) -> None:
        super().__init__()
        self.act, self.drop = nn.RReLU(), nn.Dropout(0.3)

    def hidden(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.a(x)))


def trained(make: Callable[[], nn.Module], every: int | None) -> tuple[nn.Module, object]:
    torch.manual_seed(1)
    random.seed(1)
    model = make()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    watching = monitor(model, every=every or 1)
    if every:
        watching.start()
    data = torch.randn(5, 32, 4, generator=torch.Generator().manual_seed(2))
    for x in data:
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()
    watching.close()
    return model, (torch.rand(2).tolist(), random.random(), data.sum().item())


MODELS = [Base, PythonRandom, OwnGenerator, Counter, Queue, WritesItsInput, Average, LateBuffer,
          Hooked, CountsInItsActivation, CountsInItsAttribute, RandomSlopes]  # fmt: skip


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("make", MODELS)
def test_training_is_the_same_whatever_a_model_does(make: type[nn.Module], every: int) -> None:
    (plain, before), (model, after) = trained(make, None), trained(make, every)
    assert before == after
    assert plain.state_dict().keys() == model.state_dict().keys()
    for name, value in plain.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    assert getattr(plain, "t", 0) == getattr(model, "t", 0)


def test_activations_of_their_own_are_counted_from_the_first_step() -> None:
    for model, name in ((CountsInItsActivation(), "first#1"), (CountsInItsAttribute(), "act")):
        with torch.no_grad():
            model.a.bias[:3] = -1000.0
        with monitor(model, every=1) as watching:
            for _ in range(3):
                model(torch.randn(64, 4)).sum().backward()
        site = watching.report()[name]
        assert (site.calls, site.producer, site.units) == (3, "a", 8)
        assert site.gradient_norm is not None
        assert {0, 1, 2} <= {*site.dead_units, *site.saturated_units}


class Straight(torch.autograd.Function):
    """A step with the slope of a straight line, as quantised networks have it."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return torch.relu(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient


class StraightThrough(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Straight.apply(x)


def test_a_backward_pass_of_its_own_is_the_slope() -> None:
    model = nn.Sequential(nn.Linear(4, 8), StraightThrough(), nn.Linear(8, 1))
    with torch.no_grad():
        model[0].bias[:] = -1000.0
    sites = diagnose(model, torch.randn(64, 4)).sites
    assert all(site.slope_gain == pytest.approx(1.0) for site in sites if site.name == "1")


@pytest.mark.filterwarnings("ignore")
def test_a_cache_is_filled_once() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=20, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    cache = transformers.DynamicCache(config=config)
    with monitor(model, every=1):
        model(torch.arange(7)[None], past_key_values=cache, use_cache=True)
    assert cache.get_seq_length() == 7


def test_nothing_waits_for_the_garbage_collector() -> None:
    refs: list[weakref.ref] = []

    class Model(Base):
        def hidden(self, x: Tensor) -> Tensor:
            h = torch.tanh(self.a(x))
            z = F.silu(h) * torch.sigmoid(h)
            refs.extend(weakref.ref(t) for t in (h, z))
            return z

    model = Model()
    gc.collect()
    gc.disable()
    try:
        with monitor(model, every=1):
            for _ in range(2):
                model(torch.randn(16, 4)).sum().backward()
                assert all(ref() is None for ref in refs)
    finally:
        gc.enable()


def test_names_and_axes_of_the_first_step() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 6)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.b(F.relu(self.a(x)).transpose(1, 2).transpose(1, 2)))

    x = torch.randn(3, 5, 4)
    report = diagnose(Twice(), x)
    assert [(s.name, s.units, s.producer) for s in report.sites] == [
        (":relu#1", 8, "a"), (":relu#2", 6, "b"),
    ]  # fmt: skip
    # Names are known only at the end of the step, and dimensions go by names.
    for axes, units in (
        ({":relu#1": 1}, [5, 6]), ({":relu": 1}, [8, 6]), ({":relu#*": 0, ":*": 1}, [3, 3]),
    ):  # fmt: skip
        assert [site.units for site in diagnose(Twice(), x, axes=axes).sites] == units
        with monitor(Twice(), every=1, axes=axes) as watching:
            for _ in range(2):
                watching.model(x)
        assert [(s.units, s.calls) for s in watching.report().sites] == [(u, 2) for u in units]


def test_patterns_that_match_no_site_are_told() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    notes = [v.text for v in diagnose(model, torch.ones(4, 4), axes={"1": 1, "x.*": 0}).verdicts]
    assert notes == ["axes: 'x.*' matches no site"]


def test_modules_that_are_swapped_meanwhile_are_sites_of_their_own() -> None:
    from actlab.surgery import swap

    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    with monitor(model, every=1) as watching:
        model(torch.randn(16, 4)).sum().backward()
        done = swap(model, {"relu": "elu"}, torch.randn(16, 4))
        model(torch.randn(16, 4)).sum().backward()
        done.undo()
        model(torch.randn(16, 4)).sum().backward()
    found = [(site.name, site.function, site.calls) for site in watching.report().sites]
    assert found == [("1", "relu", 2), ("1#2", "elu(alpha=1)", 1)]


def test_a_copy_made_in_the_middle_of_a_step_works() -> None:
    class Inner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

        def forward(self, x: Tensor) -> Tensor:
            return copy.deepcopy(self.net)(x) + self.net(x)

    model = Inner()
    with monitor(model, every=1) as watching:
        for _ in range(2):
            model(torch.randn(8, 4)).sum().backward()
    assert watching.report()["net.1"].calls == 2
