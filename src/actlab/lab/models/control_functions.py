"""Functions that controls compare with registered ones: the same mathematics, written apart."""

from __future__ import annotations

from typing import Any

from actlab.core import Activation, Joint, Reference, Traits

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805

_BELOW = (float("-inf"), 0)

_SOURCE = (Reference("actlab", 2026, "A control of the laboratory", "actlab.lab"),)


def _itself(m: Any, x: Any) -> Any:
    return x


def _one(m: Any, x: Any) -> Any:
    return m.where(x == x, 1, x)


IDENTITY = Activation(
    name="identity",
    title="The identity, which RaLU with alpha = 1 must equal bit by bit",
    forward=_itself,
    derivative=_one,
    traits=Traits(
        monotone=True,
        convex=True,
        odd=True,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=_SOURCE,
)


def _scaled_elu(m: Any, x: Any) -> Any:
    return m.where(x > 0, SCALE * x, m.scaled_expm1(SCALE * ALPHA, m.guard(x, _BELOW, 0)))


def _scaled_elu_slope(m: Any, x: Any) -> Any:
    return m.where(x > 0, SCALE, m.scaled_exp(SCALE * ALPHA, m.guard(x, _BELOW, 0)))


SCALED_ELU = Activation(
    name="scaled_elu",
    title="1.0507 ELU with alpha = 1.6733, its constants multiplied out: SELU but for rounding",
    forward=_scaled_elu,
    derivative=_scaled_elu_slope,
    joints=(Joint("0", lambda: 0.0, "SCALE * ALPHA", lambda: SCALE * ALPHA),),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=-SCALE * ALPHA,
        high=float("inf"),
        lipschitz=SCALE * ALPHA,
    ),
    references=_SOURCE,
)
