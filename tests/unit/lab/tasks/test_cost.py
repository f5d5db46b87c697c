"""Costs: the race is fair, the forms are the same functions, and planted costs are found."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import torch

from actlab import functional
from actlab.lab.arm import Arm, Init
from actlab.lab.models.forms import EAGER, TORCH, function_in
from actlab.lab.models.start import Start
from actlab.lab.models.timing import race, repeats_for, undisturbed
from actlab.lab.task import Batch
from actlab.lab.tasks.cost import TASK, CostSettings, calls_of, inputs_of, run

PARAMS: dict[str, dict[str, Any]] = {
    "elu": {"alpha": 0.7},
    "celu": {"alpha": 0.7},
    "leaky_relu": {"negative_slope": 0.2},
    "powerlu": {"p": 2.0},
    "expolu": {"a": 1.0, "b": 0.5, "p": 2.0},
    "ralu": {"alpha": 2.0},
}


def arm_of(name):
    return Arm(name, PARAMS.get(name, {}), name, Init())


class Fake:
    """A clock that only the calls move."""

    def __init__(self):
        self.now = 0.0
        self.order = []

    def call(self, name, seconds):
        def run():
            self.now += seconds
            self.order.append(name)

        return run

    def __call__(self):
        return self.now


def test_every_call_is_timed_once_a_round_in_changing_order():
    clock = Fake()
    calls = {
        name: clock.call(name, cost) for name, cost in zip("abc", (1.0, 2.0, 3.0), strict=True)
    }
    took = race(calls, np.random.default_rng(0), rounds=20, seconds=0.5, clock=clock)
    assert took == {"a": [1.0] * 20, "b": [2.0] * 20, "c": [3.0] * 20}
    timed = clock.order[-60:]
    rounds = [tuple(timed[at : at + 3]) for at in range(0, 60, 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 3


def test_short_calls_are_repeated_until_they_last():
    clock = Fake()
    repeats = repeats_for(clock.call("a", 1e-6), 1e-3, clock)
    assert 1000 <= repeats < 3000


def test_threads_and_the_collector_are_put_back():
    before = torch.get_num_threads()
    with undisturbed():
        assert torch.get_num_threads() == 1
        assert not gc.isenabled()
    assert gc.isenabled()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("form", ["torch", "eager", "formula", "actlab"])
def test_every_form_is_the_same_function(form):
    x = torch.linspace(-4, 4, 101)
    names = TORCH if form == "torch" else EAGER
    for name in names:
        function, learned = function_in(arm_of(name), form, torch.float32)
        wanted = functional.call(name, x, **PARAMS.get(name, {}))
        torch.testing.assert_close(function(x), wanted, rtol=1e-5, atol=1e-6)
        assert not learned


def test_a_learned_slope_is_a_parameter_of_the_call():
    function, (weight,) = function_in(Arm("prelu", {"weight": 0.25}, "", Init(), "shared"),
                                      "torch", torch.float32)  # fmt: skip
    x = torch.tensor([-2.0, 3.0], requires_grad=True)
    y = function(x)
    assert y.tolist() == [-0.5, 3.0]
    assert torch.autograd.grad(y.sum(), weight)[0].item() == -2.0


@pytest.mark.parametrize(("name", "form"), [("gelu", "eager"), ("powerlu", "torch")])
def test_a_form_that_does_not_exist_is_named(name, form):
    with pytest.raises(ValueError, match=f"form '{form}' has no {name}"):
        function_in(arm_of(name), form, torch.float32)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("positive", 0.0, 9.0), ("negative", -9.0, 0.0), ("subnormal", -103.97, -87.34),
     ("hugely-negative", -1001.0, -104.0)],
)  # fmt: skip
def test_inputs_lie_where_they_should(kind, low, high):
    x = inputs_of(Start(arm_of("elu"), (0,)), kind, 4000)
    assert x.shape == (4000,)
    assert low <= x.min() < x.max() <= high
    exp = torch.exp(x.double()).float()
    if kind == "subnormal":
        assert ((exp > 0) & (exp < torch.finfo(torch.float32).tiny)).all()
    if kind == "hugely-negative":
        assert (exp == 0).all()


@pytest.mark.parametrize("what", ["forward", "forward-backward", "inference", "step"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_everything_that_is_timed_can_be_called(what, dtype):
    chosen = CostSettings(what=what, dtype=dtype, size=64, batch=2, width=8, depth=2)
    function, learned = function_in(arm_of("elu"), "actlab", getattr(torch, dtype))
    calls = calls_of(Start(arm_of("elu"), (0,)), chosen, function, learned)
    assert set(calls) == {"function", "relu", "copy"}
    for call in calls.values():
        call()


def ratios(name, form, **settings):
    chosen = CostSettings.model_validate({"form": form, "rounds": 5, "slice_ms": 0.2, **settings})
    found = run(Batch(arm_of(name), chosen, (0, 1, 2), (1e-3,)))
    return float(np.median(np.array([one.metrics["ratio"] for one in found], dtype=np.float64)))


def test_relu_costs_as_much_as_relu():
    assert 0.7 < ratios("relu", "torch") < 1.4


def test_a_formula_of_many_operations_costs_more_than_relu():
    assert ratios("powerlu", "eager") > 3.0


def test_its_runs_have_the_machine_to_themselves():
    assert TASK.exclusive
    assert not TASK.deterministic


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_the_compiled_form_is_the_same_function():
    x = torch.linspace(-4, 4, 101)
    for name in ("powerlu", "elu"):
        function, _ = function_in(arm_of(name), "compiled", torch.float32)
        wanted = functional.call(name, x, **PARAMS[name])
        torch.testing.assert_close(function(x), wanted, rtol=1e-5, atol=1e-6)
