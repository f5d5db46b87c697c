"""Rules of a swap: which sites are meant, and what they become."""

from __future__ import annotations

import copy
import difflib
import fnmatch
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import nn

from actlab import core, registry
from actlab import nn as actlab_nn
from actlab.surgery.collect import Bound
from actlab.surgery.identify import canonical
from actlab.surgery.site import Site

Selector: TypeAlias = str | type[nn.Module] | Callable[[Site], bool]
"""What says which sites are meant."""

Replacement: TypeAlias = (
    str
    | core.Activation
    | tuple[Any, Mapping[str, float]]
    | nn.Module
    | type[nn.Module]
    | Callable[[Site], nn.Module]
)
"""What says what they become."""

OWN_CLASSES: Mapping[str, type[nn.Module]] = {
    "powerlu": actlab_nn.PowerLU,
    "expolu": actlab_nn.ExpoLU,
    "ralu": actlab_nn.RaLU,
    "elu": actlab_nn.ELU,
}


@dataclass(frozen=True, eq=False, slots=True)
class ByFunction:
    """Selects sites by the function applied, whatever they are called."""

    name: str

    def __call__(self, site: Site) -> bool:
        return canonical(self.name) in {canonical(site.activation), canonical(site.type_name)}


@dataclass(frozen=True, eq=False, slots=True)
class BySite:
    """Selects sites by a pattern of their names, whatever is applied there."""

    pattern: str

    def __call__(self, site: Site) -> bool:
        return fnmatch.fnmatchcase(site.name, self.pattern)


def by_function(name: str) -> ByFunction:
    """A selector of sites that apply a function, where its name might be taken for a site's.

    Args:
        name: in the catalogue, torch's, or an alias.
    """
    return ByFunction(name)


def by_site(pattern: str) -> BySite:
    """A selector of sites whose names match a shell pattern, such as ``layer1.*``.

    Args:
        pattern: ``*`` stands for anything, ``?`` for one character.
    """
    return BySite(pattern)


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """One rule: its words, the sites it selects, and how their replacement is made."""

    words: str
    sites: tuple[Bound, ...]
    replacement: Make


@dataclass(frozen=True, eq=False, slots=True)
class Make:
    """How a replacement is made, and what it is called.

    ``uniform`` says that it is the same at every site.
    """

    label: str
    make: Callable[[Site, dict[str, Any]], nn.Module]
    uniform: bool = True

    def same(self, other: Make) -> bool:
        """Whether both make the same."""
        return self is other or (self.uniform and other.uniform and self.label == other.label)


def read(rules: Any, bound: list[Bound]) -> list[Rule]:
    """The rules of a swap, checked.

    Raises:
        TypeError: a selector or replacement of a type that is not accepted.
        ValueError: there are none, one selects no site, or it can be understood in two ways.
        UnknownNameError: no activation of that name.
    """
    if not isinstance(rules, Mapping):
        raise TypeError(
            "rules must be a mapping from what is replaced to what replaces it, such as "
            f"{{'relu': 'powerlu'}}, got {rules!r}"
        )
    if not rules:
        raise ValueError("rules is empty; say what is to be replaced: {'relu': 'powerlu'}")
    made = [(_words(selector), selector, maker(new)) for selector, new in rules.items()]
    return [Rule(words, _selected(selector, words, bound), new) for words, selector, new in made]


def _words(selector: Any) -> str:
    if isinstance(selector, str):
        return repr(selector)
    if isinstance(selector, ByFunction):
        return f"by_function({selector.name!r})"
    if isinstance(selector, BySite):
        return f"by_site({selector.pattern!r})"
    return getattr(selector, "__name__", repr(selector))


def _selected(selector: Any, words: str, bound: list[Bound]) -> tuple[Bound, ...]:
    if isinstance(selector, str):
        found = _by_text(selector, bound)
    elif isinstance(selector, type):
        if not issubclass(selector, nn.Module):
            raise TypeError(f"a class that selects sites must be a module's, got {words}")
        found = tuple(one for one in bound if isinstance(one.module, selector))
    elif callable(selector):
        found = tuple(one for one in bound if selector(one.site))
    else:
        raise TypeError(
            "sites are selected by a name, a pattern, a module class or a function of the site, "
            f"got {selector!r}"
        )
    if not found:
        raise ValueError(f"{words} selects no site; {_known(selector, bound)}")
    return found


def _by_text(text: str, bound: list[Bound]) -> tuple[Bound, ...]:
    wanted = canonical(text)
    function = tuple(one for one in bound if wanted in {canonical(name) for name in one.names})
    named = tuple(one for one in bound if fnmatch.fnmatchcase(one.site.name, text))
    inside = {id(one) for one in function}
    if function and any(id(one) not in inside for one in named):
        other = next(one for one in named if id(one) not in inside)
        raise ValueError(
            f"{text!r} is ambiguous: the name of a function, and of the site {other.site.name}, "
            f"which applies {other.site.function}; use by_function({text!r}) or by_site({text!r})"
        )
    return function or named


def _known(selector: Any, bound: list[Bound]) -> str:
    if not bound:
        return "no activation was found in the model"
    counts = Counter(one.site.activation or "formulas" for one in bound)
    applied = ", ".join(f"{name} ({count})" for name, count in counts.items())
    text = f"the model applies {applied}"
    if isinstance(selector, str):
        names = [*counts, *(one.site.name for one in bound)]
        near = difflib.get_close_matches(selector, names, n=2, cutoff=0.6)
        if near:
            text += f"; did you mean {' or '.join(map(repr, near))}?"
    return text


def maker(new: Any) -> Make:
    """How a replacement is made.

    Raises:
        TypeError: it is nothing that can be one.
    """
    params: dict[str, Any] = {}
    if isinstance(new, tuple) and len(new) == 2 and isinstance(new[1], Mapping):
        new, params = new[0], dict(new[1])
    if isinstance(new, str | core.Activation):
        return _of_definition(registry.get(new), params)
    if params:
        raise TypeError(f"parameters go with the name of an activation, not with {new!r}")
    if isinstance(new, nn.Module):
        return Make(repr(new), lambda site, options: copy.deepcopy(new))
    if isinstance(new, type) and issubclass(new, nn.Module):
        return Make(new.__name__, lambda site, options: new())
    if callable(new) and not isinstance(new, type):
        label = getattr(new, "__name__", repr(new))
        return Make(label, lambda site, options: _made(new, site), uniform=False)
    raise TypeError(
        "a replacement is the name of an activation, a definition, a name with its parameters, a "
        f"module, a module class or a function of the site that makes one, got {new!r}"
    )


def _of_definition(definition: core.Activation, params: dict[str, Any]) -> Make:
    bound = definition.bind((), params)
    for param in definition.params:
        param.check(definition.name, bound[param.name])

    def make(site: Site, options: dict[str, Any]) -> nn.Module:
        own = OWN_CLASSES.get(definition.name)
        if own is not None and registry.get(definition.name) is definition:
            return own(**params, **options)
        return actlab_nn.Activation(definition, **params, **options)

    inside = ", ".join(f"{key}={value:g}" for key, value in params.items())
    return Make(f"{definition.name}({inside})" if inside else definition.name, make)


def _made(function: Callable[[Site], Any], site: Site) -> nn.Module:
    made = function(site)
    if not isinstance(made, nn.Module):
        raise TypeError(
            f"{getattr(function, '__name__', function)!s} must return a module for {site.name}, "
            f"got {made!r}"
        )
    return made
