"""Claims that mathematics, or the arithmetic of a number format, decides without training.

Every check computes its facts with actlab itself and derives its word from them; nothing is
written down beforehand but what theory expects, and each fact says whether it agrees.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from actlab.core import Activation
from actlab.core.errors import UnknownNameError
from actlab.lab.claims.exact.functions import NOTHING, Functions
from actlab.lab.claims.exact.verdict import ExactVerdict, Fact, Value, Word

__all__ = ["TOPICS", "ExactVerdict", "Fact", "Value", "Word", "check", "checked", "topic"]

TOPICS = (
    "powerlu",
    "expolu",
    "elu_formula",
    "elu_smoothness",
    "peers",
    "signals",
    "sparsity",
    "depth",
    "depth_blog",
    "depth_ralu",
    "precision",
    "outliers",
    "ralu",
    "ralu_slope",
    "ralu_consequences",
)
"""The modules that hold checks; a claim's ``test`` names the one that decides it."""

Check = Callable[[Functions], ExactVerdict]


def check(claim_id: str, replaced: Mapping[str, Activation] = NOTHING) -> ExactVerdict:
    """Decide a claim, or the part of it that mathematics decides.

    Args:
        claim_id: such as ``"P4"``.
        replaced: definitions to use in place of registered ones, by name; this is how the tests
            make sure that a check notices an altered function. Default: none.

    Raises:
        UnknownNameError: there is no exact check of that claim.

    Example:
        >>> from actlab.lab.claims.exact import check
        >>> found = check("E107")
        >>> found.word, found.agrees
        ('false', True)
    """
    known = _checks()
    if claim_id not in known:
        raise UnknownNameError("exact check of claim", claim_id, known)
    return known[claim_id][1](Functions(replaced))


def checked() -> tuple[str, ...]:
    """The ids of the claims that have an exact check, by topic."""
    return tuple(_checks())


def topic(claim_id: str) -> str:
    """The topic under which a claim is decided.

    Raises:
        UnknownNameError: there is no exact check of that claim.

    Example:
        >>> topic("P4")
        'powerlu'
    """
    known = _checks()
    if claim_id not in known:
        raise UnknownNameError("exact check of claim", claim_id, known)
    return known[claim_id][0]


@functools.cache
def _checks() -> Mapping[str, tuple[str, Check]]:
    found: dict[str, tuple[str, Check]] = {}
    for name in TOPICS:
        module = importlib.import_module(f"{__name__}.{name}")
        for claim_id, function in module.CHECKS.items():
            if claim_id in found:
                raise ValueError(f"two exact checks of {claim_id}: {found[claim_id][0]} and {name}")
            found[claim_id] = (name, function)
    return MappingProxyType(found)
