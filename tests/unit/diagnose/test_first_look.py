"""The first look is taken at a pass that happens anyway: whatever a model does, it does once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.diagnose import monitor


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


class Keeps(nn.Module):
    """An activation that writes into what it keeps, and draws."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(()))
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        torch.add(self.calls, 1, out=self.calls)
        self.mean.copy_(torch.rand_like(x).mean() + torch.rand((), generator=self.generator))
        y = F.rrelu(x, training=True) * 2
        return y.clamp_(max=4)


class KeepsInItsActivation(Base):
    def __init__(self) -> None:
        super().__init__()
        self.act = Keeps()

    def hidden(self, x: Tensor) -> Tensor:
        return self.act(self.a(x))


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
          Hooked, CountsInItsActivation, CountsInItsAttribute, KeepsInItsActivation,
          RandomSlopes]  # fmt: skip


@pytest.mark.parametrize("every", [1, pytest.param(2, marks=pytest.mark.full)])
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
