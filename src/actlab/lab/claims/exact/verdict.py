"""What an exact check hands back: a word, a sentence, and the facts that both rest on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Word: TypeAlias = Literal["true", "conditional", "false", "vague"]
Value: TypeAlias = "float | str | bool"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was computed, beside what a derivation expects.

    Attributes:
        name: what it is. value: as computed. expected: by other means, or as text for a bound.
        agrees: whether the two agree.
    """

    name: str
    value: Value
    expected: Value
    agrees: bool


@dataclass(frozen=True, slots=True)
class ExactVerdict:
    """What mathematics, or the arithmetic of a number format, says about a claim.

    Attributes:
        claim: its id. word: ``"true"``, ``"conditional"``, ``"false"``, or ``"vague"`` where
            fair readings of it decide differently; follows from what was computed.
        sentence: the finding in plain words. facts: what was computed.
    """

    claim: str
    word: Word
    sentence: str
    facts: tuple[Fact, ...]

    @property
    def agrees(self) -> bool:
        """Whether every fact is as expected; if not, the functions or the theory are wrong."""
        return all(fact.agrees for fact in self.facts)


def close(
    name: str, value: float, expected: float, *, relative: float = 1e-9, absolute: float = 0.0
) -> Fact:
    """A number that should equal another, up to a tolerance; infinities equal themselves."""
    value, expected = float(value), float(expected)
    agrees = math.isclose(value, expected, rel_tol=relative, abs_tol=absolute)
    return Fact(name, value, expected, agrees)


def same(name: str, value: Value, expected: Value) -> Fact:
    """A value that should be exactly this."""
    return Fact(name, value, expected, value == expected)


def at_most(name: str, value: float, limit: float) -> Fact:
    """A number that should not exceed a limit; NaN does."""
    return Fact(name, float(value), f"at most {limit:g}", bool(value <= limit))


def at_least(name: str, value: float, limit: float) -> Fact:
    """A number that should reach a limit; NaN does not."""
    return Fact(name, float(value), f"at least {limit:g}", bool(value >= limit))


def settled(holds: bool) -> Word:
    """The word for a claim that either holds or does not."""
    return "true" if holds else "false"


def quantified(holds: Iterable[bool]) -> Word:
    """The word for a claim about a range of cases: all, some or none of them."""
    cases = tuple(holds)
    if not cases:
        raise ValueError("a claim about no case at all cannot be decided")
    if all(cases):
        return "true"
    return "conditional" if any(cases) else "false"


def read(readings: Iterable[bool]) -> Word:
    """The word for a claim that can be read in several ways: vague where they differ."""
    word = quantified(readings)
    return "vague" if word == "conditional" else word
