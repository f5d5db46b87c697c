"""Facts about an activation: joints, traits, sources, and other names of the same function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FAMILIES = (
    "rectifier",
    "smooth rectifier",
    "exponential",
    "self-gated",
    "sigmoid",
    "shrinkage",
    "power",
    "rational",
    "periodic",
    "bump",
    "other",
)
"""What kinds of functions there are, by shape; a definition names the one it is filed under."""


@dataclass(frozen=True, eq=False, slots=True)
class Equivalent:
    """The very same function as another definition, for some or all parameters.

    ``f(x; own parameters) = scale * other(x; params(own parameters))`` for every x.

    Args:
        other: name of the other definition.
        relation: the other's parameters as text, such as ``"a = 4 beta, b = beta, p = 2"``.
        params: the same as a function of one's own parameters. Default: none are set.
        when: one's own parameters that must have these values. Default: it holds for all.
        scale: the factor. Default: 1.
    """

    other: str
    relation: str = ""
    params: Callable[..., Mapping[str, float]] | None = None
    when: Mapping[str, float] = field(default_factory=dict)
    scale: float = 1.0

    def parameters(self, own: Mapping[str, float]) -> dict[str, float]:
        """The other definition's parameters where one's own are these."""
        return {} if self.params is None else dict(self.params(**own))

    def __str__(self) -> str:
        factor = "" if self.scale == 1 else f"{self.scale!r} times "
        given = f" with {self.relation}" if self.relation else ""
        held = ", ".join(f"{name} = {value:g}" for name, value in self.when.items())
        return f"{factor}{self.other}{given}" + (f", for {held}" if held else "")


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
        dead_above: a second such interval further up, for functions that are flat at both ends.
    """

    monotone: bool
    convex: bool
    odd: bool
    smoothness: float
    low: float
    high: float
    lipschitz: float
    dead: tuple[float, float] | None = None
    dead_above: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a definition comes from."""

    authors: str
    year: int
    title: str
    where: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}), {self.title}, {self.where}"
