"""What has to hold for every architecture; each check builds the model anew."""

from __future__ import annotations

import copy
import json
from collections import Counter

import torch
from torch import Tensor, nn

from actlab import surgery
from actlab.diagnose import diagnose
from actlab.init.operations import tensors
from models.seeding import normal
from unit.surgery.runs import both_modes, outputs, same, same_state, state
from vision.architecture import Architecture
from vision.counting import calls_of, counting, operator_of

MODES = ("train", "eval")
GATES = frozenset({"sigmoid", "hardsigmoid"})


def counted(model: nn.Module, example: Tensor) -> dict[str, Counter[str]]:
    """How often each operator runs in either mode, as torch sees it."""
    found = {}
    for mode in MODES:
        with counting() as counts:
            outputs(model, example, mode == "train")
        found[mode] = counts
    model.train()
    return found


def main_function(sites: surgery.Sites) -> str:
    """What most of the sites apply."""
    names = Counter(site.activation for site in sites if site.kind == "activation")
    return names.most_common(1)[0][0]


def check_find(architecture: Architecture) -> None:
    """Sites, their calls and the gates among them are as many as torch computes."""
    model, example = architecture.build(), architecture.example()
    expected = counted(model, example)
    found = surgery.find(model, example)
    assert not found.warnings
    assert {mode: calls_of(found, mode) for mode in MODES} == expected
    for name, count in architecture.counts:
        assert expected["train"][name] == count
    assert len(set(found.names)) == len(found)
    gates = [site for site in found if site.kind == "gate"]
    assert {operator_of(site) for site in gates} <= GATES
    in_training = [site for site in gates if "train" in site.modes]
    sigmoids = sum(expected["train"][name] for name in GATES)
    assert len(in_training) == sigmoids - architecture.ungated


def check_swap(architecture: Architecture) -> None:
    """The main function is gone from wherever it is said to be gone, and comes back whole."""
    model, example = architecture.build(), architecture.example()
    before, old = both_modes(model, example), state(model)
    modules = [id(module) for module in model.modules()]
    sites = surgery.find(model, example)
    done = surgery.swap(model, {main_function(sites): "powerlu"}, example)
    assert done.swapped
    left = [sites[row.name] for row in done.rows if row.action == "left"]
    assert counted(model, example) == {mode: calls_of(left, mode) for mode in MODES}
    kept = state(model)  # without what replaced modules had learned
    assert same_state({key: old[key] for key in kept}, kept)
    assert same_state(old, done.original_state_dict())
    after = both_modes(model, example)
    assert not any(same([x], [y]) for x, y in zip(before, after, strict=True))
    assert same(after, both_modes(copy.deepcopy(model), example))
    done.undo()
    assert same(before, both_modes(model, example))
    assert same_state(old, state(model))
    assert modules == [id(module) for module in model.modules()]


def check_gradients(architecture: Architecture) -> None:
    """What is learned for each channel gets gradients wherever it runs, and nowhere else."""
    model, example = architecture.build(), architecture.example()
    old = {name for name, _ in model.named_parameters()}
    sites = surgery.find(model, example)
    done = surgery.swap(model, {main_function(sites): "ralu"}, example, per_channel=True)
    swapped = [sites[name] for name in done.swapped]
    new = [p for name, p in model.named_parameters() if name not in old]
    assert Counter(p.numel() for p in new) == Counter(site.units for site in swapped)
    for mode in MODES:
        learning = gradients(model.train(mode == "train"), new, example)
        reached = [site for site in swapped if mode in site.modes]
        assert Counter(g.numel() for g in learning) == Counter(site.units for site in reached)
        assert all(bool(g.isfinite().all()) for g in learning)
    # Nothing is drawn in evaluation: no branch is left out.
    assert all(bool(g.any()) for g in learning)


def gradients(model: nn.Module, parameters: list[nn.Parameter], example: Tensor) -> list[Tensor]:
    """The gradients of a random sum of outputs, of those parameters that have any."""
    model.zero_grad(set_to_none=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        found = [t for t in tensors(model(example)) if t.requires_grad]
    torch.autograd.backward(found, [normal(*t.shape, seed=5) for t in found])
    return [p.grad for p in parameters if p.grad is not None]


def check_diagnose(architecture: Architecture) -> None:
    """Every site that runs in training is reported, with gradients and without a trace."""
    model, data = architecture.build(), architecture.data()
    old = state(model)
    sites = surgery.find(model, data[0][:2])
    expected = [site.name for site in sites if "train" in site.modes]
    report = diagnose(model, data)
    assert report.left_out == ()
    assert [site.name for site in report.sites] == expected
    assert all(site.gradient_norm is not None for site in report.sites)
    for site in report.sites:
        # A module of several operations that overwrites its input is counted from the second look.
        late = sites[site.name].how == "module" and sites[site.name].in_place
        calls = sites[site.name].calls
        assert site.calls in {len(data) * calls, (len(data) - late) * calls}
    assert json.loads(report.to_json())["model"] == type(model).__name__
    assert str(report)
    assert same_state(old, state(model))
    assert all(p.grad is None for p in model.parameters())
