"""Seeing in a new run that a swap has replaced what it says, and nothing less."""

from __future__ import annotations

from collections import Counter

from actlab.surgery.collect import Bound
from actlab.surgery.find import Found
from actlab.surgery.plan import Plan


def verify(now: Found, plan: Plan) -> None:
    """See in a new run that no more old functions are left than were to be left.

    Raises:
        RuntimeError: there are more; or a module that was to be replaced is still called.
    """
    left = Counter(_identity(one) for one in plan.order if plan.of(one) is None and one.site.modes)
    new = {id(module) for one in plan.planned.values() for module in one.module.modules()}
    old = {id(one.bound.module) for one in plan.planned.values()} - {id(None)}
    kept = {id(one.module) for one in plan.order if plan.of(one) is None}
    replaced = {_identity(one.bound) for one in plan.planned.values()}
    for one in now.bound:
        if id(one.module) in old - kept:
            raise RuntimeError(_still(one))
        if not one.site.modes or id(one.module) in new or _identity(one) not in replaced:
            continue
        left[_identity(one)] -= 1
        if left[_identity(one)] < 0:
            raise RuntimeError(_still(one))


def _identity(one: Bound) -> tuple[str, str, str]:
    """What is the same of a site before and after others are replaced."""
    return one.site.owner, one.site.function, "module" if one.module is not None else "call"


def _still(one: Bound) -> str:
    return (
        f"{one.site.name} still applies {one.site.function} after the swap; everything was put "
        "back. Please report this model"
    )
