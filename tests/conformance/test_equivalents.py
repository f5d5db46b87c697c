"""Definitions that say they are the same function: they are, to the digits of their parameters."""

from __future__ import annotations

import mpmath
import pytest

from actlab import names
from actlab.interpret import mp
from actlab.registry import equivalents, get
from actlab.testing.parameters import parameter_sets

STATED = [(name, equal) for name in names() for equal in get(name).equivalents]
PLACES = (-37.5, -6.0, -2.5, -1.0, -0.9, -0.3, -1e-9, 0.0, 1e-9, 0.4, 0.75, 1.0, 1.3, 3.0, 41.0)


def names_of(case):
    name, equal = case
    return f"{name}-{equal.other}"


@pytest.mark.parametrize("case", STATED, ids=names_of)
def test_same_function(case) -> None:
    name, equal = case
    this, other = get(name), get(equal.other)
    fitting = [
        {**params, **equal.when}
        for params in parameter_sets(this)
        if all(abs(value) < 1e6 for value in params.values())
    ]
    for params in fitting:
        theirs = other.bind((), equal.parameters(params))
        for param in other.params:
            param.check(other.name, theirs[param.name])
        for x in PLACES:
            left = mp.value(this, x, params)
            right = equal.scale * mp.value(other, x, theirs)
            # The other's parameters are computed in double precision.
            close = mpmath.mpf(10) ** -13 * (1 + abs(left) + abs(x))
            assert abs(left - right) <= close, f"{this!r} {params} and {other!r} {theirs} at {x}"


@pytest.mark.parametrize("case", STATED, ids=names_of)
def test_both_say_so(case) -> None:
    name, equal = case
    assert any(text.startswith(equal.other) or equal.other in text
               for text in equivalents(get(name)))  # fmt: skip
    assert any(name in text for text in equivalents(get(equal.other)))


def test_powerlu_has_many_names() -> None:
    assert "powerlu: a = 2^p, b = 1 here" in equivalents(get("expolu"))
