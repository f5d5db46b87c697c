"""Replacing calls of functions in the code of modules."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from torch import fx, nn

from actlab.surgery.checkpoints import accept_old_checkpoints
from actlab.surgery.collect import Bound
from actlab.surgery.dispatch import Shielded
from actlab.surgery.graphs import replace_calls
from actlab.surgery.plan import Plan, alike
from actlab.surgery.redirect import scope_of
from actlab.surgery.scope import Entry, Scope
from actlab.surgery.steps import Steps
from actlab.surgery.tree import SITES, Tree, key_of


def by_owner(plan: Plan) -> Iterable[tuple[nn.Module, list[Bound]]]:
    """The modules in whose code calls are replaced, each with all of its calls."""
    owners: dict[int, tuple[nn.Module, list[Bound]]] = {}
    for one in plan.order:
        if one.site.how == "function" and one.owner is not None:
            owners.setdefault(id(one.owner), (one.owner, []))[1].append(one)
    for owner, group in owners.values():
        if any(plan.of(one) is not None for one in group):
            yield owner, group


def replace_in_graph(owner: fx.GraphModule, group: list[Bound], plan: Plan, steps: Steps) -> None:
    """Replace calls in a graph of torch.fx."""
    sites = _sites_module(owner, steps)
    keys = {}
    for one in group:
        if (planned := plan.of(one)) is not None:
            function = one.base.rpartition(":")[2]
            key = keys[function, next(iter(one.ordinals.values()))] = key_of(
                function, one.site.call
            )
            accept_old_checkpoints(planned.module, None)
            _add(sites, key, planned.module, steps)
    steps.undo.append(replace_calls(owner, keys))


def replace_functions(
    owner: nn.Module, group: list[Bound], plan: Plan, tree: Tree, steps: Steps
) -> None:
    """Replace calls of functions in a module's own code."""
    steps.install(owner, tree.names[owner], methods_of(group))
    scope = scope_of(owner)
    assert scope is not None
    sites = _sites_module(owner, steps)
    tables: dict[bool, dict[str, list[Entry]]] = {
        training: {name: list(entries) for name, entries in table.items()}
        for training, table in scope.tables.items()
    }
    same, written = dict(scope.alike), set(scope.written)
    for calls in _by_function(group):
        function = calls[0].base.rpartition(":")[2]
        uniform = alike(calls, plan) and not scope.tables[True].get(function)
        for one in calls:
            key = _key(one, calls, uniform, function, plan, sites, steps)
            if key is not None and one.site.needs_in_place:
                written.add(key)
            for training in (True, False):
                # A mode that was not seen is taken to be like the other.
                seen = training if plan.both else next(iter(one.ordinals))
                tables[training][function] = _entered(
                    tables[training].get(function, []),
                    one.ordinals.get(seen),
                    one.totals.get(seen, 0),
                    Entry(key, one.where),
                )
        every = all(count <= len(calls) for one in calls for count in one.totals.values())
        if uniform and every and not any(one.site.needs_in_place for one in calls):
            same[function] = key_of(function, calls[0].site.call)
    _set(scope, tables, same, frozenset(written), steps)
    scope.loose = (*scope.loose, *{type(module) for one in group for module in one.loose})
    _shield(owner, scope, plan, steps)


def _key(
    one: Bound,
    calls: list[Bound],
    uniform: bool,
    function: str,
    plan: Plan,
    sites: nn.ModuleDict,
    steps: Steps,
) -> str | None:
    """The key of a call's replacement, which is put there; None where it is left alone."""
    planned, first = plan.of(one), plan.of(calls[0])
    if planned is None:
        return None
    key = key_of(function, one.site.call)
    module = first.module if uniform and first is not None else planned.module
    if uniform and not planned.plain:
        key = key_of(function, calls[0].site.call)  # one set of parameters, under one key
        if key in sites:
            return key
    accept_old_checkpoints(module, None)
    _add(sites, key, module, steps)
    return key


def _set(
    scope: Scope,
    tables: dict[bool, dict[str, list[Entry]]],
    same: dict[str, str],
    written: frozenset[str],
    steps: Steps,
) -> None:
    before = (scope.tables, scope.alike, scope.written)
    now = {
        training: {
            name: tuple(entries)
            for name, entries in table.items()
            if any(entry.key is not None for entry in entries)
        }
        for training, table in tables.items()
    }
    scope.replace(now, same, written)
    steps.undo.append(lambda: scope.replace(*before))
    steps.standing.append(lambda: scope.tables is now)


def _shield(owner: nn.Module, scope: Scope, plan: Plan, steps: Steps) -> None:
    """Functions in attributes that stay what they are: their calls are not the owner's."""
    for one in plan.order:
        place = one.place
        if one.site.how != "attribute" or one.owner is not owner or place is None:
            continue
        held = owner.__dict__.get(place.key)
        if held is None or isinstance(held, Shielded):
            continue
        owner.__dict__[place.key] = Shielded(held, scope)
        steps.undo.append(functools.partial(owner.__dict__.__setitem__, place.key, held))


def _entered(entries: list[Entry], call: int | None, total: int, entry: Entry) -> list[Entry]:
    """The calls with one more; those that are no sites stay what they are."""
    more = max(total, call or 0) - len(entries)
    entries = entries + [Entry(None, ((), 0))] * more
    if call is not None:
        entries[call - 1] = entry
    return entries


def _by_function(group: list[Bound]) -> Iterable[list[Bound]]:
    found: dict[str, list[Bound]] = {}
    for one in group:
        found.setdefault(one.base, []).append(one)
    return found.values()


def methods_of(group: list[Bound]) -> set[str]:
    """The methods, beside forward, in which sites are."""
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
