"""SinLU: a line with a learned wave on it, gated by the sigmoid."""

from actlab.core import Activation, Domain, Equivalent, Param, Reference, Traits
from actlab.defs import sinc

FAR = 800.0
"""Beyond +-800 the sigmoid differs from 0 or 1 by less than any double can show."""


UNSEEN = 2.0**-1010
"""Results of this size come of subnormal numbers, by which torch's own rules multiply too early
to keep their digits."""


def textbook(m, x, *, a, b):
    return (x + a * m.sin(x, b)) * m.sigmoid(x)


def textbook_derivative(m, x, *, a, b):
    rise = 1 + a * b * m.cos(x, b)
    return m.sigmoid(x) * (rise + (x + a * m.sin(x, b)) * (1 - m.sigmoid(x)))


def _line(m, x, a, b):
    """x + a sin(b x), which keeps its digits near 0 where a b is close to -1."""
    near = m.absolute(b * x) <= sinc.NEAR
    t = b * m.guard(x, near, 0)
    small = x * ((1 + a * b) - a * b * sinc.missing(t * t, 2))
    return m.where(near, small, x + a * m.sin(x, b))


def _rise(m, x, a, b):
    """1 + a b cos(b x), likewise."""
    near = m.absolute(b * x) <= sinc.NEAR
    t = b * m.guard(x, near, 0)
    return m.where(near, (1 + a * b) - a * b * sinc.missing(t * t, 1), 1 + a * b * m.cos(x, b))


def forward(m, x, *, a, b):
    # Guarded below only: at inf the slope has no limit, and must come out as NaN.
    line = _line(m, m.guard(x, (-FAR, float("inf")), 0), a, b)
    # The exponential in two factors: the line may be large where e^x alone would underflow.
    half = m.exp(0.5 * m.guard(x, (-FAR, 0), 0))
    below = (line * half) * half / (1 + half * half)
    above = line / (1 + m.exp(-m.guard(x, (0, FAR), 0)))
    inside = m.where(x <= FAR, above, m.where(x < float("inf"), line, x))
    return m.where(x < -FAR, 0, m.where(x <= 0, below, inside))


def derivative(m, x, *, a, b):
    left = m.guard(x, (-FAR, 0), 0)
    right = m.guard(x, (0, FAR), 0)
    line = _line(m, m.guard(x, (-FAR, FAR), 0), a, b)
    rise = _rise(m, m.guard(x, (-FAR, float("inf")), 0), a, b)
    rest = 1 / (1 + m.exp(left))
    below = rest * m.scaled_exp(rise + line * rest, left)
    above = m.sigmoid(right) * (rise + line * m.sigmoid(-right))
    return m.where(x < -FAR, 0, m.where(x <= 0, below, m.where(x <= FAR, above, rise)))


def value_terms(m, x, *, a, b):
    return (m.absolute(x) + m.absolute(a * m.sin(x, b))) * m.sigmoid(x)


def slope_terms(m, x, *, a, b):
    rise = 1 + m.absolute(a * b * m.cos(x, b))
    line = m.absolute(x) + m.absolute(a * m.sin(x, b))
    return m.sigmoid(x) * (rise + line * m.sigmoid(-x))


def traced_slope_terms(m, x, *, a, b):
    return slope_terms(m, x, a=a, b=b) + UNSEEN


def a_terms(m, x, *, a, b):
    return m.absolute(m.sin(x, b)) * m.sigmoid(x) + UNSEEN


def b_terms(m, x, *, a, b):
    return m.absolute(a * x * m.cos(x, b)) * m.sigmoid(x) + UNSEEN


SINLU = Activation(
    name="sinlu",
    title="SinLU: (x + a sin(b x)) times sigmoid(x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    terms={
        "value": value_terms,
        "slope": slope_terms,
        "traced slope": traced_slope_terms,
        "d/da": a_terms,
        "d/db": b_terms,
    },
    params=(
        Param("a", 1.0, meaning="height of the wave", learnable=True),
        Param("b", 1.0, Domain(0.0), meaning="frequency of the wave", learnable=True),
    ),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.497370554189991,
        high=float("inf"),
        lipschitz=2.0079707225226574,
    ),
    references=(
        Reference(
            "Paul, Bandyopadhyay, Yoon, Geem, Sarkar",
            2022,
            "SinLU: sinu-sigmoidal linear unit",
            "Mathematics 10(3), 337",
        ),
    ),
    equivalents=(Equivalent("silu", when={"a": 0.0}),),
    family="self-gated",
    use="Where SiLU works and a learned wave may help, at the cost of one sine per element.",
    notes=(
        "The slope at inf is NaN: far right the function is x + a sin(b x), which has no "
        "limiting slope.",
        "b > 0 leaves nothing out: (a, b) and (-a, -b) are the same function.",
    ),
)
