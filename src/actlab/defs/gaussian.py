"""Gaussian: a bump, e to the minus x squared."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 40.0
"""Beyond +-40 the bump is less than any double can show."""

SPLITTER = 134217729.0
"""2^27 + 1: (c x) - (c x - x) is x in half the digits, whose square is exact."""


def textbook(m, x):
    return m.exp(-(x**2))


def textbook_derivative(m, x):
    return -(2 * x * m.exp(-(x**2)))


def _bump(m, x, scale):
    """``scale * e^(-x^2)`` for |x| <= FAR, without the error of a rounded square."""
    wide = SPLITTER * x
    high = wide - (wide - x)
    # x^2 = high^2 + rest, and rest is below 2^-16: a short series is exact enough.
    rest = (x - high) * (x + high)
    small = 1 - rest * (1 - rest * (0.5 - rest * (1 / 6)))
    return m.scaled_exp(scale * small, -(high * high))


def forward(m, x):
    return m.where(m.absolute(x) <= FAR, _bump(m, m.guard(x, (-FAR, FAR), 0), 1.0), 0)


def derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return m.where(m.absolute(x) <= FAR, _bump(m, middle, -2 * middle), 0)


def half_forward(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return m.where(m.absolute(x) <= FAR, m.exp(-(middle * middle)), 0)


def half_derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return m.where(m.absolute(x) <= FAR, -2 * (middle * m.exp(-(middle * middle))), 0)


GAUSSIAN = Activation(
    name="gaussian",
    title="Gaussian: e to the minus x squared, a bump at 0",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    # The square of a half type is exact in single precision.
    half_types=HalfTypes(forward=half_forward, derivative=half_derivative, traced=half_forward),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=1.0,
        lipschitz=0.8577638849607068,
    ),
    references=(
        Reference(
            "Broomhead, Lowe",
            1988,
            "Multivariable functional interpolation and adaptive networks",
            "Complex Systems 2, 321-355",
        ),
        Reference(
            "Ramasinghe, Lucey",
            2021,
            "Beyond periodicity: towards a unifying framework for activations in coordinate-MLPs",
            "arXiv:2111.15135",
        ),
    ),
    family="bump",
    use="Radial basis networks, and coordinate networks whose initialisation should not matter.",
    notes=(
        "A unit answers only near its centre: far from 0 both value and slope vanish.",
        "A width belongs into the layer before it: e^(-x^2 / (2 s^2)) is x scaled by s sqrt(2).",
    ),
)
