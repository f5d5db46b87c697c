"""A site: one place in a model's code where an activation is applied."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, overload

from actlab.init.report import table

Kind = Literal["activation", "gate", "recurrent"]
How = Literal["module", "function", "attribute", "written out", "hidden"]


@dataclass(frozen=True, slots=True)
class Site:
    """One place where a model applies an activation.

    Attributes:
        name: ``layer1.0.relu`` for a module, ``layer1.0:relu`` for a call in the code of
            ``layer1.0``; ``#2`` follows where the same module is called, or the same function
            applied, a second time in one pass through the code.
        function: what is applied, with its parameters: ``leaky_relu(negative_slope=0.2)``.
        activation: its name in the catalogue, or torch's; empty for what has no name.
        kind: ``"activation"``; ``"gate"`` for a sigmoid whose result only multiplies another
            value; ``"recurrent"`` inside one of torch's recurrent layers.
        how: ``"module"``; ``"function"``, which stands for tensor methods too; ``"attribute"`` for
            a function kept in an attribute of a module; ``"written out"`` for a formula of several
            operations; ``"hidden"`` for compiled code whose operations cannot be seen.
        owner: the module in whose code it is applied; empty for the model itself.
        type_name: the class of a module, or the function called.
        places: the places in the module tree that hold it, all of them.
        call: which call of the same thing in one pass through the owner's code, from 1.
        calls: how often it ran in the example.
        shape: of its input, in the first call. dtype: likewise.
        channel_dim: the dimension along which units lie; None for an input without dimensions.
        units: how many units there are.
        producer: the layer or normalisation that made its input; empty where there is none.
        in_place: it overwrites its input. needs_in_place: and the model uses the input later, so
            whatever replaces it has to overwrite it too.
        modes: in which of ``"train"`` and ``"eval"`` it was reached; empty for modules that the
            example does not reach.
        swappable: whether ``swap`` can replace it. reason: why not, in words.
        config: the entry of a transformers configuration it was built from.
        location: file and line of the call, where that is known.
    """

    name: str
    function: str
    activation: str
    kind: Kind = "activation"
    how: How = "module"
    owner: str = ""
    type_name: str = ""
    places: tuple[str, ...] = ()
    call: int = 1
    calls: int = 0
    shape: tuple[int, ...] = ()
    dtype: str = ""
    channel_dim: int | None = None
    units: int = 0
    producer: str = ""
    in_place: bool = False
    needs_in_place: bool = False
    modes: tuple[str, ...] = ()
    swappable: bool = True
    reason: str = ""
    config: str = ""
    location: str = ""

    def to_dict(self) -> dict[str, Any]:
        """All attributes, as JSON has them."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Sites(Sequence[Site]):
    """What ``find`` found, in the order of execution; ``print`` shows it as a table.

    Attributes:
        sites: the sites.
        warnings: what a user should know, such as a mode in which the model could not be run.
    """

    sites: tuple[Site, ...]
    warnings: tuple[str, ...] = field(default=())

    @overload
    def __getitem__(self, key: int | str) -> Site: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Site, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Site | tuple[Site, ...]:
        """The site at a position or of a name.

        Raises:
            KeyError: no site has that name.
        """
        if not isinstance(key, str):
            return self.sites[key]
        for site in self.sites:
            if site.name == key:
                return site
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all sites."""
        return tuple(site.name for site in self.sites)

    def match(self, pattern: str) -> tuple[Site, ...]:
        """The sites whose names match a shell pattern, such as ``layer1.*``."""
        return tuple(site for site in self.sites if fnmatch.fnmatchcase(site.name, pattern))

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            "sites": [site.to_dict() for site in self.sites],
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        head = ("site", "function", "how", "input", "units", "after", "note")
        lines = [
            (
                site.name,
                site.function,
                site.how if site.kind == "activation" else f"{site.how}, {site.kind}",
                "x".join(map(str, site.shape)) or "-",
                str(site.units) if site.channel_dim is not None else "-",
                site.producer or "-",
                note(site),
            )
            for site in self.sites
        ]
        title = summary(self.sites)
        return "\n".join([title, table(head, lines), *(f"! {line}" for line in self.warnings)])


def summary(sites: Sequence[Site]) -> str:
    """How many sites there are, of which functions, and what is special about them."""
    plain = Counter(one.activation or "formula" for one in sites if one.kind == "activation")
    parts = [f"{count} {name}" for name, count in plain.most_common()]
    gates = sum(one.kind == "gate" for one in sites)
    parts += [f"{gates} gate{'s' if gates != 1 else ''}"] if gates else []
    hidden = sum(one.kind == "recurrent" for one in sites)
    parts += [f"{hidden} in recurrent layers"] if hidden else []
    for mode in ("train", "eval"):
        only = sum(one.modes == (mode,) for one in sites)
        others = any(one.modes not in ((), (mode,)) for one in sites)
        parts += [f"{only} in {mode} mode only"] if only and others else []
    count = f"{len(sites)} site{'s' if len(sites) != 1 else ''}"
    return f"{count}: {', '.join(parts)}" if parts else count


def note(site: Site) -> str:
    """What a table says about a site beside its columns."""
    parts = [site.reason] if site.reason else []
    if site.calls > 1:
        parts.append(f"runs {site.calls} times")
    if len(site.places) > 1:
        parts.append(f"one module in {len(site.places)} places: {', '.join(site.places)}")
    if site.needs_in_place:
        parts.append("overwrites its input, which is used later")
    if len(site.modes) == 1:
        parts.append(f"in {site.modes[0]} mode only")
    if site.config:
        parts.append(f"from config.{site.config}")
    return "; ".join(parts)
