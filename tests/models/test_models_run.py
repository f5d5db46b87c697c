"""The models of the tests run, and are what they say: told without any of actlab's tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.fault import Fault, Healthy
from models.faults import DEEP, FAULTS, HEALTHY
from models.listening import Ear
from models.shape import Shape
from models.shapes import SHAPES

NESTED = "ignore:The PyTorch API of nested tensors:UserWarning"
"""Torch says so once where its fast path meets a padding mask."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in tensors(item)]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors(item)]
    return []


def run(model: nn.Module, inputs: Any) -> list[Tensor]:
    if isinstance(inputs, Mapping):
        return tensors(model(**inputs))
    return tensors(model(*inputs) if isinstance(inputs, tuple) else model(inputs))


def same_state(first: nn.Module, second: nn.Module) -> bool:
    return all(
        torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0))
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


@pytest.mark.filterwarnings(NESTED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes_run_in_both_modes(shape: Shape) -> None:
    for training in (True, False):
        model = shape.build().train(training)
        outputs = run(model, shape.example())
        if list(model.parameters()):
            sum(out.float().square().mean() for out in outputs).backward()
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            assert gradients
            assert all(bool(g.isfinite().all()) for g in gradients)
        with torch.no_grad():
            run(model, shape.example())


@pytest.mark.parametrize("case", SHAPES + FAULTS + HEALTHY + DEEP, ids=str)
def test_building_is_repeatable_and_leaves_the_random_state(
    case: Shape | Fault | Healthy,
) -> None:
    before = torch.get_rng_state()
    first, second = case.build(), case.build()
    inputs = [case.example if isinstance(case, Shape) else case.data][0]
    pairs = zip(tensors(inputs()), tensors(inputs()), strict=True)
    assert all(torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) for a, b in pairs)
    assert torch.equal(torch.get_rng_state(), before)
    assert same_state(first, second)
    assert first.training


def test_names_are_unique() -> None:
    for cases in (SHAPES, FAULTS, HEALTHY, DEEP):
        assert max(Counter(case.name for case in cases).values()) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_expected_names_fit_the_tree(shape: Shape) -> None:
    """Every name begins with the path of a module, or of a function in an attribute."""
    model = shape.build()
    found = model.named_modules(remove_duplicate=False)
    paths = {".".join(p for p in name.split(".") if p != "_orig_mod") for name, _ in found}
    for name in (*shape.sites, *shape.recurrent, *shape.hidden, *shape.unreached):
        owner, call, _ = name.replace("(model)", "").split("#")[0].partition(":")
        if not call and owner not in paths:
            parent, _, attribute = owner.rpartition(".")
            assert callable(getattr(model.get_submodule(parent), attribute))
        else:
            assert owner in paths
    known = set(shape.sites)
    assert len(known) == len(shape.sites)
    for some in (
        *(shape.swappable, shape.gates, shape.train_only, shape.eval_only),
        *(shape.in_place, shape.needs_in_place),
        *([name for name, *_ in more] for more in (shape.calls, shape.channels)),
    ):
        assert known.issuperset(some)


UNHEARD = {"clamp(min=0)": (":relu",), "activations of actlab": (":elu",)}
"""Sites that are no call of an activation function of torch's."""


WRITTEN_OUT = {"x * sigmoid(x)": "silu"}
"""What the formula computes of which one step is heard."""


def hear(shape: Shape, training: bool, apart: bool = False) -> tuple[Ear, list[Tensor]]:
    model = shape.build().train(training)
    ear = Ear(apart)
    ear.attach(model)
    with torch.random.fork_rng(devices=[]), torch.compiler.set_stance("force_eager"), ear:
        torch.manual_seed(0)
        return ear, run(model, shape.example())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_many_activations_run_as_are_expected(shape: Shape) -> None:
    calls, dims = dict(shape.calls), {name: (dim, units) for name, dim, units in shape.channels}
    for training in (True, False):
        other = (shape.eval_only if training else shape.train_only) + UNHEARD.get(shape.name, ())
        sites = [name for name in shape.sites if name not in other]
        ear, _ = hear(shape, training)
        assert len(ear.heard) == sum(calls.get(name, 1) for name in sites)
        if shape.calls:
            continue
        for name, call in zip(sites, ear.heard, strict=True):
            assert call.in_place == (name in shape.in_place)
            function = name.split("#")[0].partition(":")[2]
            heard = WRITTEN_OUT.get(shape.name, call.name.removesuffix("_"))
            assert function in ("", heard)
            if name in dims:
                dim, units = dims[name]
                assert call.input.shape[dim] == units


@pytest.mark.parametrize("shape", [s for s in SHAPES if s.in_place], ids=str)
def test_overwriting_matters_where_it_is_said_to(shape: Shape) -> None:
    """Without it the model computes something else, and the same where it is not needed."""
    (_, meant), (_, apart) = hear(shape, True), hear(shape, True, apart=True)
    same = all(torch.equal(a, b) for a, b in zip(meant, apart, strict=True))
    assert same != bool(shape.needs_in_place)
