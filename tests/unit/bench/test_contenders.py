"""What is timed computes what it is said to compute."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from actlab import registry
from actlab.bench import memory
from actlab.bench.contenders import TORCH_FUNCTIONS, TORCH_MODULES, module_of, prepare
from actlab.bench.models import build
from actlab.bench.naive import NaiveMaths, naive
from actlab.bench.scenes import BUILTIN, RELU, Contender, Scene, make_scenes
from actlab.bench.settings import make_settings
from actlab.core.maths import Maths

SIZE = 24


def scene(measure: str, *contenders: Contender, shape=(SIZE,), dtype="float32") -> Scene:
    return Scene("pointwise", measure, shape, dtype, 1, contenders)


@pytest.mark.parametrize("name", registry.names())
def test_the_naive_formula_is_the_function(name):
    definition = registry.get(name)
    x = torch.linspace(-0.9, 3.0, 40, dtype=torch.float64)
    expected = module_of(Contender("actlab", name))(x).detach()
    torch.testing.assert_close(
        naive(definition)(x, **definition.defaults), expected, rtol=1e-7, atol=1e-9
    )


def test_the_naive_namespace_has_every_primitive():
    primitives = {name for name in vars(Maths) if not name.startswith("_")}
    assert {name for name in primitives if not hasattr(NaiveMaths, name)} == set()


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_torch_has_the_functions_that_it_is_said_to_have(name):
    x = torch.linspace(-3.0, 3.0, 20)
    ours = module_of(Contender("actlab", name))(x).detach()
    torch.testing.assert_close(TORCH_FUNCTIONS[name](x), ours)
    torch.testing.assert_close(TORCH_MODULES[name]()(x), ours)


def test_every_pointwise_contender_runs_in_every_measure():
    settings = replace(make_settings(sizes=str(SIZE)), threads=(1,))
    scenes = [s for s in make_scenes(settings, native=()) if s.part in ("pointwise", "learned")]
    assert {s.measure for s in scenes} == {"forward", "backward", "both"}
    for one in scenes:
        for contender in one.contenders:
            result = prepare(one, contender)()
            first = result if isinstance(result, torch.Tensor) else result[0]
            assert first.shape == one.shape
            assert first.dtype == getattr(torch, one.dtype)


def test_ways_to_compute_the_same_agree():
    ways = [Contender(route, "powerlu", (("p", 3.0),)) for route in ("actlab", "formula", "naive")]
    for measure in ("forward", "backward", "both"):
        results = [prepare(scene(measure, *ways, RELU), way)() for way in ways]
        for other in results[1:]:
            torch.testing.assert_close(other, results[0])


def test_learned_parameters_get_their_gradients():
    scalar = Contender("actlab", "powerlu", (("p", 2.37),), "scalar")
    channel = Contender("actlab", "ralu", learned="channel")
    assert [g.shape for g in prepare(scene("both", scalar), scalar)()] == [(SIZE,), (1,)]
    many = scene("both", channel, shape=(2, 3, 4))
    assert [g.shape for g in prepare(many, channel)()] == [(2, 3, 4), (3,)]
    prelu = Contender("prelu", learned="channel")
    assert [g.shape for g in prepare(many, prelu)()] == [(2, 3, 4), (3,)]


def test_backward_alone_can_be_repeated():
    one = Contender("actlab", "expolu")
    call = prepare(scene("backward", one), one)
    assert torch.equal(call()[0], call()[0])


def test_a_backend_that_is_not_there_raises_its_reason():
    from actlab.core import BackendUnavailableError

    one = Contender("triton", "relu")
    with pytest.raises(BackendUnavailableError, match="triton"):
        prepare(scene("forward", one), one)()


@pytest.mark.parametrize(
    ("model", "shape"), [("mlp-21", (3, 8)), ("cnn", (1, 2, 5, 5)), ("transformer", (2, 3, 8))]
)
def test_a_training_step_moves_every_weight(model, shape):
    one = Contender("actlab", "ralu", learned="scalar")
    made = Scene("steps", "step", shape, "float32", 1, (RELU, one), model)
    assert prepare(made, one)().isfinite()
    built = build(model, lambda: module_of(one), shape)
    built(torch.randn(shape)).sum().backward()
    assert all(p.grad is not None for p in built.parameters())


def test_models_differ_in_nothing_but_the_activation():
    shape = (2, 8)
    first, second = (build("mlp-21", lambda c=c: module_of(c), shape)
                     for c in (RELU, Contender("actlab", "powerlu")))  # fmt: skip
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="model must be"):
        build("rnn", torch.nn.ReLU, shape)


def test_memory_is_counted_in_storages_without_the_weights():
    elements = 2 * 3 * 4 * 4
    made = Scene("memory", "memory", (2, 3, 4, 4), "float32", 1, (RELU,))
    rows = {
        name: memory.count(made, Contender("actlab" if name != "relu" else "torch", name))
        for name in ("relu", "powerlu", "expolu", "ralu")
    }
    assert rows["relu"]["alone"] == {"bytes": 4 * elements, "storages": 1, "elements": elements}
    # What comes in and what goes on; the first layer keeps the network's input as well.
    assert rows["relu"]["linear"]["bytes"] == 8 * elements
    assert rows["relu"]["conv"]["storages"] == 2
    assert rows["powerlu"] == rows["expolu"] == rows["relu"]
    assert rows["ralu"]["linear"]["bytes"] == 12 * elements


def test_memory_that_cannot_be_counted_says_why():
    made = Scene("memory", "memory", (2, 3, 4, 4), "float32", 1, (RELU,))
    row = memory.count(made, Contender("formula", "relu"))
    assert row["status"] == "failed"
    assert "no module" in row["reason"]
