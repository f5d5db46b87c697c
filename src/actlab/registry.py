"""Names to definitions: discovery, aliases, near-miss suggestions, filters by trait.

A name is the canonical name or an alias of a definition shipped with actlab or registered by
an installed package under the entry-point group ``actlab.activations``; or ``"module:object"``,
which imports ``module`` and takes its ``Activation``; or the ``Activation`` itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from actlab import defs
from actlab.core import FAMILIES, Activation, Equivalent, UnknownNameError

ENTRY_POINTS = "actlab.activations"

Named: TypeAlias = "str | Activation"


@functools.cache
def shipped() -> Mapping[str, Activation]:
    """The definitions that come with actlab, by canonical name, in alphabetical order."""
    found: dict[str, Activation] = {}
    for module in pkgutil.iter_modules(defs.__path__):
        for definition in _definitions_in(f"{defs.__name__}.{module.name}"):
            _add(found, definition, module.name)
    return MappingProxyType(dict(sorted(found.items())))


def shipped_by_any_name() -> Mapping[str, Activation]:
    """The definitions that come with actlab, by canonical name and by alias."""
    aliases = {alias: one for one in shipped().values() for alias in one.aliases}
    return MappingProxyType(aliases | dict(shipped()))


@functools.cache
def _catalogue() -> Mapping[str, Activation]:
    """The shipped definitions and those of installed packages, in alphabetical order."""
    import importlib.metadata  # costs more than all the rest of this module

    found = dict(shipped())
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        definition = entry.load()
        if not isinstance(definition, Activation):
            raise TypeError(
                f"entry point {entry.name!r} of {ENTRY_POINTS} must name an Activation, "
                f"got {type(definition).__name__}"
            )
        _add(found, definition, entry.value)
    return MappingProxyType(dict(sorted(found.items())))


def _definitions_in(module_name: str) -> list[Activation]:
    module = importlib.import_module(module_name)
    return [value for value in vars(module).values() if isinstance(value, Activation)]


def _add(found: dict[str, Activation], definition: Activation, origin: str) -> None:
    if found.get(definition.name, definition) is not definition:
        raise ValueError(f"two definitions are named {definition.name!r}; the second: {origin}")
    found[definition.name] = definition


@functools.cache
def _aliases() -> Mapping[str, str]:
    """Alias to canonical name; no alias may take another definition's name."""
    catalogue = _catalogue()
    found: dict[str, str] = {}
    for name, definition in catalogue.items():
        for alias in definition.aliases:
            owner = alias if alias in catalogue else found.get(alias)
            if owner is not None and owner != name:
                raise ValueError(f"{name!r} claims the alias {alias!r}, which is {owner!r}'s")
            found[alias] = name
    return MappingProxyType(found)


def get(name: Named) -> Activation:
    """The definition that a name stands for.

    Args:
        name: canonical name, alias, ``"module:object"`` or the definition itself.

    Raises:
        UnknownNameError: no such name, module or object; the message suggests near ones.
        TypeError: the object named is not an ``Activation``.

    Example:
        >>> import actlab
        >>> actlab.get("swish")
        <Activation silu()>
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise TypeError(f"an activation is named by a string or a definition, got {name!r}")
    if ":" in name:
        return _from_module(name)
    key = name.lower().replace("-", "_")
    catalogue = _catalogue()
    key = _aliases().get(key, key)
    if key in catalogue:
        return catalogue[key]
    raise UnknownNameError("activation", name, [*catalogue, *_aliases()])


def _from_module(name: str) -> Activation:
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise UnknownNameError("activation", name, (), "write module:object, both parts")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise UnknownNameError(
            "activation", name, (), f"there is no module {module_name!r} on the Python path"
        ) from error
    value = getattr(module, attribute, None)
    if isinstance(value, Activation):
        return value
    known = [key for key, item in vars(module).items() if isinstance(item, Activation)]
    if value is not None:
        raise TypeError(f"{name!r} is a {type(value).__name__}, not an Activation")
    raise UnknownNameError(f"activation in module {module_name}", attribute, known)


def names(
    *,
    monotone: bool | None = None,
    convex: bool | None = None,
    odd: bool | None = None,
    smooth: bool | None = None,
    bounded: bool | None = None,
    learnable: bool | None = None,
    dead: bool | None = None,
    family: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[str]:
    """Canonical names of the shipped and installed activations, alphabetical.

    Args:
        monotone, convex, odd: keep those that are (True) or are not (False).
        smooth: infinitely differentiable or not.
        bounded: bounded above and below or not.
        learnable: with a parameter learned by default or not.
        dead: with an interval of slope exactly 0 or not.
        family: keep those of that family, one of ``actlab.core.FAMILIES``.
        since, until: keep those first published in that year or later, or earlier.

    Raises:
        TypeError: a filter of another kind.
        ValueError: no such family.

    Example:
        >>> import actlab
        >>> actlab.names(odd=True, learnable=True)
        ['ralu']
    """
    filters = {
        "monotone": monotone,
        "convex": convex,
        "odd": odd,
        "smooth": smooth,
        "bounded": bounded,
        "learnable": learnable,
        "dead": dead,
    }
    for fact, wanted in filters.items():
        if wanted not in (None, True, False):
            raise TypeError(f"names: {fact} must be True, False or None, got {wanted!r}")
    if family is not None and family not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}; got {family!r}")
    for bound, year in {"since": since, "until": until}.items():
        if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
            raise TypeError(f"names: {bound} must be a year, got {year!r}")
    return [
        name
        for name, definition in _catalogue().items()
        if all(wanted in (None, facts(definition)[fact]) for fact, wanted in filters.items())
        and family in (None, definition.family)
        and (since is None or definition.year >= since)
        and (until is None or definition.year <= until)
    ]


def facts(definition: Activation) -> dict[str, bool]:
    """The yes-or-no facts that ``names`` filters by."""
    traits = definition.traits
    infinite = float("inf")
    return {
        "monotone": traits.monotone,
        "convex": traits.convex,
        "odd": traits.odd,
        "smooth": traits.smoothness == infinite,
        "bounded": traits.low > -infinite and traits.high < infinite,
        "learnable": any(param.learnable for param in definition.params),
        "dead": traits.dead is not None,
    }


def equivalents(definition: Activation) -> list[str]:
    """Other names of the same function, such as ``"expolu with a = 2^p, b = 1"``.

    What the definition states, and what others state of it: one is enough, and both say so.
    """
    stated = [str(equal) for equal in definition.equivalents]
    inverse = [
        f"{name}{f' = {equal.scale!r} times this' if equal.scale != 1 else ''}"
        + (f", for {held}" if (held := _held(equal)) else "")
        + (f": {equal.relation} here" if equal.relation else "")
        for name, other in _catalogue().items()
        for equal in other.equivalents
        if equal.other == definition.name and not _states(definition, name)
    ]
    return stated + inverse


def _held(equal: Equivalent) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in equal.when.items())


def _states(definition: Activation, other: str) -> bool:
    return any(equal.other == other for equal in definition.equivalents)


def address(definition: Activation) -> str:
    """The name by which ``get`` finds this definition again, in this or another process.

    Raises:
        ValueError: it is not an attribute of an importable module.
    """
    if _catalogue().get(definition.name) is definition:
        return definition.name
    module_name = definition.forward.__module__
    module = sys.modules.get(module_name)
    if module is not None:
        for key, value in vars(module).items():
            if value is definition:
                return f"{module_name}:{key}"
        if getattr(module, definition.name, None) is definition:
            return f"{module_name}:{definition.name}"
    raise ValueError(
        f"{definition!r} cannot be found by name; assign it at the top level of the module "
        "that holds its formula"
    )
