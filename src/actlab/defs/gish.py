"""Gish: the input times the logarithm of 2 - exp(-e^x)."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Below -800 the value is smaller than any double."""
TAIL = -600.0
"""From here down the weight is e^x to every digit, and e^x alone would soon lose digits."""
FULL = 8.0
"""From here on exp(-e^x) is 0 to a thousand digits."""


def textbook(m, x):
    return x * m.log(2 - m.exp(-m.exp(x)))


def textbook_derivative(m, x):
    rest = m.exp(-m.exp(x))
    return m.log(2 - rest) + x * m.exp(x) * rest / (2 - rest)


def _pieces(m, x):
    return m.guard(x, (-FAR, TAIL), TAIL), m.guard(x, (TAIL, FULL), 0)


def _joined(m, x, tail, middle, above):
    inside = m.where(x < TAIL, tail, m.where(x <= FULL, middle, above))
    return m.where(x < -FAR, 0, inside)


def forward(m, x):
    tail, middle = _pieces(m, x)
    weighted = middle * m.log1p(-m.expm1(-m.exp(middle)))
    return _joined(m, x, m.scaled_exp(tail, tail), weighted, x * m.log(2))


def _terms(m, x):
    e = m.exp(x)
    rest = m.exp(-e)
    return m.log1p(-m.expm1(-e)), x * (e * rest / (2 - rest))


def derivative(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 + tail, tail), weight + change, m.log(2))


def slope_terms(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 - tail, tail), weight + m.absolute(change), m.log(2))


GISH = Activation(
    name="gish",
    title="Gish: x times log(2 - exp(-e^x))",
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
        low=-0.27815946089638693,
        high=float("inf"),
        lipschitz=0.7527045710856695,
    ),
    references=(
        Reference(
            "Kaytan, Aydilek, Yeroglu",
            2023,
            "Gish: a novel activation function for image classification",
            "Neural Computing and Applications 35",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons with Logish and Mish; it passes only log 2 = 0.69 of a "
    "large input, so rescale the initialisation.",
    terms={"slope": slope_terms},
    notes=(
        "The slope tends to log 2, not to 1, at inf.",
        "0 at -inf; the usual product gives NaN there.",
    ),
)
