"""Planning a swap: what goes where, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from actlab.surgery.collect import Bound
from actlab.surgery.find import Found
from actlab.surgery.rules import Make, Rule
from actlab.surgery.table import Row
from actlab.surgery.tree import Place, Tree


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller of ``swap`` asked for beside the rules."""

    learnable: bool | None = None
    per_channel: bool = False
    gates: bool = False
    share_calls: bool = False


@dataclass(eq=False, slots=True)
class Planned:
    """A site that is to be replaced."""

    bound: Bound
    make: Make
    module: nn.Module
    note: str = ""

    @property
    def plain(self) -> bool:
        """Whether the replacement has no state, so that one can serve several calls."""
        return not any(True for _ in self.module.parameters()) and not any(
            True for _ in self.module.buffers()
        )


@dataclass(eq=False, slots=True)
class Plan:
    """What becomes of every site.

    Attributes:
        planned: the sites to be replaced. left: of the others, why.
        order: all sites, for the table.
        both: whether the model was seen in training and in evaluation.
        share: whether the calls of one thing in one module's code get one replacement.
    """

    order: list[Bound]
    both: bool = True
    share: bool = False
    planned: dict[int, Planned] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)

    def of(self, bound: Bound) -> Planned | None:
        """What is planned for a site."""
        return self.planned.get(id(bound))

    def drop(self, bound: Bound, reason: str) -> None:
        """Leave a site alone after all."""
        self.planned.pop(id(bound), None)
        self.left[id(bound)] = reason

    def rows(self) -> tuple[Row, ...]:
        """The table: a row for every site."""
        return tuple(_row(one, self.of(one), self.left.get(id(one), "")) for one in self.order)


def _row(bound: Bound, planned: Planned | None, reason: str) -> Row:
    site = bound.site
    if planned is None:
        other = "a gate; no rule is about it" if site.kind == "gate" else "no rule is about it"
        return Row(site.name, site.function, site.kind, "left", "", reason or other)
    return Row(site.name, site.function, site.kind, "swapped", repr_of(planned), planned.note)


def repr_of(planned: Planned) -> str:
    """The replacement as tables call it."""
    text = repr(planned.module)
    return text if "\n" not in text and len(text) <= 80 else planned.make.label


def make_plan(rules: list[Rule], found: Found, options: Options) -> Plan:
    """Decide what becomes of every site.

    Raises:
        ValueError: two rules want different things of one site, or none of the sites selected can
            be replaced.
        TypeError: a replacement cannot be built as asked.
    """
    bound, tree = found.bound, found.tree
    plan = Plan(list(bound), found.both, options.share_calls)
    chosen: dict[int, Rule] = {}
    for rule in rules:
        for one in rule.sites:
            other = chosen.get(id(one))
            if other is not None and not other.replacement.same(rule.replacement):
                raise ValueError(
                    f"{one.site.name} is selected by {other.words} and by {rule.words}, which "
                    f"replace it by different things: {other.replacement.label} and "
                    f"{rule.replacement.label}"
                )
            chosen[id(one)] = rule
    for one in bound:
        if id(one) in chosen:
            _decide(plan, one, chosen[id(one)].replacement, tree, options)
    _one_caller_each(plan)
    if not plan.planned:
        raise ValueError(f"none of the sites selected can be replaced: {_reasons(plan, bound)}")
    return plan


def _reasons(plan: Plan, bound: list[Bound]) -> str:
    """Why sites are left, those with the same reason together."""
    names: dict[str, list[str]] = {}
    for one in bound:
        if id(one) in plan.left:
            names.setdefault(plan.left[id(one)], []).append(one.site.name)
    return "; ".join(
        f"{', '.join(these[:3])}{f' and {len(these) - 3} more' if len(these) > 3 else ''}: {reason}"
        for reason, these in names.items()
    )


def _decide(plan: Plan, one: Bound, make: Make, tree: Tree, options: Options) -> None:
    site = one.site
    if not site.swappable:
        plan.drop(one, site.reason)
    elif site.kind == "gate" and not options.gates:
        plan.drop(one, "a gate: its result multiplies another value; gates=True swaps it too")
    elif not site.modes and options.per_channel:
        plan.drop(one, "the example does not reach it, so its number of channels is not known")
    else:
        note = "" if site.modes else "not reached by the example"
        if site.config:
            entry, _, value = site.config.partition("=")
            note = f"config.{entry} still says {value}: swap again after from_pretrained"
        module = build(make, one, tree, options)
        plan.planned[id(one)] = Planned(one, make, module, note)


def build(make: Make, one: Bound, tree: Tree, options: Options) -> nn.Module:
    """A new module for a site, on the device and in the precision of what is around it."""
    module = make.make(one.site, _arguments(one, options))
    device, dtype = _surroundings(one, tree)
    if dtype is not None:
        module.to(device=device, dtype=dtype)
    module.train(one.owner.training if one.owner is not None else tree.model.training)
    return module


def _arguments(one: Bound, options: Options) -> dict[str, Any]:
    site = one.site
    found: dict[str, Any] = {}
    if options.learnable is not None:
        found["learnable"] = options.learnable
    if options.per_channel and site.channel_dim is not None:
        last = site.channel_dim == len(site.shape) - 1
        found["num_parameters"] = site.units
        found["channel_dim"] = -1 if last and one.units_last else site.channel_dim
    return found


def _surroundings(one: Bound, tree: Tree) -> tuple[torch.device | None, torch.dtype | None]:
    """Where the nearest parameters are, from the owner outwards."""
    name = tree.names.get(one.owner, "") if one.owner is not None else ""
    by_name = {name: module for module, name in tree.names.items()}
    while True:
        module = by_name.get(name)
        for parameter in module.parameters() if module is not None else ():
            if parameter.is_floating_point():
                return parameter.device, parameter.dtype
        if not name:
            return None, None
        name = name.rpartition(".")[0]


def by_base(plan: Plan) -> Iterator[list[Bound]]:
    """Sites in groups that share a place, or a function in one module's code."""
    groups: dict[str, list[Bound]] = {}
    for one in plan.order:
        if one.owner is not None:
            groups.setdefault(one.base, []).append(one)
    yield from groups.values()


def alike(group: list[Bound], plan: Plan) -> bool:
    """Whether one module can serve all calls of a group: without state, or shared on purpose."""
    found = [planned for one in group if (planned := plan.of(one)) is not None]
    return len(found) == len(group) and all(
        (one.plain or plan.share) and one.make.uniform and one.make.same(found[0].make)
        for one in found
    )


def _one_caller_each(plan: Plan) -> None:
    """Calls can be told apart only where all of them come from one module's code."""
    for group in by_base(plan):
        owners = {id(one.owner) for one in group}
        if len(group) > 1 and len(owners) > 1 and not alike(group, plan):
            for one in group:
                if plan.of(one) is not None:
                    plan.drop(one, "called from several modules: swap all of its calls alike")


def place_of(one: Bound) -> Place | None:
    """Where a site's module or function is kept; None for calls in the code."""
    return one.place if one.site.how in ("module", "attribute") else None
