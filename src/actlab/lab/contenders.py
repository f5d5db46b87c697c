"""From a name in a study to a function with checked parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actlab import registry
from actlab.lab.arm import Arm, Init, Learned, Scheme
from actlab.lab.fingerprint import source_of
from actlab.lab.study import EVERY, ContenderSpec, Study, StudyError


@dataclass(frozen=True)
class Contender:
    """A function with parameters, ready to be run.

    Args:
        name: what ``actlab.get`` is called with.
        params: every parameter by name.
        label: how tables call it.
        source: hash of the source file that defines it: an edited formula is another cell.
        learn, constraint: whether and how its parameters are trained; see :class:`Arm`.
        scheme: initialisation in every regime, in place of the regime's; empty for none.
        settings: of the task, in place of the part's.
    """

    name: str
    params: Mapping[str, float]
    label: str
    source: str
    learn: Learned = ""
    constraint: str = ""
    scheme: Scheme | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, Any]:
        """What identifies the function inside a cell's key."""
        key: dict[str, Any] = {
            "name": self.name,
            "params": dict(self.params),
            "source": self.source,
        }
        if self.learn:
            key |= {"learn": self.learn, "constraint": self.constraint}
        return key

    def arm(self, init: Init) -> Arm:
        """The arm with that initialisation."""
        return Arm(self.name, self.params, self.label, init, self.learn, self.constraint)


def arm_of(key: Mapping[str, Any], label: str = "") -> Arm:
    """The arm that a cell's key describes: the inverse of :attr:`Contender.key`."""
    activation, init = key["activation"], key.get("init", {"scheme": "default"})
    return Arm(
        name=activation["name"],
        params=activation["params"],
        label=label,
        init=Init(**init),
        learn=activation.get("learn", ""),
        constraint=activation.get("constraint", ""),
    )


def label_of(name: str, params: Mapping[str, float], spec: ContenderSpec | None = None) -> str:
    """``expolu(a=1, b=1, p=2)``, or the bare name of a function without parameters.

    What else a spec says follows: ``ralu(alpha=2), learned per unit, norm=batch``.
    """
    if spec is not None and spec.label:
        return spec.label
    inside = ", ".join(f"{key}={value:g}" for key, value in params.items())
    label = f"{name}({inside})" if inside else name
    if spec is None:
        return label
    said = []
    if spec.learn:
        said.append("learned per unit" if spec.learn == "unit" else "learned")
    if spec.constraint:
        said.append(spec.constraint)
    if spec.init:
        said.append(f"init={spec.init}")
    said += [f"{key}={value}" for key, value in spec.settings.items()]
    return ", ".join([label, *said])


def resolve(spec: str | ContenderSpec) -> Contender:
    """Look a function up and check its parameters.

    Args:
        spec: a name, or a name with parameters.

    Raises:
        ValueError: unknown name, or a parameter outside its domain.
        TypeError: a parameter the function does not have, or one that is not a number.
    """
    whole = ContenderSpec(name=spec) if isinstance(spec, str) else spec
    definition = registry.get(whole.name)
    bound = definition.bind((), whole.params)
    params = {p.name: p.check(definition.name, bound[p.name]) for p in definition.params}
    if whole.learn and not params:
        raise ValueError(f"{definition.name} has no parameters, so it cannot learn any")
    contender = Contender(
        name=whole.name if ":" in whole.name else definition.name,
        params=params,
        label=label_of(definition.name, params, whole),
        source=source_of(definition.forward, definition.name),
        learn=whole.learn,
        constraint=whole.constraint,
        scheme=whole.init,
        settings=dict(whole.settings),
    )
    if contender.learn:
        contender.arm(Init()).module()  # says what is wrong with a constraint or a start
    return contender


def resolve_study(study: Study) -> dict[str, list[Contender]]:
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
            found += [_resolve_in(where, one) for one in named]
        if part.baseline is None:
            pair = [("contender", study.contender), ("baseline", study.baseline)]
        else:
            pair = []
            found.append(_resolve_in(study.place("part", number, "baseline"), part.baseline))
        for key, spec in pair:
            found.append(_resolve_in(study.place(key), spec))
        if pair and found[-2].label == found[-1].label:
            raise StudyError(
                f"{study.place('baseline')}the baseline must differ from the contender, "
                f"both are {found[-1].label}"
            )
        chosen[part.name] = _each_once(found)
    return chosen


def _resolve_in(where: str, spec: str | ContenderSpec) -> Contender:
    try:
        return resolve(spec)
    except (ValueError, TypeError) as error:
        raise StudyError(f"{where}{error}") from error


def label_for(spec: str | ContenderSpec) -> str:
    """The label of a function in a study that has been resolved before."""
    return resolve(spec).label


def _each_once(found: Iterable[Contender]) -> list[Contender]:
    chosen: dict[str, Contender] = {}
    for contender in found:
        other = chosen.setdefault(contender.label, contender)
        if other != contender:
            raise StudyError(
                f"{other.name} and {contender.name} would both be called {contender.label!r}; "
                "give one of them a label"
            )
    return list(chosen.values())
