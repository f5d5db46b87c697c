"""Squareplus: an algebraic softplus, of a square root instead of a logarithm."""

from actlab.core import Activation, Domain, Param, Reference, Traits

LARGE = 2.0**300
"""Beyond this size the formulas do without x^2."""


def textbook(m, x, *, b):
    return (x + m.sqrt(x**2 + b)) / 2


def textbook_derivative(m, x, *, b):
    return (1 + x / m.sqrt(x**2 + b)) / 2


def _sides(m, x):
    """|x| where its square stays in range, and elsewhere, with both conditions."""
    size = m.where(x <= 0, -x, x)
    near = size <= LARGE
    return near, m.guard(size, near, 1), m.guard(size, size > LARGE, 1)


def forward(m, x, *, b):
    # The distance from ReLU is b / (2 (|x| + sqrt(x^2 + b))), in which nothing cancels.
    near, s, large = _sides(m, x)
    inside = b / (s + m.sqrt(s * s + b))
    outside = b / large / (1 + m.sqrt(1 + b / large / large))
    gap = 0.5 * m.where(near, inside, outside)
    return m.where(x > 0, x + gap, gap)


def derivative(m, x, *, b):
    near, s, large = _sides(m, x)
    square = s * s + b
    ratio = b / large / large
    far_root = m.sqrt(1 + ratio)
    inside = b / (square + s * m.sqrt(square))
    gap = 0.5 * m.where(near, inside, ratio / (far_root * (1 + far_root)))
    return m.where(x > 0, 1 - gap, gap)


SQUAREPLUS = Activation(
    name="squareplus",
    title="Squareplus: (x + sqrt(x^2 + b)) / 2, a softplus without exponentials",
    family="smooth rectifier",
    use="For softplus's shape where exponentials are slow or must not overflow.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("b", 4.0, Domain(0.0), "how round the corner is"),),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Barron",
            2021,
            "Squareplus: a softplus-like algebraic rectifier",
            "arXiv:2112.11687",
        ),
    ),
    notes=(
        "b = 4 has softplus's curvature 1/4 at 0, b = 4 ln(2)^2 its value there; b to 0 is ReLU.",
        "Its left tail falls as b / (4 |x|), much more slowly than softplus's e^x.",
    ),
    # The value's quotient is a sum and a root deep, and its derivative by rules squares it.
    float64_ulp=8,
)
