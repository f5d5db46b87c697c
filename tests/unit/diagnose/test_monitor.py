"""Watching a training run: the run is the same to the last bit, and nothing is left behind."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from actlab.diagnose import diagnose, monitor
from actlab.init.operations import tensors
from actlab.surgery.inputs import as_inputs
from models.faults import HEALTHY
from models.shapes import SHAPES

NESTED = "ignore:The PyTorch API of nested tensors:UserWarning"


class Net(nn.Module):
    """Dropout, batch norm, an in-place activation before an addition, and a call."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.a, self.b, self.c = nn.Linear(6, 16), nn.Linear(16, 16), nn.Linear(16, 3)
        self.norm, self.drop = nn.BatchNorm1d(16), nn.Dropout(0.3)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.a(x))
        y = self.act(x)
        x = x + self.drop(F.gelu(self.b(y)))
        return self.c(torch.tanh_(x))


SITES = ["act", ":gelu", ":tanh"]


def trained(model: nn.Module, steps: int = 6, watch: Callable | None = None) -> nn.Module:
    torch.manual_seed(1)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        x = torch.randn(32, 6)
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()
    return model


@pytest.mark.parametrize("every", [1, 2, 4])
def test_training_is_the_same_to_the_last_bit(every: int) -> None:
    plain = trained(Net())
    model = Net()
    with monitor(model, every=every) as watching:
        trained(model)
    assert watching.steps == 6
    assert watching.observed == -(-6 // every)
    for name, value in plain.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    assert [site.name for site in watching.report().sites] == SITES


@pytest.mark.filterwarnings(NESTED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_watching_changes_no_output_and_no_gradient(shape) -> None:
    plain, model = shape.build(), shape.build()
    results = []
    for one, every in ((plain, None), (model, 1)):
        inputs = as_inputs(one, shape.example())
        watching = monitor(one, every=1, evaluation=True)
        if every:
            watching.start()
        torch.manual_seed(2)
        found = [t for t in tensors(one(*inputs.args, **inputs.kwargs)) if t.requires_grad]
        if found:
            torch.stack([t.float().square().mean() for t in found]).sum().backward()
        watching.close()
        results.append([*found, *(p.grad for p in one.parameters() if p.grad is not None)])
    for ours, theirs in zip(*results, strict=True):
        # Compiled parts run eagerly while they are looked at.
        torch.testing.assert_close(ours, theirs)
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_nothing_is_kept_alive() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    seen: list[weakref.ref] = []
    model[1].register_forward_hook(
        lambda m, args, y: seen.extend((weakref.ref(args[0]), weakref.ref(y)))
    )
    with monitor(model, every=1) as watching:
        for _ in range(3):
            model(torch.randn(16, 4)).sum().backward()
        gc.collect()
        assert all(one() is None for one in seen)
    assert watching.report()["1"].calls == 3


WAITING = frozenset({"_local_scalar_dense", "nonzero", "equal", "is_nonzero", "item"})
"""Operations for which a program waits for its device."""


class NoWaiting(TorchDispatchMode):
    """Refuses operations that need a number on the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket.__name__ not in WAITING
        return func(*args, **(kwargs or {}))


def test_a_step_waits_for_no_device() -> None:
    model = Net()
    with monitor(model, every=1):
        trained(model, steps=2)  # the first look finds the sites
        with NoWaiting():
            model(torch.randn(32, 6)).square().mean().backward()


def test_waiting_is_seen() -> None:
    with pytest.raises(AssertionError), NoWaiting():
        torch.ones(1).item()


def test_steps_that_are_not_looked_at_have_no_hooks_inside() -> None:
    model = Net()
    with monitor(model, every=3):
        for step in range(4):
            hooks: list[int] = []
            handle = model.act.register_forward_pre_hook(
                lambda m, a, hooks=hooks: hooks.append(len(m._forward_pre_hooks))
            )
            model(torch.randn(8, 6))
            handle.remove()
            assert (hooks[-1] > 1) is (step % 3 == 0)


def test_evaluation_is_not_counted_unless_asked_for() -> None:
    model = Net()
    for evaluation, steps in ((False, 1), (True, 2)):
        with monitor(model, every=1, evaluation=evaluation) as watching:
            model.train()(torch.randn(8, 6))
            model.eval()(torch.randn(8, 6))
        assert watching.steps == steps


def test_reset_begins_anew() -> None:
    model = Net()
    with monitor(model, every=1) as watching:
        model(torch.full((8, 6), torch.nan))
        assert not watching.report().healthy
        watching.reset()
        model.load_state_dict(Net().state_dict())
        model(torch.randn(64, 6))
        report = watching.report()
    assert (report.steps, report.observed) == (1, 1)
    assert report["act"].nonfinite_input == 0


def test_an_exception_in_the_model_passes_and_the_next_step_is_seen() -> None:
    model = Net()
    with monitor(model, every=1) as watching:
        for width in (6, 5, 6):
            if width == 5:
                with pytest.raises(RuntimeError, match="mat1 and mat2"):
                    model(torch.randn(8, width))
            else:
                model(torch.randn(8, width))
    assert watching.report()["act"].calls == 2
    assert not model.act._forward_hooks


def test_scalars() -> None:
    model = Net()
    with monitor(model, every=1) as watching:
        trained(model, steps=2)
    numbers = watching.scalars()
    assert numbers["act/dead"] == 0.0
    assert numbers["act/gradient_norm"] > 0
    assert set(numbers) >= {"gradient_decades", "signal_decades", "alarms", ":tanh/mean"}
    assert all(isinstance(value, float) for value in numbers.values())


def test_reset_keeps_the_beat() -> None:
    model = Net()
    with monitor(model, every=4) as watching:
        for step in range(10):
            if step == 3:
                watching.reset()
            model(torch.randn(8, 6))
    assert (watching.steps, watching.observed) == (7, 2)


def test_autocast_and_accumulated_gradients() -> None:
    model = Net()
    with monitor(model, every=1) as watching:
        for _ in range(2):
            with torch.autocast("cpu", torch.bfloat16):
                loss = model(torch.randn(32, 6)).float().square().mean()
            loss.backward()
    report = watching.report()
    assert report["act"].dtype in ("bfloat16", "float32")
    assert report["act"].gradient_norm is not None
    assert report.healthy


def test_the_overhead_is_told() -> None:
    model = Net()
    with monitor(model, every=4) as watching:
        trained(model, steps=24)
    report = watching.report()
    assert report.overhead is not None
    assert report.overhead >= 0
    assert report.step_seconds is not None
    assert report.observed_seconds is not None


def test_diagnosing_changes_nothing() -> None:
    for one in HEALTHY[:3]:
        model, data = one.build(), one.data()
        before, drawn = copy.deepcopy(model.state_dict()), torch.get_rng_state()
        diagnose(model, data)
        assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
        assert torch.equal(drawn, torch.get_rng_state())
        assert all(p.grad is None for p in model.parameters())


def test_what_data_may_be() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    x, target = torch.randn(64, 4), torch.randint(2, (64,))
    data = torch.utils.data.TensorDataset(x, target)
    loader = torch.utils.data.DataLoader(data, batch_size=16)
    for given, samples in (
        (x, 64), ([x, x], 128), ((x,), 64), ((x, target), 64), ([(x, target)], 64),
        ({"input": x}, 64), (loader, 64), (iter([x]), 64),
    ):  # fmt: skip
        assert diagnose(model, given).sites[0].samples == samples
    report = diagnose(model, loader, loss=F.cross_entropy, batches=2)
    assert report.sites[0].samples == 32


def test_bad_input() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got int"):
        diagnose(3, torch.ones(1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be run with the data: RuntimeError: mat1"):
        diagnose(model, torch.ones(1, 5))
    with pytest.raises(ValueError, match="data holds no batch"):
        diagnose(model, [])
    with pytest.raises(ValueError, match="batches must be an integer of at least 1, got 0"):
        diagnose(model, torch.ones(1, 4), batches=0)
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        monitor(model, every=0)
    with pytest.raises(TypeError, match=r"every must be an integer, got 1\.5"):
        monitor(model, every=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="loss must return a tensor with one element"):
        diagnose(model, torch.ones(1, 4), loss=lambda y: y)
