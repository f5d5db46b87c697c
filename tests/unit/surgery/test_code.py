"""Whose code an activation is in, and at which place: what goes wrong when tools guess."""

from __future__ import annotations

import contextlib
import copy
import pickle

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.utils.checkpoint import checkpoint

from actlab import surgery

X = torch.linspace(-2, 2, 12).reshape(3, 4)


class Held(nn.Module):
    """A function in an attribute, with a call inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.act = lambda x: F.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.b(self.act(self.a(x))))


def test_calls_inside_a_function_in_an_attribute_are_its_own() -> None:
    model = Held()
    assert surgery.find(model, X).names == ("act", ":relu")
    for rules, expected in (
        ({"relu": "tanh"}, lambda: torch.tanh(model.b(torch.tanh(model.a(X))))),
        ({":relu": "tanh"}, lambda: torch.tanh(model.b(F.relu(model.a(X))))),
        ({"act": "tanh"}, lambda: F.relu(model.b(torch.tanh(model.a(X))))),
    ):
        with surgery.swap(model, rules, X):
            torch.testing.assert_close(model(X), expected())


class Activated(nn.Linear):
    """A layer with an activation of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x))


class WithActivated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = Activated(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.b(self.a(x)))


def test_subclasses_of_layers_keep_what_is_theirs() -> None:
    model = WithActivated()
    with surgery.swap(model, {":relu": "tanh"}, X) as done:
        assert done.swapped == (":relu",)
        torch.testing.assert_close(model(X), torch.tanh(model.b(model.a(X))))
        compiled = torch.compile(model, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(X), model(X))


def test_modules_that_come_later_keep_what_is_theirs() -> None:
    model = WithActivated()
    surgery.swap(model, {":relu": "ralu"}, X)
    model.a = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    expected = model.actlab_sites["relu_1"](model.b(model.a(X)))  # type: ignore[index, operator]
    torch.testing.assert_close(model(X), expected)


class Skipping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor, skip: bool = False, module: bool = False) -> Tensor:
        if not skip:
            x = x + (self.act(self.a(x)) if module else F.relu(self.a(x)))
        return x + (self.act(self.b(x)) if module else F.relu(self.b(x)))


@pytest.mark.parametrize("module", [False, True])
def test_a_skipped_call_does_not_move_the_others(module: bool) -> None:
    model = Skipping()
    names = surgery.find(model, (X, False, module)).names
    done = surgery.swap(model, {names[0]: "tanh", names[1]: "softplus"}, (X, False, module))
    torch.testing.assert_close(model(X, True, module), X + F.softplus(model.b(X)))
    inner = X + torch.tanh(model.a(X))
    torch.testing.assert_close(model(X, False, module), inner + F.softplus(model.b(inner)))
    done.undo()


def test_a_call_that_the_example_did_not_have_is_an_error_where_calls_differ() -> None:
    model = Skipping()
    surgery.swap(model, {"relu": "ralu"}, {"x": X, "skip": True})
    with pytest.raises(RuntimeError, match="in a way that the example .* did not have"):
        model(X)


class Checkpointing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.saving = False

    def inside(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.a(x))

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(self.inside, x, use_reentrant=False) if self.saving else self.inside(x)


def test_a_checkpoint_around_replaced_calls_is_refused() -> None:
    model = Checkpointing()
    surgery.swap(model, {"sigmoid": "tanh"}, X)
    model.saving = True
    with pytest.raises(RuntimeError, match="inside an activation checkpoint .* gradients would be"):
        model(X)
    saving = Checkpointing()
    saving.saving = True
    (site,) = surgery.find(saving, X)
    assert "inside an activation checkpoint" in site.reason


class Out(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        buffer = torch.empty_like(x)
        torch.sigmoid(x, out=buffer)
        return buffer


def test_results_are_written_where_they_are_wanted() -> None:
    model = Out()
    surgery.swap(model, {"sigmoid": "tanh"}, X)
    torch.testing.assert_close(model(X), torch.tanh(X))


def test_channels_behind_a_linear_layer_come_last_at_any_rank() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    surgery.swap(model, {"relu": "ralu"}, X, per_channel=True)
    assert model[1].channel_dim == -1
    with torch.no_grad():
        model[1].alpha.copy_(torch.arange(4.0))
    whole = model(X.reshape(1, 3, 4).expand(4, 3, 4))
    torch.testing.assert_close(whole[2], model(X))


def test_an_exception_that_is_caught_disturbs_nothing() -> None:
    class Catching(WithActivated):
        def forward(self, x: Tensor) -> Tensor:
            with contextlib.suppress(ArithmeticError):
                self.a(x)
            return F.relu(self.b(x))

    def refuse(*args: object) -> None:
        raise ArithmeticError

    model = Catching()
    model.a.register_forward_pre_hook(refuse)
    surgery.swap(model, {":relu": "tanh"}, X)
    for _ in range(2):
        torch.testing.assert_close(model(X), torch.tanh(model.b(X)))


class Merging(nn.Linear):
    """As adapters do: another mode changes the weights."""

    def train(self, mode: bool = True) -> nn.Module:
        if mode != self.training:
            with torch.no_grad():
                self.weight.add_(1.0 if mode else -1.0)
        return super().train(mode)


class Writing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = Merging(4, 4)
        self.codes = nn.Parameter(torch.zeros(4), requires_grad=False)
        self.register_buffer("filled", None)

    def forward(self, x: Tensor) -> Tensor:
        self.codes.add_(1.0)
        if self.filled is None:
            self.filled = torch.ones(4)
        return F.relu(self.layer(x.mul_(2.0)))


def test_finding_leaves_weights_buffers_and_inputs_alone() -> None:
    model, x = Writing(), X.clone()
    before = copy.deepcopy(model.state_dict())
    assert surgery.find(model, x).names == (":relu",)
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert torch.equal(x, X)


@pytest.mark.parametrize("new", [nn.Identity(), nn.Dropout(0.0), nn.Linear(4, 4), nn.Softmax(-1)])
def test_replacements_that_are_no_activations(new: nn.Module) -> None:
    model = Skipping()
    names = surgery.find(model, X).names
    with surgery.swap(model, {names[0]: new}, X) as done:
        assert done.swapped == (":relu#1",)
        assert [s.name for s in surgery.find(model, X) if s.activation == "relu" and s.modes] == [
            ":relu#2"
        ]


def test_a_class_changed_since_is_not_undone() -> None:
    model = WithActivated()
    model.own = nn.Parameter(torch.ones(4))
    done = surgery.swap(model, {":relu": "tanh"}, X)
    parametrize.register_parametrization(model, "own", nn.ReLU())
    with pytest.raises(RuntimeError, match="undo the later swap first"):
        done.undo()
    torch.testing.assert_close(model(X), torch.tanh(model.b(model.a(X))))
    second = surgery.swap(model, {"tanh": "sigmoid"}, X)
    torch.testing.assert_close(model(X), torch.sigmoid(model.b(model.a(X))))
    assert torch.equal(model.own, torch.ones(4))
    second.undo()
    parametrize.remove_parametrizations(model, "own", leave_parametrized=False)
    done.undo()
    assert type(model) is WithActivated


class Announced(nn.Module):
    known: list[type] = []  # noqa: RUF012

    def __init_subclass__(cls, *, label: str) -> None:
        Announced.known.append(cls)


class Named(Announced, label="named"):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def again(self) -> nn.Module:
        return type(self)()


def test_classes_that_keep_books_of_their_children() -> None:
    model = Named()
    surgery.swap(model, {"relu": "tanh"}, X)
    assert Announced.known == [Named]
    torch.testing.assert_close(model(X), torch.tanh(X))
    torch.testing.assert_close(model.again()(X), F.relu(X))


class Reduced(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def __reduce__(self):
        return Reduced, ()


def test_a_copy_that_would_lose_the_swap_is_refused() -> None:
    model = Reduced()
    surgery.swap(model, {"relu": "tanh"}, X)
    for make in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="a __reduce__ of its own"):
            make(model)


class Builtin(nn.Module):
    """Calls that an interpreter carries out in another way once they have run often."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.act = nn.Linear(4, 4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.act(self.a(torch.tanh(self.act(x)))).relu())


def test_places_in_the_code_stay_when_it_has_run_often() -> None:
    model = Builtin()
    rules = {"tanh": "ralu", "relu": "ralu", ":relu": "ralu"}
    done = surgery.swap(model, rules, X, per_channel=True)
    first = model(X)
    for _ in range(100):
        assert torch.equal(model(X), first)
    done.undo()
    for _ in range(100):
        model(X)
    surgery.swap(model, rules, X)
    assert torch.equal(model(X), first)
