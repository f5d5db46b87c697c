"""What an activation is: one frozen record, written once, interpreted everywhere."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from actlab.core.direct import Direct, HalfTypes
from actlab.core.facts import FAMILIES, Equivalent, Joint, Reference, Traits
from actlab.core.param import Domain, Param

Formula = Callable[..., Any]
"""``formula(m, x, *, p=...)``: the namespace, the argument, then the parameters by name."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class FromOutput:
    """Derivatives computed from the output alone, so that only the output need be kept.

    Args:
        derivative: ``derivative(m, y, *, params)``: the slope in x.
        partials: the derivative in each parameter, by name, from ``y``.
        domains: parameters for which this form exists only in a narrower interval; such a
            parameter must be a Python number.
        accurate_in: parameters for which this form is accurate only in a narrower interval: for
            a Python number outside it the input is kept, and asking for the output is an error.
        usable: ``usable(eps, largest, *, params)``: whether a dtype of that precision and range
            holds enough in the output; where not, or where parameters are tensors, the input is
            the default thing to keep.
        note: the error of this form, in words, for the docstring.
        ill_conditioned: parameters whose partial loses relative accuracy when it is computed
            from the rounded output; learning one of them keeps the input instead by default.
    """

    derivative: Formula
    partials: Mapping[str, Formula] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    accurate_in: Mapping[str, Domain] = field(default_factory=dict)
    usable: Callable[..., bool] | None = None
    note: str = ""
    ill_conditioned: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Activation:
    """An elementwise activation function: everything actlab knows about it.

    Args:
        name: canonical name, lower case, an identifier.
        title: one line, no full stop.
        forward: ``forward(m, x, *, params)``, the formula.
        derivative: ``derivative(m, x, *, params)``, its slope, joints included.
        textbook: the formula as its source writes it, where ``forward`` is arranged for
            accuracy instead. It is what gets printed, and the oracle checks that both agree.
        textbook_derivative: likewise for ``derivative``.
        params: the parameters, in the order of the public signature.
        joints: where pieces meet, with the slope taken there.
        traits: facts at the default parameters.
        references: where it comes from, first publication first.
        from_output: derivatives from the output alone, where they exist.
        saves: what a training step keeps by default.
        direct: for which parameters the dtype's own precision is enough, and the formulas then.
        half_types: for which parameters single precision is enough for float16 and bfloat16.
            None: GPU kernels compute these in double.
        aliases: other names of the very same function.
        notes: what a user should know, one sentence each.
        family: what kind of function it is, one of ``FAMILIES``. Default: ``"other"``.
        use: when to use it, one sentence.
        equivalents: other definitions that are the same function for some parameters.
        terms: for results that are a difference of larger terms, the sum of the magnitudes of
            these terms as a formula: ``"value"``, ``"slope"``, ``"d/dp"`` and so on. Accuracy is
            promised in units in the last place of that sum, since no arithmetic can do better.
        float64_ulp: the accuracy promised in double precision, in units in the last place.
            (Narrower dtypes compute in double; their promises are the same for all.)
    """

    name: str
    title: str
    forward: Formula
    derivative: Formula
    traits: Traits
    references: tuple[Reference, ...]
    textbook: Formula | None = None
    textbook_derivative: Formula | None = None
    params: tuple[Param, ...] = ()
    joints: tuple[Joint, ...] = ()
    from_output: FromOutput | None = None
    saves: Literal["input", "output"] = "input"
    direct: Direct | None = None
    half_types: HalfTypes | None = None
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    family: str = "other"
    use: str = ""
    equivalents: tuple[Equivalent, ...] = ()
    terms: Mapping[str, Formula] = field(default_factory=dict)
    float64_ulp: float = 4.0

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ValueError(f"name must be a lower-case identifier, got {self.name!r}")
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {self.family!r}")
        if self.saves not in ("input", "output"):
            raise ValueError(f"saves must be 'input' or 'output', got {self.saves!r}")
        if self.saves == "output" and self.from_output is None:
            raise ValueError(f"{self.name}: saves='output' needs from_output")
        for param in self.params:
            param.check(self.name, param.default)

    @property
    def year(self) -> int:
        """The year of its first publication."""
        return self.references[0].year

    @property
    def defaults(self) -> dict[str, float]:
        """The default value of every parameter, by name."""
        return {param.name: param.default for param in self.params}

    def param(self, name: str) -> Param:
        """The parameter of that name; ``TypeError`` when there is none."""
        for param in self.params:
            if param.name == name:
                return param
        known = ", ".join(param.name for param in self.params) or "none"
        raise TypeError(f"{self.name} has no parameter {name!r}; its parameters: {known}")

    def bind(
        self, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = _NOTHING
    ) -> dict[str, Any]:
        """All parameters by name from positional and keyword values, defaults filled in.

        Raises:
            TypeError: too many values, an unknown keyword, or one given twice.
        """
        if len(args) > len(self.params):
            raise TypeError(f"{self.name} takes {len(self.params)} parameter(s), got {len(args)}")
        bound: dict[str, Any] = {}
        for param, value in zip(self.params, args, strict=False):
            bound[param.name] = value
        for name, value in kwargs.items():
            self.param(name)
            if name in bound:
                raise TypeError(f"{self.name} got {name!r} twice")
            bound[name] = value
        return {p.name: bound.get(p.name, p.default) for p in self.params}

    def __repr__(self) -> str:
        inside = ", ".join(f"{p.name}={p.default:g}" for p in self.params)
        return f"<Activation {self.name}({inside})>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        # Formulas are code: a definition travels between processes by where it is written.
        module = sys.modules.get(self.forward.__module__)
        for attribute, value in vars(module).items() if module else ():
            if value is self:
                return _imported, (self.forward.__module__, attribute)
        if module is not None and getattr(module, self.name, None) is self:
            # Made on demand by the module, which knows it by its name.
            return _imported, (self.forward.__module__, self.name)
        raise pickle.PicklingError(
            f"{self!r} cannot be pickled: assign it at the top level of the module that holds "
            "its formula"
        )

    def __copy__(self) -> Activation:
        return self

    def __deepcopy__(self, memo: Any) -> Activation:
        return self


def _imported(module: str, attribute: str) -> Activation:
    return getattr(importlib.import_module(module), attribute)
