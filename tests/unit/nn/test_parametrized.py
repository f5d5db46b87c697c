"""Modules that share a class, and tools that change it for the sake of one of them."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parametrize

from actlab import nn

X = torch.linspace(-2, 2, 12).reshape(3, 4)


class Doubled(torch.nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        return 2 * value

    def right_inverse(self, value: Tensor) -> Tensor:
        return value / 2


def learned() -> nn.ExpoLU:
    return nn.ExpoLU(a=2.0, b=1.5, p=3.0, learnable=True)


def test_modules_with_the_same_learned_parameters_share_a_class() -> None:
    one, other = learned(), learned()
    assert type(one) is type(other) is type(copy.deepcopy(one)) is type(nn.ExpoLU(learnable=True))
    assert type(pickle.loads(pickle.dumps(one))) is type(one)
    assert type(one) is not type(nn.PowerLU(learnable=True))
    assert isinstance(one, nn.ExpoLU)
    assert parametrize.type_before_parametrizations(one) is nn.ExpoLU
    one.p = 5.0
    assert one.p.item() == pytest.approx(5.0)
    assert other.p.item() == pytest.approx(3.0)


def test_a_parametrisation_taken_away_from_one_stays_with_the_others() -> None:
    one, other = learned(), learned()
    expected = one(X)
    parametrize.remove_parametrizations(one, "p")
    assert isinstance(one.p, torch.nn.Parameter)
    assert not parametrize.is_parametrized(one, "p")
    assert parametrize.is_parametrized(one, "a")
    assert set(dict(one.named_parameters())) == {
        "p",
        "parametrizations.a.original",
        "parametrizations.b.original",
    }
    torch.testing.assert_close(one(X), expected)
    torch.testing.assert_close(other(X), expected)
    assert {"p", "a"} <= set(dir(one))
    one.p = 4.0
    assert one.p.item() == 4.0
    assert other.p.item() == pytest.approx(3.0)
    parametrize.register_parametrization(one, "p", Doubled())
    assert one.p.item() == 4.0
    assert one.parametrizations.p.original.item() == 2.0
    torch.testing.assert_close(copy.deepcopy(one)(X), one(X))
    for name in "pab":
        parametrize.remove_parametrizations(one, name)
    assert type(one) is nn.ExpoLU
    torch.testing.assert_close(learned()(X), expected)


def test_a_parametrisation_of_one_more_parameter_is_that_modules_alone() -> None:
    one, other = (nn.Activation("sinlu", learnable=True) for _ in range(2))
    assert parametrize.is_parametrized(one, "b")
    assert not parametrize.is_parametrized(one, "a")
    parametrize.register_parametrization(one, "a", Doubled())
    assert parametrize.is_parametrized(one, "a")
    assert not parametrize.is_parametrized(other, "a")
    with torch.no_grad():
        one.parametrizations.a.original.fill_(0.75)
    assert one.a.item() == 1.5
    assert isinstance(other.a, torch.nn.Parameter)
    assert other.a.item() == 1.0
    other.a = 2.0
    assert other.a.item() == 2.0
    held = other.a.detach() * 2
    del other.a  # as tools do that keep parameters elsewhere
    other.a = held
    assert other.a is held
    del other.a
    with pytest.raises(AttributeError, match="a"):
        other.a  # noqa: B018


def test_values_are_computed_once_for_each_module_where_torch_keeps_them() -> None:
    one, other = nn.PowerLU(p=2.0, learnable=True), nn.PowerLU(p=3.0, learnable=True)
    deprecated = pytest.warns(DeprecationWarning, match="jit.trace")
    with parametrize.cached():
        assert one.p is one.p
        assert one.p.item() == pytest.approx(2.0)
        assert other.p.item() == pytest.approx(3.0)
        with pytest.raises(RuntimeError, match="cannot trace"), deprecated:
            torch.jit.trace(one, X)
    assert one.p is not one.p


@pytest.mark.parametrize("changed", [False, True])
def test_compiled(changed: bool) -> None:
    torch._dynamo.reset()
    one, other = learned(), learned()
    if changed:
        parametrize.remove_parametrizations(one, "p")
    for module in (one, other):
        compiled = torch.compile(module, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(X), module(X))
