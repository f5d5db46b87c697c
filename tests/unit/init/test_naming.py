"""Which activation an object is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab import init
from actlab.init.naming import of_call, of_module
from actlab.init.torch_table import FUNCTIONS, MODULES, ROWS

MODULES_AND_LABELS = [
    (nn.ReLU(), "relu"),
    (nn.LeakyReLU(0.2), "leaky_relu(negative_slope=0.2)"),
    (nn.ELU(0.5), "elu(alpha=0.5)"),
    (nn.SELU(), "selu"),
    (nn.GELU(), "gelu"),
    (nn.GELU("tanh"), "gelu_tanh"),
    (nn.SiLU(), "silu"),
    (nn.Mish(), "mish"),
    (nn.Sigmoid(), "sigmoid"),
    (nn.Tanh(), "tanh"),
    (nn.Softplus(), "softplus"),
    (actlab.nn.PowerLU(3.0), "powerlu(p=3)"),
    (actlab.nn.ExpoLU(2.0, 1.0, 2.0), "expolu(a=2, b=1, p=2)"),
    (actlab.nn.RaLU(2.0), "ralu(alpha=2)"),
    (actlab.nn.Activation("swish"), "silu"),
]


@pytest.mark.parametrize(("module", "label"), MODULES_AND_LABELS, ids=lambda v: str(v)[:30])
def test_modules_are_definitions(module: nn.Module, label: str) -> None:
    found = init.recognise(module)
    assert str(found) == label
    assert found.definition is not None
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    expected = module.double()(x)
    assert torch.allclose(found.function(x), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.definition)
def test_every_row_computes_what_torch_computes(row) -> None:
    found = init.recognise(row.function)
    x = torch.linspace(-4.9, 5.1, 333, dtype=torch.float64)
    assert torch.allclose(found.function(x), row.function(x, **row.arguments), atol=1e-6)
    if row.module is not None:
        instance = row.module(0.0, 0.0) if row.module is nn.Threshold else row.module()
        named = of_module(instance)
        assert named is not None
        assert torch.equal(named.function(x), found.function(x))


@pytest.mark.parametrize(
    ("function", "label"),
    [
        (torch.relu, "relu"),
        (F.relu_, "relu"),
        (Tensor.relu_, "relu"),
        (torch.tanh, "tanh"),
        (Tensor.tanh, "tanh"),
        (torch.special.expit, "sigmoid"),
        (F.silu, "silu"),
    ],
)
def test_functions_and_methods_are_definitions(function, label: str) -> None:
    assert str(init.recognise(function)) == label


def test_parameters_of_functions() -> None:
    assert str(init.recognise(F.leaky_relu, negative_slope=0.3)) == (
        "leaky_relu(negative_slope=0.3)"
    )
    assert str(of_call(F.elu, (0.5,), {})) == "elu(alpha=0.5)"
    assert str(of_call(F.gelu, (), {"approximate": "tanh"})) == "gelu_tanh"
    with pytest.raises(TypeError, match="torch's elu has no parameter 'beta'; its .* alpha"):
        init.recognise(F.elu, beta=1.0)


def test_what_torch_computes_otherwise_stays_torch() -> None:
    # The catalogue's Softplus has no beta; the number must not be lost.
    found = init.recognise(nn.Softplus(beta=2.0))
    x = torch.linspace(-3, 3, 50, dtype=torch.float64)
    assert torch.allclose(found.function(x), F.softplus(x, 2.0), rtol=1e-6)
    assert init.gain(found) != init.gain("softplus")


def test_any_elementwise_callable_counts() -> None:
    class Scaled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 1.7 * torch.relu(x)

    assert init.gain(Scaled()) == pytest.approx(init.gain("relu") / 1.7)
    assert str(init.recognise(Scaled())) == "Scaled"
    assert init.gain(lambda x, k: k * x, k=4.0) == pytest.approx(0.25)


def test_a_module_derived_from_a_known_one_is_looked_at_itself() -> None:
    class Shifted(nn.ReLU):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x - 1)

    assert of_module(Shifted()) is None
    assert init.gain(Shifted()) > 2 * init.gain("relu")


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (nn.Softmax(dim=-1), "its values depend on other elements"),
        (nn.Dropout(), "it is random"),
        (nn.Linear(64, 64), "called with a float64 vector it raises RuntimeError"),
        (torch.sort, "it returns"),
        (lambda x: x[:10], "it maps shape .64,. to .10,."),
        (lambda x: x > 0, "it returns torch.bool"),
        (lambda x: x * torch.arange(len(x)), "its values depend on the order"),
    ],
)
def test_what_is_not_elementwise_is_refused(thing, reason: str) -> None:
    with pytest.raises(ValueError, match=f"is not an elementwise function.*{reason}"):
        init.recognise(thing)


def test_wrong_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="ReLU is a class; pass an instance"):
        init.recognise(nn.ReLU)
    with pytest.raises(TypeError, match="a name, a definition, a module or a callable"):
        init.recognise(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ELU has its own parameters; remove alpha"):
        init.recognise(nn.ELU(), alpha=2.0)
    with pytest.raises(actlab.core.UnknownNameError, match="did you mean"):
        init.recognise("geluu")


def test_probing_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="random"):
        init.recognise(nn.Dropout())
    assert torch.equal(before, torch.get_rng_state())


def test_tables_hold_no_function_twice() -> None:
    assert len(MODULES) == len({row.definition for row in ROWS if row.module})
    assert len(FUNCTIONS) > len(ROWS)
