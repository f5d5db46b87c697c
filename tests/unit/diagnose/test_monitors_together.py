"""Monitors that share a model or a step, are interrupted, closed early, copied and saved."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab.nn
from actlab.diagnose import diagnose, monitor
from actlab.kernels.watch import WATCHER
from actlab.surgery import find, swap

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    interrupted = False

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 4)
        self.act = actlab.nn.RaLU()
        with torch.no_grad():
            self.a.bias[:3] = -100.0

    def forward(self, x: Tensor) -> Tensor:
        if self.interrupted:
            raise KeyboardInterrupt
        return self.act(self.b(F.relu(self.a(x))))


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.fixture(autouse=True)
def nothing_is_left():
    torch.compile(nn.Linear(4, 4), backend="eager")(X)  # imports the compiler
    from torch._dynamo import eval_frame

    yield
    assert torch.backends.mha.get_fastpath_enabled()
    assert eval_frame._stance.stance == "default"
    assert WATCHER.get() is None
    assert not torch.overrides._get_current_function_mode_stack()


@pytest.mark.parametrize("beats", [(1, 1), (1, 2), (2, 1), (2, 3)])
def test_two_monitors_on_one_model(beats: tuple[int, int]) -> None:
    model = Net()
    with monitor(model, every=beats[0]) as one, monitor(model, every=beats[1]) as two:
        for _ in range(6):
            model(X).sum().backward()
    for watching, beat in zip((one, two), beats, strict=True):
        report = watching.report()
        assert [site.name for site in report.sites] == [":relu", "act"]
        assert [site.calls for site in report.sites] == [6 // beat] * 2
        assert report[":relu"].dead_units == (0, 1, 2)
        assert report[":relu"].producer == "a"
        assert not watching.warnings
    assert hooks(model) == 0


def test_a_monitor_of_a_part() -> None:
    model = nn.Sequential(Net(), nn.Tanh())
    with monitor(model, every=1) as one, monitor(model[0], every=1) as two:
        for _ in range(3):
            model(X).sum().backward()
    found = [(s.name, s.calls) for s in one.report().sites]
    assert found == [("0:relu", 3), ("0.act", 3), ("1", 3)]
    assert [(s.name, s.calls) for s in two.report().sites] == [(":relu", 3), ("act", 3)]


def test_a_module_at_two_places_under_two_monitors() -> None:
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(4, 8), relu, nn.Linear(8, 8), relu)
    with monitor(model, every=1) as one, monitor(model, every=2) as two:
        for _ in range(4):
            model(X).sum().backward()
    for watching, calls in ((one, 4), (two, 2)):
        assert [(s.name, s.calls) for s in watching.report().sites] == [("1", calls), ("3", calls)]
    assert model[1] is model[3] is relu


def test_monitors_that_begin_and_end_in_any_order() -> None:
    model = Net()
    one, two = monitor(model, every=1).start(), monitor(model, every=1).start()
    model(X)
    one.close()
    model(X)
    two.close()
    assert (one.report()[":relu"].calls, two.report()[":relu"].calls) == (1, 2)
    assert hooks(model) == 0


def test_runs_of_others_are_no_steps() -> None:
    model = Net()
    with monitor(model, every=1) as watching:
        model(X).sum().backward()
        assert diagnose(model, X)[":relu"].dead == 3
        find(model, X)
        swap(model, {"relu": "elu"}, X).undo()
        model(X).sum().backward()
    assert watching.steps == 2
    assert [site.calls for site in watching.report().sites] == [2, 2]


def test_diagnosing_in_the_middle_of_a_step() -> None:
    model, found = Net(), []

    def look(module: nn.Module, args: object, y: Tensor) -> None:
        if not found:
            found.append(None)
            found[0] = diagnose(model, X)

    model.a.register_forward_hook(look)
    with monitor(model, every=1) as watching:
        model(X).sum().backward()
        found.clear()
        model(X).sum().backward()
    assert found[0][":relu"].dead_units == (0, 1, 2)
    assert [(s.name, s.calls) for s in watching.report().sites] == [(":relu", 2), ("act", 2)]
    assert watching.steps == 2


def test_an_interrupted_step() -> None:
    model = Net()
    watching = monitor(model, every=1).start()
    for _ in range(2):
        model.interrupted = True
        with pytest.raises(KeyboardInterrupt):
            model(X)
        model.interrupted = False
        model(X).sum().backward()
        assert not torch.overrides._get_current_function_mode_stack()
    watching.close()
    assert watching.steps == 4
    assert watching.report()[":relu"].calls == 2
    model.interrupted = True
    watching.start()
    with pytest.raises(KeyboardInterrupt):
        model(X)
    watching.close()
    assert hooks(model) == 0


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_closing_in_the_middle_of_a_step(seen_before: bool, before: bool) -> None:
    model = Net()
    watching = monitor(model, every=1).start()
    if seen_before:
        model(X)
    if before:
        handle = model.b.register_forward_pre_hook(lambda *_: watching.close())
    else:
        handle = model.b.register_forward_hook(lambda *_: watching.close())
    plain = model(X)
    handle.remove()
    assert torch.equal(plain, model(X))
    assert hooks(model) == 0
    assert watching.report()[":relu"].calls == 1 + seen_before


def test_copies_and_files_have_no_part_in_it() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    with monitor(model, every=1) as watching:
        model(X)
        copied = copy.deepcopy(model)
        average = torch.optim.swa_utils.AveragedModel(model)
        file = io.BytesIO()
        torch.save(model, file)
        file.seek(0)
        loaded = torch.load(file, weights_only=False)
        for other in (copied, average, loaded):
            assert torch.equal(other(X), model(X))
    assert watching.steps == 4
    assert torch.equal(copied(X), model(X))
