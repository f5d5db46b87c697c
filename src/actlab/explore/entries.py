"""What the page knows of each activation: its facts as data, its functions as JavaScript."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from actlab import describe, functional, nn, registry
from actlab.core import Activation, Domain, Param
from actlab.interpret.js import Functions, functions
from actlab.interpret.mathml import derivative_mathml, formula_mathml, name_mathml


def entry(definition: Activation) -> dict[str, Any]:
    """The facts of one activation, ready for JSON."""
    return {
        "name": definition.name,
        "title": definition.title,
        "family": definition.family,
        "use": definition.use,
        "year": definition.references[0].year if definition.references else None,
        "aliases": list(definition.aliases),
        "equivalents": registry.equivalents(definition),
        "facts": registry.facts(definition),
        "smoothness": describe.smoothness(definition),
        "properties": describe.properties(definition),
        "joints": describe.joints(definition),
        "notes": list(definition.notes),
        "references": [str(reference) for reference in definition.references],
        "params": [_param(param) for param in definition.params],
        "formula": formula_mathml(definition),
        "derivative": derivative_mathml(definition),
        "module": definition.forward.__module__,
        "python": _python(definition),
    }


def sources(definitions: Sequence[Activation]) -> dict[str, str]:
    """The Python text of every module that holds one of the definitions."""
    found: dict[str, str] = {}
    for definition in definitions:
        module = definition.forward.__module__
        if module not in found:
            found[module] = _source(module)
    return found


def script(definition: Activation) -> str:
    """The functions of one activation as a JavaScript object literal."""
    printed: Functions = functions(definition)
    partials = "".join(f"\n{_key(name)}: {text}," for name, text in printed.partials.items())
    joints = ", ".join(printed.joints)
    return (
        f"{{value: {printed.value},\nslope: {printed.slope},\ncurvature: {printed.curvature},\n"
        f"partials: {{{partials}}},\njoints: [{joints}],\n"
        f"moving: [{', '.join(str(moves).lower() for moves in printed.moving)}],\n"
        f"naive: {printed.naive}}}"
    )


def _param(param: Param) -> dict[str, Any]:
    return {
        "name": param.name,
        "symbol": name_mathml(param.name),
        "default": param.default,
        "domain": str(param.domain),
        "low": _finite(param.domain.low),
        "high": _finite(param.domain.high),
        "closedLow": param.domain.closed_low,
        "closedHigh": param.domain.closed_high,
        "meaning": param.meaning,
        "learnable": param.learnable,
        "slider": slider(param.default, param.domain),
    }


def slider(default: float, domain: Domain) -> Mapping[str, Any]:
    """The interval that a slider sweeps, around the default and inside the domain.

    An open positive half-line is swept in logarithms, a factor of 30 to either side.
    """
    low, high = domain.low, domain.high
    if low >= 0 and high == math.inf and default > 0 and not domain.closed_low:
        start = low + (default - low) / 30
        return {"low": start, "high": low + (default - low) * 30, "log": low == 0}
    reach = max(2 * abs(default), 1.0)
    start = low if low > -math.inf else default - reach
    end = high if high < math.inf else max(default, low, 0.0) + reach
    # An open end is no legal value: the slider stops short of it.
    margin = (end - start) / 200
    start += margin if start == low and not domain.closed_low else 0
    end -= margin if end == high and not domain.closed_high else 0
    return {"low": min(start, default), "high": max(end, default), "log": False}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _address(definition: Activation) -> str:
    try:
        return registry.address(definition)
    except ValueError:
        return ""


def _python(definition: Activation) -> dict[str, str]:
    """How Python code calls it and makes a module of it, up to the parameters."""
    address = _address(definition)
    own = [name for name in nn.__all__ if name.lower() == definition.name]
    module = f"nn.{own[0]}(" if own else f'nn.Activation("{address}", '
    known = address == definition.name and hasattr(functional, definition.name)
    return {
        "call": f"F.{definition.name}(x" if known else f'F.call("{address}", x',
        "module": module,
    }


def _source(module: str) -> str:
    """A module's text; empty where Python has none (a definition typed into a session)."""
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):
        return ""


def _key(name: str) -> str:
    return f'"{name}"'
