"""Carrying out a plan, step by step, each with what takes it back."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn

from actlab.surgery.collect import Bound
from actlab.surgery.plan import Plan, Planned, alike, by_base, place_of
from actlab.surgery.redirect import Calls, Function, Overwriting, install, scope_of
from actlab.surgery.tree import SITES, Place, Tree, key_of

Undo = Callable[[], object]


class Steps:
    """What has been done, and how it is taken back; ``check`` tells whether it still stands."""

    def __init__(self) -> None:
        self.undo: list[Undo] = []
        self.standing: list[Callable[[], bool]] = []

    def back(self) -> None:
        """Take everything back, the last step first."""
        while self.undo:
            self.undo.pop()()
        self.standing.clear()

    def stands(self) -> bool:
        """Whether nothing has been put over what was done."""
        return all(check() for check in self.standing)


def carry_out(plan: Plan, tree: Tree) -> Steps:
    """Replace everything that is planned; on an error everything is taken back."""
    steps = Steps()
    try:
        _modules(plan, tree, steps)
        for owner, group in _by_owner(plan):
            _functions(owner, group, plan, tree, steps)
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
            new = shared.setdefault((id(original), planned[0].make.label), planned[0].module)
            accept_old_checkpoints(new, group[0].module)
            if any(one.site.needs_in_place for one in group):
                new = Overwriting(new)
        elif len(group) == 1:
            new = _finished(planned[0])
        else:
            new = _divided(group, plan, tree, steps)
        if type(place.parent).__setstate__ is not nn.Module.__setstate__:
            steps.undo.append(install(place.parent, tree.names[place.parent], ()))
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
    steps.undo.append(install(owner, tree.names[owner], _methods(group)))
    scope = scope_of(owner)
    assert scope is not None
    modules = {one.site.call: _kept_or_new(one, plan) for one in group}
    return Calls(modules, scope, group[0].base, _order(group))


def _order(group: list[Bound]) -> dict[bool, tuple[int, ...]]:
    """For training and evaluation, which site each call is; one mode stands for one not seen."""
    order = {}
    for training in (True, False):
        seen = [one for one in group if training in one.ordinals]
        seen.sort(key=lambda one: one.ordinals[training])
        order[training] = tuple(one.site.call for one in seen)
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
        if first is None or any(one is None or one.make.label != first.make.label for one in found):
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


# ---- functions


def _by_owner(plan: Plan) -> Iterable[tuple[nn.Module, list[Bound]]]:
    owners: dict[int, tuple[nn.Module, list[Bound]]] = {}
    for one in plan.order:
        if one.site.how == "function" and one.owner is not None:
            owners.setdefault(id(one.owner), (one.owner, []))[1].append(one)
    for owner, group in owners.values():
        if any(plan.of(one) is not None for one in group):
            yield owner, group


def _functions(owner: nn.Module, group: list[Bound], plan: Plan, tree: Tree, steps: Steps) -> None:
    steps.undo.append(install(owner, tree.names[owner], _methods(group)))
    scope = scope_of(owner)
    assert scope is not None
    sites = _sites_module(owner, steps)
    tables: dict[bool, dict[str, list[str | None]]] = {
        training: {name: list(keys) for name, keys in table.items()}
        for training, table in scope.tables.items()
    }
    same, written = dict(scope.alike), set(scope.written)
    for calls in _by_function(group):
        function = calls[0].base.rpartition(":")[2]
        uniform = alike(calls, plan) and not scope.tables[True].get(function)
        for one in calls:
            planned = plan.of(one)
            key = None
            if planned is not None:
                key = key_of(function, one.site.call)
                first = plan.of(calls[0])
                reuse = uniform and one is not calls[0] and first is not None
                module = first.module if reuse and first is not None else planned.module
                accept_old_checkpoints(module, None)
                _add(sites, key, module, steps)
                if one.site.needs_in_place:
                    written.add(key)
            for training in (True, False):
                # A mode that was not seen is taken to be like the other.
                seen = training if plan.both else next(iter(one.ordinals))
                tables[training][function] = _entered(
                    tables[training].get(function, []),
                    one.ordinals.get(seen),
                    one.totals.get(seen, 0),
                    key,
                )
        every = all(count <= len(calls) for one in calls for count in one.totals.values())
        if uniform and every and not any(one.site.needs_in_place for one in calls):
            same[function] = key_of(function, calls[0].site.call)
    before = (scope.tables, scope.alike, scope.written)
    now = {
        training: {name: tuple(keys) for name, keys in table.items() if any(keys)}
        for training, table in tables.items()
    }
    scope.replace(now, same, frozenset(written))
    steps.undo.append(lambda: scope.replace(*before))
    steps.standing.append(lambda: scope.tables is now)


def _entered(
    keys: list[str | None], call: int | None, total: int, key: str | None
) -> list[str | None]:
    """The keys with one more; calls that are no sites stay what they are."""
    keys = keys + [None] * (max(total, call or 0) - len(keys))
    if call is not None:
        keys[call - 1] = key
    return keys


def _by_function(group: list[Bound]) -> Iterable[list[Bound]]:
    found: dict[str, list[Bound]] = {}
    for one in group:
        found.setdefault(one.base, []).append(one)
    return found.values()


def _methods(group: list[Bound]) -> set[str]:
    return set().union(*(one.methods for one in group))


def _sites_module(owner: nn.Module, steps: Steps) -> nn.ModuleDict:
    if SITES not in owner._modules:
        owner.add_module(SITES, nn.ModuleDict())
        steps.undo.append(lambda: owner._modules.pop(SITES))
    found = owner._modules[SITES]
    assert isinstance(found, nn.ModuleDict)
    return found


def _add(sites: nn.ModuleDict, key: str, module: nn.Module, steps: Steps) -> None:
    sites[key] = module
    steps.undo.append(lambda: sites._modules.pop(key))
    steps.standing.append(lambda: sites._modules.get(key) is module)


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


# ---- checkpoints


def accept_old_checkpoints(new: nn.Module, old: nn.Module | None) -> None:
    """Let a module load checkpoints that were saved with the one it replaces.

    What the old one had is dropped, and the new one keeps what it has.
    """
    keys = frozenset(old.state_dict()) if old is not None else frozenset()
    if new.state_dict() or keys:
        new.register_load_state_dict_pre_hook(functools.partial(_keep_own, old_keys=keys))


def _keep_own(
    module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: Any, old_keys: frozenset[str]
) -> None:
    there = {key[len(prefix) :] for key in state if key.startswith(prefix)}
    if there == old_keys:
        for key in old_keys:
            del state[prefix + key]
        state.update({prefix + key: value for key, value in module.state_dict().items()})
