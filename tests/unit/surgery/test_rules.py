"""Which sites a rule selects, what replaces them, and what is refused before anything changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab import surgery
from actlab.core import UnknownNameError

from .runs import same_state, state

X = torch.linspace(-2, 2, 12).reshape(3, 4)


class Gelu(nn.GELU):
    """A subclass, as convnext has one."""


class Net(nn.Module):
    """Modules, calls and a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(4, 4) for _ in range(3))
        self.relu = nn.ReLU()
        self.mlp = nn.Sequential(nn.Linear(4, 8), Gelu(), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.a(x))
        x = F.relu(self.b(x))
        x = x * torch.sigmoid(self.c(x))
        return self.mlp(x).tanh()


NAMES = ("relu", ":relu", ":sigmoid", "mlp.1", ":tanh")


@pytest.fixture
def net() -> Iterator[nn.Module]:
    model = Net()
    before, kinds = state(model), [type(m) for m in model.modules()]
    yield model
    assert same_state(before, state(model))
    assert kinds == [type(m) for m in model.modules()]


def selected(model: nn.Module, selector: object) -> tuple[str, ...]:
    with surgery.swap(model, {selector: "powerlu"}, X) as done:
        return done.swapped


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("relu", ("relu", ":relu")),
        (surgery.by_function("relu"), ("relu", ":relu")),
        (surgery.by_site("relu"), ("relu",)),
        (":relu", (":relu",)),
        ("mlp.*", ("mlp.1",)),
        ("*relu", ("relu", ":relu")),
        ("gelu", ("mlp.1",)),
        (nn.GELU, ("mlp.1",)),
        (nn.ReLU, ("relu",)),
        (Gelu, ("mlp.1",)),
        (lambda site: site.producer == "b", (":relu",)),
        (lambda site: site.units == 8, ("mlp.1",)),
        (lambda site: site.kind == "activation", ("relu", ":relu", "mlp.1", ":tanh")),
    ],
)
def test_selectors(net: nn.Module, selector: object, names: tuple[str, ...]) -> None:
    assert selected(net, selector) == names


def test_a_function_goes_before_a_site_of_that_name(net: nn.Module) -> None:
    # The root keeps its ReLU under the name "relu": both readings agree that it is meant.
    assert selected(net, "relu") == ("relu", ":relu")
    net.relu = nn.GELU()
    with pytest.raises(ValueError, match=r"'relu' is ambiguous: the name of a function, and of"):
        surgery.swap(net, {"relu": "powerlu"}, X)
    assert selected(net, surgery.by_site("relu")) == ("relu",)
    net.relu = nn.ReLU()


@pytest.mark.parametrize(
    ("replacement", "text"),
    [
        ("elu", "ELU(alpha=1)"),
        (("elu", {"alpha": 0.5}), "ELU(alpha=0.5)"),
        ("silu", "Activation('silu')"),
        ("swish", "Activation('silu')"),
        (actlab.get("mish"), "Activation('mish')"),
        (nn.SELU(), "SELU()"),
        (nn.Hardswish, "Hardswish()"),
        (actlab.nn.PowerLU(3), "PowerLU(p=3)"),
        (lambda site: nn.LeakyReLU(site.units / 10), "LeakyReLU(negative_slope=0.4)"),
        ("ralu", "RaLU(alpha=3, learnable=True)"),
    ],
)
def test_replacements(net: nn.Module, replacement: object, text: str) -> None:
    with surgery.swap(net, {"relu": replacement}, X) as done:  # type: ignore[dict-item]
        assert repr(net.relu) == text
        assert [row.to for row in done.rows if row.action == "swapped"] == [text, text]


def test_each_site_gets_a_copy(net: nn.Module) -> None:
    given = actlab.nn.RaLU(2.0)
    with surgery.swap(net, {"relu": given}, X):
        modules = [net.relu, net.actlab_sites["relu_1"]]  # type: ignore[index]
        assert len({id(module) for module in (*modules, given)}) == 3


def test_several_rules(net: nn.Module) -> None:
    with surgery.swap(net, {"relu": "elu", "mlp.*": "silu", "tanh": "softsign"}, X) as done:
        assert [row.to for row in done.rows] == [
            "ELU(alpha=1)", "ELU(alpha=1)", "", "Activation('silu')", "Activation('soft_sign')",
        ]  # fmt: skip
        assert [row.note for row in done.rows if row.action == "left"] == [
            "a gate; no rule is about it"
        ]


def test_gates_are_left_unless_asked_for(net: nn.Module) -> None:
    with pytest.raises(ValueError, match=r":sigmoid: a gate: its result multiplies another value"):
        surgery.swap(net, {"sigmoid": "tanh"}, X)
    with surgery.swap(net, {"sigmoid": "hard_sigmoid"}, X, gates=True) as done:
        assert done.swapped == (":sigmoid",)


def test_parameters_for_each_channel(net: nn.Module) -> None:
    with surgery.swap(net, {"relu": "ralu", "gelu": "powerlu"}, X, per_channel=True):
        shapes = {name: tuple(p.shape) for name, p in net.named_parameters() if p.dim() == 1}
    assert {name: shape for name, shape in shapes.items() if "bias" not in name} == {
        "relu.alpha": (4,),
        "actlab_sites.relu_1.alpha": (4,),
        "mlp.1.parametrizations.p.original": (8,),
    }


def test_device_dtype_and_mode_are_kept() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).to(torch.bfloat16).eval()
    surgery.swap(model, {"relu": "ralu"}, X.to(torch.bfloat16))
    assert model[1].alpha.dtype == torch.bfloat16
    assert not model[1].training


def test_a_dry_run_prints_and_changes_nothing(
    net: nn.Module, capsys: pytest.CaptureFixture[str]
) -> None:
    done = surgery.swap(net, {"relu": "powerlu"}, X, dry_run=True)
    assert not done.applied
    printed = capsys.readouterr().out
    assert printed.startswith("2 of 5 sites would be swapped\nsite")
    assert "a gate; no rule is about it" in printed
    assert "PowerLU(p=2)" in printed


def test_reinitialising_and_undoing(net: nn.Module) -> None:
    before = net.a.weight.detach().clone()
    done = surgery.swap(net, {"relu": "powerlu"}, X, reinit=True, generator=0)
    assert done.initialised is not None
    assert done.initialised["a"].followed_by == "powerlu(p=2)"
    assert not torch.equal(before, net.a.weight)
    done.undo()
    assert torch.equal(before, net.a.weight)


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ({}, ValueError, "rules is empty"),
        ("relu", TypeError, "rules must be a mapping from what is replaced"),
        ({"relu": "powrlu"}, UnknownNameError, "did you mean 'powerlu'"),
        ({"rleu": "elu"}, ValueError, r"'rleu' selects no site; the model applies relu \(2\)"),
        ({"layer9.*": "elu"}, ValueError, r"'layer9\.\*' selects no site"),
        ({nn.Mish: "elu"}, ValueError, "Mish selects no site"),
        ({int: "elu"}, TypeError, "a class that selects sites must be a module's, got int"),
        ({3: "elu"}, TypeError, "sites are selected by a name"),
        ({"relu": 3}, TypeError, "a replacement is the name of an activation"),
        ({"relu": ("elu", {"alpha": -1.0})}, ValueError, "elu: alpha must be a finite number in"),
        ({"relu": ("elu", {"beta": 1.0})}, TypeError, "elu has no parameter 'beta'"),
        ({"relu": lambda site: 3}, TypeError, "must return a module for relu, got 3"),
        ({"relu": "elu", "*relu": "silu"}, ValueError, "selected by 'relu' and by '.relu'"),
    ],
)
def test_bad_rules(net: nn.Module, rules: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        surgery.swap(net, rules, X)  # type: ignore[arg-type]


def test_bad_options(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="learnable must be one of None, True, False, got 'yes'"):
        surgery.swap(net, {"relu": "elu"}, X, learnable="yes")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="per_channel=True needs learned parameters"):
        surgery.swap(net, {"relu": "elu"}, X, learnable=False, per_channel=True)
    with pytest.raises(ValueError, match="cannot be run with example_inputs"):
        surgery.swap(net, {"relu": "elu"}, torch.ones(2, 5))
    with pytest.raises(ValueError, match="learnable=True, but it has no parameters"):
        surgery.swap(net, {"relu": "silu"}, X, learnable=True)


def test_a_replacement_that_cannot_run_is_taken_back(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="mat1 and mat2 shapes cannot be multiplied"):
        surgery.swap(net, {"relu": nn.Linear(3, 3)}, X)
