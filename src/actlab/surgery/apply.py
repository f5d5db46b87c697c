"""Carrying out a plan, step by step, each with what takes it back."""

from __future__ import annotations

import copy
from typing import Any

from torch import fx, nn

from actlab.surgery.checkpoints import accept_old_checkpoints
from actlab.surgery.collect import Bound
from actlab.surgery.dispatch import Calls, Function, Overwriting
from actlab.surgery.functions import by_owner, methods_of, replace_functions, replace_in_graph
from actlab.surgery.plan import Plan, Planned, alike, by_base, place_of
from actlab.surgery.redirect import scope_of
from actlab.surgery.scope import Entry
from actlab.surgery.steps import Steps
from actlab.surgery.tree import Place, Tree


def carry_out(plan: Plan, tree: Tree) -> Steps:
    """Replace everything that is planned; on an error everything is taken back."""
    steps = Steps()
    try:
        _modules(plan, tree, steps)
        for owner, group in by_owner(plan):
            if isinstance(owner, fx.GraphModule):
                replace_in_graph(owner, group, plan, steps)
            else:
                replace_functions(owner, group, plan, tree, steps)
        _fast_paths(tree, steps)
    except BaseException:
        steps.back()
        raise
    return steps


# ---- modules and attributes


def _modules(plan: Plan, tree: Tree, steps: Steps) -> None:
    shared: dict[tuple[int, str], nn.Module] = {}
    done: set[Place] = set()
    for group in by_base(plan):
        place = place_of(group[0])
        planned = [found for one in group if (found := plan.of(one)) is not None]
        if place is None or not planned:
            continue
        if alike(group, plan):
            # One module in several places stays one module where it has nothing to learn.
            original = group[0].module if group[0].module is not None else group[0]
            new = planned[0].module
            if planned[0].plain:
                new = shared.setdefault((id(original), planned[0].make.label), new)
            accept_old_checkpoints(new, group[0].module)
            if any(one.site.needs_in_place for one in group):
                new = Overwriting(new)
        elif len(group) == 1:
            new = _finished(planned[0])
        else:
            new = _divided(group, plan, tree, steps)
        if type(place.parent).__setstate__ is not nn.Module.__setstate__:
            steps.install(place.parent, tree.names[place.parent], ())
        put(place, new, steps)
        done.add(place)
    _other_places(plan, tree, done, steps)


def _finished(planned: Planned) -> nn.Module:
    module = planned.module
    accept_old_checkpoints(module, planned.bound.module)
    return Overwriting(module) if planned.bound.site.needs_in_place else module


def _divided(group: list[Bound], plan: Plan, tree: Tree, steps: Steps) -> Calls:
    """One module for each call of a module or function."""
    owner = group[0].owner
    assert owner is not None
    steps.install(owner, tree.names[owner], methods_of(group))
    scope = scope_of(owner)
    assert scope is not None
    modules = {one.site.call: _kept_or_new(one, plan) for one in group}
    return Calls(modules, scope, group[0].base, _order(group))


def _order(group: list[Bound]) -> dict[bool, tuple[Entry, ...]]:
    """For training and evaluation, which site each call is; one mode stands for one not seen."""
    order = {}
    for training in (True, False):
        seen = [one for one in group if training in one.ordinals]
        seen.sort(key=lambda one: one.ordinals[training])
        order[training] = tuple(Entry(one.site.call, one.where) for one in seen)
    return {training: order[training] or order[not training] for training in order}


def _kept_or_new(one: Bound, plan: Plan) -> nn.Module:
    planned = plan.of(one)
    if planned is not None:
        return _finished(planned)
    place = place_of(one)
    assert place is not None
    kept = one.module if one.module is not None else place.parent.__dict__[place.key]
    return kept if isinstance(kept, nn.Module) else Function(kept)


def _other_places(plan: Plan, tree: Tree, done: set[Place], steps: Steps) -> None:
    """Places of a replaced module that the example did not call it by."""
    every: dict[int, list[Bound]] = {}
    for one in plan.order:
        if one.module is not None:
            every.setdefault(id(one.module), []).append(one)
    for group in every.values():
        found = [plan.of(one) for one in group]
        first = found[0]
        if first is None or any(one is None or not one.make.same(first.make) for one in found):
            continue
        for place in tree.places.get(group[0].module, []):  # type: ignore[arg-type]
            if place not in done:
                new = first.module if first.plain else copy.deepcopy(first.module)
                put(place, new, steps)


def put(place: Place, new: nn.Module, steps: Steps) -> None:
    """Put a module into a place of the tree, or instead of a function in an attribute."""
    parent, key = place.parent, place.key
    if key in parent._modules:
        old = parent._modules[key]
        parent._modules[key] = new

        def undo() -> None:
            parent._modules[key] = old
    else:
        function = parent.__dict__.pop(key)
        parent._modules[key] = new

        def undo() -> None:
            del parent._modules[key]
            parent.__dict__[key] = function

    steps.undo.append(undo)
    steps.standing.append(lambda: parent._modules.get(key) is new)


# ---- torch's transformer layers


def _fast_paths(tree: Tree, steps: Steps) -> None:
    """Torch's fused inference kernels know ReLU and GELU only, and are told not to be used."""
    for module in tree.visible():
        if isinstance(module, nn.TransformerEncoderLayer):
            activation = module._modules.get("activation")
            if activation is not None and not isinstance(activation, nn.ReLU | nn.GELU):
                _set(module, "activation_relu_or_gelu", 0, steps)
    for module in tree.visible():
        if isinstance(module, nn.TransformerEncoder) and any(
            isinstance(layer, nn.TransformerEncoderLayer) and not layer.activation_relu_or_gelu
            for layer in module.layers
        ):
            _set(module, "use_nested_tensor", False, steps)


def _set(module: nn.Module, name: str, value: Any, steps: Steps) -> None:
    if name in module.__dict__ and module.__dict__[name] != value:
        old = module.__dict__[name]
        module.__dict__[name] = value
        steps.undo.append(lambda: module.__dict__.__setitem__(name, old))
