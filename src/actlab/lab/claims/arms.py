"""Functions that only claims need: offset, clipped and kinked variants of others.

A study names them as ``actlab.lab.claims.arms:OFFSET_ELU``.
"""

from __future__ import annotations

import math
from typing import Any

from actlab.core import Activation, Domain, Joint, Param, Reference, Traits
from actlab.defs import elu

ELU_PAPER = Reference(
    "Clevert, Unterthiner, Hochreiter",
    2015,
    "Fast and accurate deep network learning by exponential linear units (ELUs)",
    "arXiv:1511.07289",
)
RALU_PAGE = Reference("shimataro", 2025, "RaLU: Rational Linear Unit", "April 2025")

TO_RELU_MEAN = 0.5 - math.exp(0.5) * 0.5 * math.erfc(math.sqrt(0.5))
"""What ELU must gain for the mean that ReLU has over N(0, 1): 0.238422."""

BEND = 0.4482581314997
"""Where the twin of RaLU with alpha = 3 must bend to have its mean square over N(0, 1), 3."""


def offset_elu(m: Any, x: Any, *, offset: Any) -> Any:
    return elu.forward(m, x, alpha=1) + offset


def offset_elu_slope(m: Any, x: Any, *, offset: Any) -> Any:
    return elu.derivative(m, x, alpha=1)


def offset_elu_terms(m: Any, x: Any, *, offset: Any) -> Any:
    return m.absolute(elu.forward(m, x, alpha=1)) + m.absolute(offset)


def clipped_elu(m: Any, x: Any, *, upper: Any) -> Any:
    return m.where(x < upper, elu.forward(m, x, alpha=1), upper)


def clipped_elu_slope(m: Any, x: Any, *, upper: Any) -> Any:
    return m.where(x < upper, elu.derivative(m, x, alpha=1), 0)


def kinked_ralu(m: Any, x: Any, *, alpha: Any, bend: Any) -> Any:
    edge = alpha * bend
    above = m.where(x <= bend, alpha * x, (x - bend) + edge)
    return m.where(x < -bend, (x + bend) - edge, above)


def kinked_ralu_slope(m: Any, x: Any, *, alpha: Any, bend: Any) -> Any:
    return m.where(m.absolute(x) <= bend, alpha, 1)


OFFSET_ELU = Activation(
    name="offset_elu",
    title="ELU plus a constant",
    family="exponential",
    use="To tell the effect of ELU's mean from that of its shape.",
    forward=offset_elu,
    derivative=offset_elu_slope,
    params=(Param("offset", TO_RELU_MEAN, Domain(-0.5, 0.5), "what is added"),),
    joints=(Joint("0", lambda offset: 0.0, "1", lambda offset: 1.0),),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=TO_RELU_MEAN - 1.0,
        high=math.inf,
        lipschitz=1.0,
    ),
    references=(ELU_PAPER,),
    terms={"value": offset_elu_terms},
    notes=(
        "The mean output for N(0, 1) inputs is 0.160521 plus the offset; with the default it is "
        "that of ReLU.",
    ),
)

CLIPPED_ELU = Activation(
    name="clipped_elu",
    title="ELU with outputs above an upper bound set to the bound",
    family="exponential",
    use="To see whether bounded outputs cost anything.",
    forward=clipped_elu,
    derivative=clipped_elu_slope,
    params=(Param("upper", 6.0, Domain(0.0), "upper bound of the output"),),
    joints=(
        Joint("0", lambda upper: 0.0, "1", lambda upper: 1.0),
        Joint("upper", lambda upper: upper, "0", lambda upper: 0.0),
    ),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=-1.0,
        high=6.0,
        lipschitz=1.0,
        dead_above=(6.0, math.inf),
    ),
    references=(ELU_PAPER,),
)

KINKED_RALU = Activation(
    name="kinked_ralu",
    title="RaLU's piecewise linear twin: slope alpha about 0, slope 1 further out",
    family="rational",
    use="To see what RaLU's smoothness is worth.",
    forward=kinked_ralu,
    derivative=kinked_ralu_slope,
    params=(
        Param("alpha", 3.0, Domain(0.0, closed_low=True), "slope about 0"),
        Param("bend", BEND, Domain(0.0), "where the slope changes"),
    ),
    joints=(
        Joint("-bend", lambda alpha, bend: -bend, "alpha", lambda alpha, bend: alpha),
        Joint("bend", lambda alpha, bend: bend, "alpha", lambda alpha, bend: alpha),
    ),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=0,
        low=-math.inf,
        high=math.inf,
        lipschitz=3.0,
    ),
    references=(RALU_PAGE,),
    notes=("With the default bend its mean square over N(0, 1) is that of RaLU with alpha = 3.",),
)
