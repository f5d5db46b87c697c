"""dSiLU: the derivative of SiLU as an activation of its own."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Beyond +-800 the function differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return m.sigmoid(x) * (1 + x * (1 - m.sigmoid(x)))


def textbook_derivative(m, x):
    s = m.sigmoid(x)
    return s * (1 - s) * (2 + x * (1 - 2 * s))


def _folded(m, x):
    """-|x|, and 1 / (1 + e^-|x|): f(x) + f(-x) = 1, and so one tail serves both."""
    middle = m.guard(x, (-FAR, FAR), 0)
    depth = m.where(middle > 0, -middle, middle)
    return depth, 1 / (1 + m.exp(depth))


def forward(m, x):
    depth, rest = _folded(m, x)
    below = rest * m.scaled_exp(1 + depth * rest, depth)
    above = m.where(x <= FAR, 1 - below, 1)
    return m.where(x < -FAR, 0, m.where(x <= 0, below, above))


def derivative(m, x):
    depth, rest = _folded(m, x)
    bend = 2 + depth * ((1 - m.exp(depth)) * rest)
    return m.where(m.absolute(x) > FAR, 0, rest * rest * m.scaled_exp(bend, depth))


def value_terms(m, x):
    depth, rest = _folded(m, x)
    below = rest * m.scaled_exp(1 - depth * rest, depth)
    return m.where(m.absolute(x) > FAR, 0, m.where(x <= 0, below, 1))


def slope_terms(m, x):
    depth, rest = _folded(m, x)
    terms = rest * rest * m.scaled_exp(2 - depth * ((1 - m.exp(depth)) * rest), depth)
    return m.where(m.absolute(x) > FAR, 0, terms)


DSILU = Activation(
    name="dsilu",
    title="dSiLU: the derivative of SiLU, a sigmoid that overshoots",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.09983932012886691,
        high=1.099839320128867,
        lipschitz=0.5,
    ),
    references=(
        Reference(
            "Elfwing, Uchibe, Doya",
            2017,
            "Sigmoid-weighted linear units for neural network function approximation",
            "arXiv:1702.03118",
        ),
    ),
    family="sigmoid",
    use="As a bounded hidden unit in place of the sigmoid, which is half as steep at 0; proposed "
    "for value functions in reinforcement learning.",
    terms={"value": value_terms, "slope": slope_terms},
    notes=(
        "f(x) + f(-x) = 1, as for the sigmoid; it leaves [0, 1] by 0.0998 on either side.",
        "The usual formula gives NaN at both infinities.",
    ),
)
