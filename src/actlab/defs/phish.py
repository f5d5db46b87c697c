"""Phish: the input times the tanh of its GELU."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 40.0
"""Beyond +-40 the normal CDF differs from 0 or 1, and tanh from 1, by less than double shows."""


def textbook(m, x):
    return x * m.tanh(x * m.normal_cdf(x))


def textbook_derivative(m, x):
    weight = m.tanh(x * m.normal_cdf(x))
    return weight + x * (1 - weight**2) * (m.normal_cdf(x) + x * m.normal_density(x))


def forward(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    inside = middle * m.tanh(middle * m.normal_cdf(middle))
    return m.where(x < -FAR, 0, m.where(x <= FAR, inside, x))


def _bell(m, x):
    """1 - tanh(x)^2, which does not cancel where tanh(x) is near 1."""
    w = m.exp(-2 * m.absolute(x))
    return 4 * w / ((1 + w) * (1 + w))


def derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    share, density = m.normal_cdf(middle), m.normal_density(middle)
    inner = middle * share
    rise = share + middle * density
    slope = m.tanh(inner) + middle * (rise * _bell(m, inner))
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


def slope_terms(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    share, density = m.normal_cdf(middle), m.normal_density(middle)
    inner, size = middle * share, m.absolute(middle)
    rise = share + size * density
    terms = m.absolute(m.tanh(inner)) + size * rise * _bell(m, inner)
    return m.where(x < -FAR, 0, m.where(x <= FAR, terms, 1))


PHISH = Activation(
    name="phish",
    title="Phish: x times the tanh of GELU(x)",
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
        low=0.0,
        high=float("inf"),
        lipschitz=1.2983066733058115,
    ),
    references=(
        Reference(
            "Naveen",
            2022,
            "Phish: A novel hyper-optimizable activation function",
            "TechRxiv preprint",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons; unlike the other gated units it is never negative.",
    terms={"slope": slope_terms},
    notes=(
        "Never negative: below 0 both factors are, and there is a hump of height 0.164659 at "
        "x = -1.195431; the slope at 0 is 0.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    # As for GELU: the rounding of x^2 / 2 in the exponent of the left tail.
    float64_ulp=2048,
)
