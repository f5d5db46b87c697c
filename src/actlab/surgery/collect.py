"""From what was noted in one or two runs to sites: names, numbers, gates, what must stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from torch import fx, nn

from actlab.init.graph import Node
from actlab.init.naming import of_module
from actlab.init.nonlinearity import Nonlinearity
from actlab.surgery.configuration import entry_of
from actlab.surgery.hidden import recurrent_site, scripted_sites
from actlab.surgery.identify import formula_name, identified
from actlab.surgery.location import Location
from actlab.surgery.noted import Noted
from actlab.surgery.record import GATES, Notes
from actlab.surgery.site import Site
from actlab.surgery.tree import Place, Tree


@dataclass(eq=False, slots=True)
class Bound:
    """A site with the objects of the model that it belongs to.

    Attributes:
        base: its name without the number of the call. owner: in whose code it is.
        module: what is called, where that is a module. place: where it is called from.
        ordinals: for training and evaluation of the owner, which call it is.
        methods: the owner's methods in which it happens.
        names: every name that a rule may call its function by.
        function: what is applied, where that is known.
        totals: for training and evaluation, how many calls of its kind there are.
        where: from where in the owner's code, and the how-manieth time.
        loose: modules that no module holds, in which it was called.
        whole: the formula that it is a part of.
        units_last: whether units come last however many dimensions precede them.
    """

    site: Site
    base: str
    owner: nn.Module | None = None
    module: nn.Module | None = None
    place: Place | None = None
    ordinals: dict[bool, int] = field(default_factory=dict)
    methods: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    function: Nonlinearity | None = None
    totals: dict[bool, int] = field(default_factory=dict)
    where: tuple[Location, int] = ((), 0)
    loose: list[nn.Module] = field(default_factory=list)
    units_last: bool = False
    whole: Node | None = None


@dataclass(eq=False, slots=True)
class _Group:
    """Everything noted of one call of one thing, in all runs."""

    base: str
    identity: tuple[Location, int]
    noted: list[Noted]
    modes: list[str]
    ordinals: dict[bool, int]


def collect(tree: Tree, runs: list[Notes]) -> list[Bound]:
    """The sites of one or two runs."""
    groups: dict[str, list[_Group]] = {}
    order: list[_Group] = []
    for notes in runs:
        for key, noted in _by_call(notes.noted).items():
            _merge(groups, order, key, noted, notes)
    numbers = {id(g): n for each in groups.values() for g, n in _numbered(each)}
    bound = [
        _bound(group, numbers[id(group)], len(groups[group.base]), tree)
        for group in order
        if not all(one.ignored for one in group.noted)
    ]
    bound = _with_others(bound, order, runs[0], tree)
    reached = {id(one.module) for one in bound if one.module is not None}
    reached |= {id(tree.original(part)) for notes in runs for part in notes.parts}
    bound += [Bound(site, site.name) for site in scripted_sites(tree)]
    bound += list(_not_reached(tree, reached, runs))
    for one in bound:
        for group in groups.get(one.base, ()):
            for training, call in group.ordinals.items():
                one.totals[training] = max(call, one.totals.get(training, 0))
    return bound


def _numbered(groups: list[_Group]) -> list[tuple[_Group, int]]:
    """The number that tells a site from others of its base: of the call, or the next one free."""
    taken: set[int] = set()
    found = []
    for group in groups:
        number = next(iter(group.ordinals.values()))
        while number in taken:
            number += 1
        taken.add(number)
        found.append((group, number))
    return found


def _by_call(noted: Iterable[Noted]) -> dict[tuple[str, int], list[Noted]]:
    found: dict[tuple[str, int], list[Noted]] = {}
    for one in noted:
        found.setdefault((one.applied.base, one.applied.call), []).append(one)
    return found


def _merge(
    groups: dict[str, list[_Group]],
    order: list[_Group],
    key: tuple[str, int],
    noted: list[Noted],
    notes: Notes,
) -> None:
    """Add the calls of one run; what is at the same line in both runs is one site."""
    base, call = key
    known = groups.setdefault(base, [])
    where = noted[0].applied.where
    training = noted[0].applied.training
    identity = where
    for group in known:
        if group.identity == identity and training not in group.ordinals:
            group.noted += noted
            group.modes.append(notes.mode)
            group.ordinals[training] = call
            return
    group = _Group(base, identity, list(noted), [notes.mode], {training: call})
    known.append(group)
    order.append(group)


def _bound(group: _Group, number: int, count: int, tree: Tree) -> Bound:
    first = group.noted[0]
    applied = first.applied
    label, name, function = identified(first)
    several = count > 1 or max(group.ordinals.values()) > 1
    base = group.base or "(model)"
    in_run = [n for n in group.noted if n.applied.training == applied.training]
    gate = name in GATES and all(_is_gate(n.node) for n in group.noted)
    whole = next((n.part_of for n in group.noted if n.part_of is not None), None)
    part_of = whole.name if whole is not None else ""
    if whole is not None:
        base = f"{tree.names[applied.owner]}:{formula_name(whole)}"
    module = tree.original(applied.module) if applied.module is not None else None
    places = tree.places.get(module, []) if module is not None else []
    site = Site(
        name=f"{base}#{number}" if several else base,
        function=part_of or label,
        activation="" if part_of else name,
        kind="gate" if gate else "activation",
        how=_how(first, part_of),
        owner=tree.names[applied.owner] if applied.module is not applied.owner else "",
        type_name=applied.name,
        places=tuple(tree.path(place) for place in places),
        call=number,
        calls=len(in_run),
        shape=first.shape,
        dtype=first.dtype,
        channel_dim=first.channel_dim,
        units=first.shape[first.channel_dim] if first.channel_dim is not None else 0,
        producer=first.producer,
        in_place=applied.in_place,
        needs_in_place=any(n.needs_in_place for n in group.noted),
        modes=tuple(sorted(set(group.modes), reverse=True)),
        config=entry_of(tree, applied.owner, name, label),
        location=applied.shown,
    )
    reason = _why_not(group, site, part_of)
    if reason:
        site = replace(site, swappable=False, reason=reason)
    methods = set().union(*(n.methods for n in group.noted))
    names = {name, applied.name} if whole is None else {formula_name(whole)}
    return Bound(
        site, group.base, applied.owner, module, first.place, dict(group.ordinals),
        methods, names, function, where=applied.where, units_last=first.units_last, whole=whole,
        loose=list({id(n.loose): n.loose for n in group.noted if n.loose is not None}.values()),
    )  # fmt: skip


def _how(noted: Noted, part_of: str) -> Any:
    if part_of:
        return "written out"
    if noted.applied.module is None and noted.place is not None:
        return "attribute"
    return noted.applied.how


def _why_not(group: _Group, site: Site, part_of: str) -> str:
    noted = group.noted[0]
    applied = noted.applied
    if part_of:
        return f"part of the formula {part_of}: edit the code, or make it a module"
    if applied.name == "glu":
        return "a gated unit: torch's glu halves its input"
    if applied.module is not None and applied.module is applied.owner:
        return "the activation is the model itself"
    if site.how != "function":
        return ""
    if applied.of_actlab:
        return "a call of one of actlab's functions: name another in the code"
    if isinstance(applied.owner, fx.GraphModule) and site.needs_in_place:
        return "overwrites a value of a torch.fx graph: swap in the model before it is traced"
    if "forward" in applied.owner.__dict__:
        return f"called in a forward that was set on {site.owner or 'the model'} itself"
    if any(n.recomputed for n in group.noted):
        return (
            "called inside an activation checkpoint that the module opens itself: make it a module"
        )
    return ""


def _is_gate(node: Node | None) -> bool:
    """Whether a value does nothing but multiply others, on whatever way it reaches them."""
    if node is None or not node.children:
        return False
    return all(_ends_in_product(child, node) for child in dict.fromkeys(node.children))


def _ends_in_product(child: Node, node: Node) -> bool:
    if child.kind == "product":
        return True
    if child.kind == "pass":
        return bool(child.children) and all(_ends_in_product(c, child) for c in child.children)
    # Elementwise functions of one value hang from its source: 1 - z among them.
    return child.kind == "pointwise" and _is_gate(child)


def _with_others(bound: list[Bound], order: list[_Group], notes: Notes, tree: Tree) -> list[Bound]:
    """Recurrent layers and formulas that were written out, in their places among the sites."""
    extra: list[tuple[int, Bound]] = []
    for position, module in notes.recurrent:
        site = recurrent_site(module, tree)
        if all(one.site.name != site.name for _, one in extra):
            extra.append((position, Bound(site, site.name)))
    for formula in notes.formulas.written_out():
        position, node, owner = formula.spot.position, formula.node, formula.spot.owner
        where = formula.spot.shown
        name = f"{owner}:{formula_name(node)}"
        site = Site(
            name, node.name, "", "activation", "written out", owner, swappable=False,
            reason="written out: edit the code, or make it a module", location=where,
        )  # fmt: skip
        extra.append((position, Bound(site, name)))
    first = {id(group.noted[0]): k for k, group in enumerate(order)}
    starts = [first[id(n)] for n in notes.noted if id(n) in first]
    extra.reverse()
    for position, one in sorted(extra, key=lambda item: -item[0]):
        ahead = sum(1 for n in notes.noted[:position] if id(n) in first and not n.ignored)
        bound.insert(min(ahead, len(starts)), one)
    return _named_apart(bound)


def _named_apart(bound: list[Bound]) -> list[Bound]:
    """Formulas of one name get numbers of their own, and parts of one formula are one site."""
    taken = {one.site.name for one in bound if one.site.how != "written out"}
    kept: list[Bound] = []
    for one in bound:
        if one.site.how == "written out":
            same = [k for k in kept if k.whole is not None and k.whole is one.whole]
            if same:
                continue
            name, number = one.site.name.partition("#")[0], 2
            apart = name
            while apart in taken:
                apart, number = f"{name}~{number}", number + 1
            taken.add(apart)
            one.site = replace(one.site, name=apart)
        kept.append(one)
    return kept


def _not_reached(tree: Tree, reached: set[int], runs: list[Notes]) -> Iterable[Bound]:
    for module in runs[0].activations:
        if module in tree.twin_of or id(module) in reached or module not in tree.places:
            continue
        found = of_module(module)
        label = found.label if found is not None else type(module).__name__
        name = found.definition.name if found and found.definition else label.partition("(")[0]
        place = tree.places[module][0]
        site = Site(
            tree.site_name(place), label, name, owner=tree.names[place.parent],
            type_name=type(module).__name__,
            places=tuple(tree.path(p) for p in tree.places[module]),
            in_place=bool(getattr(module, "inplace", False)),
        )  # fmt: skip
        yield Bound(site, site.name, place.parent, module, place, {}, set(), {name}, found)
