"""What an activation is: one frozen record, written once, interpreted everywhere."""

from __future__ import annotations

import importlib
import math
import numbers
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from actlab.core.direct import Direct

Formula = Callable[..., Any]
"""``formula(m, x, *, p=...)``: the namespace, the argument, then the parameters by name."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Domain:
    """An interval of finite real numbers in which a parameter may lie.

    Args:
        low: lower end. Default: ``-inf``.
        high: upper end. Default: ``inf``.
        closed_low: whether ``low`` itself belongs to it. Default: False.
        closed_high: whether ``high`` itself belongs to it. Default: False.

    Example:
        >>> str(Domain(0.0, closed_low=True)), Domain(0.0).contains(0.0)
        ('[0, inf)', False)
    """

    low: float = -math.inf
    high: float = math.inf
    closed_low: bool = False
    closed_high: bool = False

    def contains(self, value: float) -> bool:
        """Whether a number is finite and inside."""
        if not -math.inf < value < math.inf:
            return False
        above = value >= self.low if self.closed_low else value > self.low
        below = value <= self.high if self.closed_high else value < self.high
        return above and below

    def __str__(self) -> str:
        left, right = "(["[self.closed_low], ")]"[self.closed_high]
        return f"{left}{self.low:g}, {self.high:g}{right}"


REALS = Domain()


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of an activation.

    Args:
        name: its keyword.
        default: its value when the caller gives none.
        domain: where it may lie. Default: all reals.
        meaning: a few words for docstrings and tables.
        learnable: whether the module learns it unless told otherwise. Default: False.
        learned_in: the narrower interval a learned value is kept in. Default: ``domain``.
        constraints: named intervals a user may choose instead, such as ``{"monotone": [0, 9]}``.
    """

    name: str
    default: float
    domain: Domain = REALS
    meaning: str = ""
    learnable: bool = False
    learned_in: Domain | None = None
    constraints: Mapping[str, Domain] = field(default_factory=dict)

    def check(self, owner: str, value: Any, domain: Domain | None = None) -> float:
        """The value as a float, or an error that names parameter, value and domain.

        Raises:
            TypeError: the value is not a real number.
            ValueError: the value is NaN, infinite or outside the domain.
        """
        domain = domain or self.domain
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(
                f"{owner}: {self.name} must be a real number or a floating-point tensor, "
                f"got {value!r} ({type(value).__name__})"
            )
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not domain.contains(number):
            raise ValueError(
                f"{owner}: {self.name} must be a finite number in {domain}, got {value!r}"
            )
        return number


@dataclass(frozen=True, slots=True)
class Joint:
    """A point where two pieces of a formula meet.

    Args:
        at: the place as text in the parameters, such as ``"-b"``.
        where: the place as a function of the parameters.
        slope: the slope taken exactly at the joint, as text.
        slope_at: the same as a function of the parameters.
    """

    at: str
    where: Callable[..., float]
    slope: str
    slope_at: Callable[..., float]


@dataclass(frozen=True, slots=True)
class Traits:
    """Facts about a function at its default parameters; the conformance suite verifies each.

    Args:
        monotone: never decreasing.
        convex: convex on the whole line.
        odd: ``f(-x) = -f(x)``.
        smoothness: k when the function is C^k and not C^(k+1); ``inf`` when smooth.
        low: infimum of the range. high: supremum of the range.
        lipschitz: the smallest Lipschitz constant.
        dead: the interval on which the slope is exactly 0, or None.
    """

    monotone: bool
    convex: bool
    odd: bool
    smoothness: float
    low: float
    high: float
    lipschitz: float
    dead: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a definition comes from."""

    authors: str
    year: int
    title: str
    where: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}), {self.title}, {self.where}"


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
        aliases: other names of the very same function.
        notes: what a user should know, one sentence each.
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
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    float64_ulp: float = 4.0

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ValueError(f"name must be a lower-case identifier, got {self.name!r}")
        if self.saves not in ("input", "output"):
            raise ValueError(f"saves must be 'input' or 'output', got {self.saves!r}")
        if self.saves == "output" and self.from_output is None:
            raise ValueError(f"{self.name}: saves='output' needs from_output")
        for param in self.params:
            param.check(self.name, param.default)

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
