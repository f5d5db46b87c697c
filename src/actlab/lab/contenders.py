"""From a name in a study to a function with checked parameters and its own initialisation."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from actlab import registry
from actlab.core import Activation
from actlab.lab.study import EVERY, ContenderSpec, Study, StudyError

OwnInit = Callable[..., tuple[float, float]]
SIGNIFICANT = 12
"""Digits kept of a computed gain, so that a last-bit difference does not rename every cell."""


@dataclass(frozen=True)
class Contender:
    """A function with parameters, ready to be run.

    Args:
        name: what ``actlab.get`` is called with.
        params: every parameter by name.
        label: how tables call it.
        source: sha256 of the source file that defines it: an edited formula is another cell.
        weight: own initialisation: standard deviation of a hidden weight times sqrt(fan_in).
        bias: own initialisation: standard deviation of a hidden bias.
    """

    name: str
    params: Mapping[str, float]
    label: str
    source: str
    weight: float
    bias: float

    @property
    def key(self) -> dict[str, Any]:
        """What identifies the function inside a cell's key."""
        return {"name": self.name, "params": dict(self.params), "source": self.source}


def label_of(name: str, params: Mapping[str, float]) -> str:
    """``expolu(a=1, b=1, p=2)``, or the bare name of a function without parameters."""
    inside = ", ".join(f"{key}={value:g}" for key, value in params.items())
    return f"{name}({inside})" if inside else name


def resolve(spec: str | ContenderSpec, own_init: OwnInit) -> Contender:
    """Look a function up and check its parameters.

    Args:
        spec: a name, or a name with parameters.
        own_init: gives ``(sigma_w, sigma_b)`` for a name and its parameters.

    Raises:
        ValueError: unknown name, or a parameter outside its domain.
        TypeError: a parameter the function does not have, or one that is not a number.
    """
    name = spec if isinstance(spec, str) else spec.name
    given = {} if isinstance(spec, str) else spec.params
    definition = registry.get(name)
    bound = definition.bind((), given)
    params = {p.name: p.check(definition.name, bound[p.name]) for p in definition.params}
    known = name if ":" in name else definition.name
    weight, bias = own_init(known, **params)
    return Contender(
        name=known,
        params=params,
        label=label_of(definition.name, params),
        source=_fingerprint(definition),
        weight=_rounded(weight),
        bias=_rounded(bias),
    )


def resolve_study(study: Study, own_init: OwnInit) -> dict[str, list[Contender]]:
    """The contenders of every part by part name, each function once, the baseline always there.

    Raises:
        StudyError: a contender that cannot be resolved; the message names key and line.
    """
    chosen = {}
    for number, part in enumerate(study.part):
        found = []
        for place, spec in enumerate(part.contenders):
            where = study.place("part", number, "contenders", place)
            named = registry.names() if spec == EVERY else [spec]
            found += [_resolve_in(where, one, own_init) for one in named]
        for key, spec in (("contender", study.contender), ("baseline", study.baseline)):
            found.append(_resolve_in(study.place(key), spec, own_init))
        if found[-2].label == found[-1].label:
            raise StudyError(
                f"{study.place('baseline')}the baseline must differ from the contender, "
                f"both are {found[-1].label}"
            )
        chosen[part.name] = _each_once(found)
    return chosen


def _resolve_in(where: str, spec: str | ContenderSpec, own_init: OwnInit) -> Contender:
    try:
        return resolve(spec, own_init)
    except (ValueError, TypeError) as error:
        raise StudyError(f"{where}{error}") from error


def label_for(spec: str | ContenderSpec) -> str:
    """The label of a function in a study that has been resolved before."""
    name, given = (spec, {}) if isinstance(spec, str) else (spec.name, spec.params)
    definition = registry.get(name)
    return label_of(definition.name, definition.bind((), given))


def _each_once(found: Iterable[Contender]) -> list[Contender]:
    chosen: dict[str, Contender] = {}
    for contender in found:
        other = chosen.setdefault(contender.label, contender)
        if other != contender:
            raise StudyError(
                f"{other.name} and {contender.name} would both be called {contender.label!r}; "
                "rename one of them"
            )
    return list(chosen.values())


def _fingerprint(definition: Activation) -> str:
    try:
        file = inspect.getsourcefile(definition.forward)
        text = inspect.getsource(inspect.getmodule(definition.forward) or definition.forward)
    except (OSError, TypeError) as error:
        raise ValueError(
            f"{definition.name}: its source file cannot be read, so a changed formula could not "
            "be told from the old one; define it in a module"
        ) from error
    if file is None:
        raise ValueError(f"{definition.name}: it must be defined in a Python source file")
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")
