"""Every place where a model applies an activation, in models whose shapes break tools."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from actlab import surgery
from models.huggingface import HOSTED, Hosted
from models.shape import Shape
from models.shapes import SHAPES

from .runs import NESTED, same_state, state

pytestmark = pytest.mark.filterwarnings(NESTED)


def seen(shape: Shape) -> list[surgery.Site]:
    """The sites that run and can be looked into."""
    found = surgery.find(shape.build(), shape.example())
    return [s for s in found if s.modes and s.kind != "recurrent" and s.how != "hidden"]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(shape: Shape) -> None:
    found = surgery.find(shape.build(), shape.example())
    sites = [s for s in found if s.modes and s.kind != "recurrent" and s.how != "hidden"]
    by_name = {site.name: site for site in sites}
    assert sorted(by_name) == sorted(shape.sites)
    assert {s.name for s in sites if s.kind == "gate"} == set(shape.gates)
    assert {s.name for s in sites if s.modes == ("train",)} == set(shape.train_only)
    assert {s.name for s in sites if s.modes == ("eval",)} == set(shape.eval_only)
    assert {s.name for s in sites if s.needs_in_place} == set(shape.needs_in_place)
    assert {s.name for s in found if s.kind == "recurrent"} == set(shape.recurrent)
    assert {s.name for s in found if not s.modes and s.how == "module"} == set(shape.unreached)
    assert {s.owner for s in found if s.how == "hidden" and s.kind != "recurrent"} == set(
        shape.hidden
    )
    for name, dim, units in shape.channels:
        assert (by_name[name].channel_dim, by_name[name].units) == (dim, units)
    for name, calls in shape.calls:
        assert by_name[name].calls == calls


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_finding_leaves_no_trace(shape: Shape) -> None:
    model = shape.build()
    before, modes = state(model), [module.training for module in model.modules()]
    kept = {name: dict(module.__dict__) for name, module in model.named_modules()}
    drawn = torch.get_rng_state()
    surgery.find(model, shape.example())
    assert same_state(before, state(model))
    assert torch.equal(drawn, torch.get_rng_state())
    assert modes == [module.training for module in model.modules()]
    for name, module in model.named_modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert kept[name].keys() == module.__dict__.keys()


def test_names_are_the_same_in_either_mode() -> None:
    for shape in SHAPES:
        model = shape.build()
        in_training = surgery.find(model.train(), shape.example())
        assert set(surgery.find(model.eval(), shape.example()).names) == set(in_training.names)


@pytest.mark.slow
@pytest.mark.parametrize("hosted", HOSTED, ids=str)
def test_models_of_transformers(hosted: Hosted) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    found = surgery.find(hosted.build(), hosted.example())
    assert found.names == tuple(name for name, _ in hosted.sites)
    assert tuple(site.activation for site in found) == hosted.functions
    for site, (_, entry) in zip(found, hosted.sites, strict=True):
        assert site.config.partition("=")[0] == entry


def test_what_a_site_tells() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.LeakyReLU(0.2), nn.Conv1d(1, 3, 3), nn.ReLU())
    model.forward = lambda x: model[3](model[2](model[1](model[0](x))[:, None]))  # type: ignore
    first, second = surgery.find(model, torch.ones(2, 4))
    assert first.function == "leaky_relu(negative_slope=0.2)"
    assert (first.activation, first.type_name, first.how) == ("leaky_relu", "LeakyReLU", "module")
    assert (first.shape, first.dtype, first.producer) == ((2, 6), "float32", "0")
    assert (second.shape, second.channel_dim, second.units) == ((2, 3, 4), 1, 3)


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor, times: int = 1) -> torch.Tensor:
        for _ in range(times):
            x = F.relu(self.layer(x))
        return x


def test_a_loop_is_one_site_for_each_call() -> None:
    assert surgery.find(Two(), (torch.ones(1, 4), 3)).names == (":relu#1", ":relu#2", ":relu#3")
    assert surgery.find(Two(), {"x": torch.ones(1, 4)}).names == (":relu",)


def test_the_table_and_the_data() -> None:
    found = surgery.find(Two(), torch.ones(1, 4))
    assert str(found).startswith("1 site: 1 relu\nsite")
    assert found.match("*relu*") == (found[0],)
    assert found[":relu"] is found[0]
    assert found.to_dict()["sites"][0]["name"] == ":relu"
    with pytest.raises(KeyError):
        found["relu"]


class OnlyInEvaluation(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            raise RuntimeError("not for training")
        return F.relu(x)


def test_a_mode_that_does_not_run_is_a_warning() -> None:
    found = surgery.find(OnlyInEvaluation().eval(), torch.ones(1))
    assert found.names == (":relu",)
    assert found.warnings == (
        "not looked at in training mode: the model cannot be run with example_inputs: "
        "RuntimeError: not for training",
    )
    with pytest.raises(ValueError, match="cannot be run with example_inputs: RuntimeError: not"):
        surgery.find(OnlyInEvaluation(), torch.ones(1))


def test_bad_input() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got str"):
        surgery.find("model", torch.ones(1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be run with example_inputs: RuntimeError: mat1"):
        surgery.find(model, torch.ones(1, 5))
    with pytest.raises(ValueError, match="modes must be one of 'both', 'current', got 'all'"):
        surgery.find(model, torch.ones(1, 4), modes="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="0.weight is lazy"):
        surgery.find(nn.Sequential(nn.LazyLinear(3), nn.ReLU()), torch.ones(1, 4))
