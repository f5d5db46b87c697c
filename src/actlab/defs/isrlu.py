"""ISRLU: the identity above 0 and an inverse square root unit below."""

from actlab.core import Activation, Domain, Joint, Param, Reference, Traits
from actlab.defs import isru


def textbook(m, x, *, alpha):
    return m.where(x >= 0, x, x / m.sqrt(1 + alpha * x**2))


def textbook_derivative(m, x, *, alpha):
    return m.where(x >= 0, 1, 1 / m.sqrt(1 + alpha * x**2) ** 3)


def forward(m, x, *, alpha):
    below = isru.forward(m, m.guard(x, (float("-inf"), 0), 0), alpha=alpha)
    return m.where(x >= 0, x, below)


def derivative(m, x, *, alpha):
    below = isru.derivative(m, m.guard(x, (float("-inf"), 0), 0), alpha=alpha)
    return m.where(x >= 0, 1, below)


ISRLU = Activation(
    name="isrlu",
    title="ISRLU: the inverse square root linear unit, an ELU without exponentials",
    family="rectifier",
    use="For ELU's shape where exponentials are slow.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("alpha", 1.0, Domain(0.0), "1 / alpha is the square of the limit at -inf"),),
    joints=(Joint("0", lambda alpha: 0.0, "1", lambda alpha: 1.0),),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=2,
        low=-1.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Carlile, Delamarter, Kinney, Marti, Whitney",
            2017,
            "Improving deep learning by inverse square root linear units (ISRLUs)",
            "arXiv:1710.09967",
        ),
    ),
    notes=(
        "C^2 for every alpha, where ELU is at best C^1.",
        "It tends to -1 / sqrt(alpha), and the slope to 0 as |x|^-3.",
    ),
    # The slope is a third power, which triples the error of what is raised to it.
    float64_ulp=8,
)
