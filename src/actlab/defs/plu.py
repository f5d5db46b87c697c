"""PLU: the piecewise linear unit, a hard tanh that keeps a small slope outside."""

from actlab.core import Activation, Domain, Equivalent, Joint, Param, Reference, Traits
from actlab.defs import srelu


def textbook(m, x, *, alpha, c):
    above, below = alpha * (x - c) + c, alpha * (x + c) - c
    return m.where(x < -c, below, m.where(x <= c, x, above))


def forward(m, x, *, alpha, c):
    return srelu.forward(m, x, t_left=-c, a_left=alpha, t_right=c, a_right=alpha)


def derivative(m, x, *, alpha, c):
    return srelu.derivative(m, x, t_left=-c, a_left=alpha, t_right=c, a_right=alpha)


PLU = Activation(
    name="plu",
    title="PLU: the identity between -c and c, a small slope outside",
    family="sigmoid",
    use="Where tanh's shape is wanted without exponentials and without vanishing gradients.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param("alpha", 0.1, Domain(0.0, 1.0, closed_high=True), "slope outside"),
        Param("c", 1.0, Domain(0.0), "half-width of the identity"),
    ),
    joints=(
        Joint("-c", lambda alpha, c: -c, "1", lambda alpha, c: 1.0),
        Joint("c", lambda alpha, c: c, "1", lambda alpha, c: 1.0),
    ),
    aliases=("piecewise_linear_unit",),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=0,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Nicolae",
            2018,
            "PLU: the piecewise linear unit activation function",
            "arXiv:1809.09534",
        ),
    ),
    equivalents=(
        Equivalent(
            "srelu",
            "t_left = -c, t_right = c, a_left = a_right = alpha",
            lambda alpha, c: {"t_left": -c, "a_left": alpha, "t_right": c, "a_right": alpha},
        ),
    ),
    notes=(
        "The source writes it max(alpha (x + c) - c, min(alpha (x - c) + c, x)), which is this "
        "for alpha up to 1.",
        "At both joints the slope is taken as 1.",
    ),
)
