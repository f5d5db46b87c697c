"""Swapping in every shape: what is replaced, what it computes, and that it is taken back."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from actlab import surgery
from actlab.init.operations import tensors
from actlab.surgery.inputs import as_inputs
from models.huggingface import HOSTED, Hosted
from models.shape import Shape
from models.shapes import SHAPES

from .runs import NESTED, both_modes, same, same_state, state

pytestmark = pytest.mark.filterwarnings(NESTED)

SWAPPABLE = [shape for shape in SHAPES if shape.swappable]
COMPILED = frozenset({"submodule compiled by its method"})
"""Copies of these are not compiled, and differ in the last bit."""


def swapped(shape: Shape, model: nn.Module, **options) -> surgery.Swap:
    return surgery.swap(model, {shape.function: "ralu"}, shape.example(), **options)


@pytest.mark.parametrize("learnable", [False, True])
@pytest.mark.parametrize("shape", SWAPPABLE, ids=str)
def test_swap_and_undo(shape: Shape, learnable: bool) -> None:
    model = shape.build()
    before, old = both_modes(model, shape.example()), state(model)
    modules = [id(module) for module in model.modules()]
    kinds = [type(module) for module in model.modules()]
    done = swapped(shape, model, learnable=learnable)
    assert set(done.swapped) - set(shape.unreached) == set(shape.swappable)
    after = both_modes(model, shape.example())
    assert not same(before, after)
    done.undo()
    assert same(before, both_modes(model, shape.example()))
    assert same_state(old, state(model))
    assert modules == [id(module) for module in model.modules()]
    assert kinds == [type(module) for module in model.modules()]
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert not any("actlab" in key for module in model.modules() for key in module.__dict__)


@pytest.mark.parametrize("shape", SWAPPABLE, ids=str)
def test_without_parameters_the_state_is_the_same(shape: Shape) -> None:
    model = shape.build()
    done = swapped(shape, model, learnable=False)
    if shape.function != "prelu":
        assert same_state(state(shape.build()), state(model))
    assert same_state(state(shape.build()), done.original_state_dict())


@pytest.mark.parametrize("shape", SWAPPABLE, ids=str)
def test_learned_parameters_get_gradients_and_checkpoints_load(shape: Shape) -> None:
    model, original = shape.build(), shape.build()
    done = swapped(shape, model, learnable=True)
    inputs = as_inputs(model, shape.example())
    model.train(not shape.eval_only)
    found = tensors(model(*inputs.args, **inputs.kwargs))
    torch.stack([t.float().sum() for t in found if t.requires_grad]).sum().backward()
    old = {name for name, _ in original.named_parameters()}
    new = {name: p for name, p in model.named_parameters() if name not in old}
    assert len(new) >= len(shape.swappable)
    unreached = len(shape.train_only) + len(shape.eval_only) + len(shape.unreached)
    assert sum(p.grad is None for p in new.values()) <= unreached
    model.load_state_dict(original.state_dict())
    original.load_state_dict(done.original_state_dict())


@pytest.mark.parametrize("shape", SWAPPABLE, ids=str)
def test_copies_and_files(shape: Shape) -> None:
    model = shape.build()
    try:
        pickle.dumps(shape.build())
    except Exception:
        pytest.skip("the model itself cannot be pickled")
    swapped(shape, model)
    expected = both_modes(model, shape.example())
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    for other in (copy.deepcopy(model), torch.load(buffer, weights_only=False)):
        found = both_modes(other, shape.example())
        if shape.name in COMPILED:
            torch.testing.assert_close(found, expected)
        else:
            assert same(found, expected)


@pytest.mark.parametrize("shape", SWAPPABLE, ids=str)
def test_other_models_are_untouched(shape: Shape) -> None:
    model, other = shape.build(), shape.build()
    before = both_modes(other, shape.example())
    swapped(shape, model)
    assert same(before, both_modes(other, shape.example()))


@pytest.mark.slow
@pytest.mark.parametrize("hosted", HOSTED, ids=str)
def test_models_of_transformers(hosted: Hosted) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    model = hosted.build()
    before, old = both_modes(model, hosted.example()), state(model)
    rules = dict.fromkeys(hosted.functions, "powerlu")
    done = surgery.swap(model, rules, hosted.example())
    assert done.swapped == tuple(name for name, _ in hosted.sites)
    assert same_state(old, state(model))
    assert not same(before, both_modes(model, hosted.example()))
    left = surgery.find(model, hosted.example())
    assert {site.activation for site in left} == {"powerlu"}
    assert [site.name for site in left] == list(done.swapped)
    done.undo()
    assert same(before, both_modes(model, hosted.example()))
