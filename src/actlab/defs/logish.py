"""Logish: the input times the logarithm of 1 + sigmoid(x)."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Beyond +-800 the sigmoid differs from 0 or 1 by less than any double can show."""
TAIL = -600.0
"""From here down the weight is e^x to every digit, and e^x alone would soon lose digits."""


def textbook(m, x):
    return x * m.log(1 + m.sigmoid(x))


def textbook_derivative(m, x):
    s = m.sigmoid(x)
    return m.log(1 + s) + x * s * (1 - s) / (1 + s)


def _pieces(m, x):
    return m.guard(x, (-FAR, TAIL), TAIL), m.guard(x, (TAIL, FAR), 0)


def _joined(m, x, tail, middle, above):
    inside = m.where(x < TAIL, tail, m.where(x <= FAR, middle, above))
    return m.where(x < -FAR, 0, inside)


def forward(m, x):
    tail, middle = _pieces(m, x)
    weighted = middle * m.log1p(m.sigmoid(middle))
    return _joined(m, x, m.scaled_exp(tail, tail), weighted, x * m.log(2))


def _terms(m, x):
    """The gate, and the input times the gate's slope s (1 - s) / (1 + s), s being the sigmoid."""
    e = m.exp(-m.absolute(x))
    left = x < 0
    gate = m.log1p(m.where(left, e, 1) / (1 + e))
    return gate, x * (e / ((1 + e) * m.where(left, 1 + 2 * e, 2 + e)))


def derivative(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 + tail, tail), weight + change, m.log(2))


def slope_terms(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 - tail, tail), weight + m.absolute(change), m.log(2))


LOGISH = Activation(
    name="logish",
    title="Logish: x times log(1 + sigmoid(x))",
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
        low=-0.25276881678944035,
        high=float("inf"),
        lipschitz=0.7463111804127397,
    ),
    references=(
        Reference(
            "Zhu, Zeng, Liu, Zhang",
            2021,
            "Logish: A new nonlinear nonmonotonic activation function for convolutional neural "
            "network",
            "Neurocomputing 458",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons with SiLU and Mish; it passes only log 2 = 0.69 of a "
    "large input, so rescale the initialisation.",
    terms={"slope": slope_terms},
    notes=(
        "The slope tends to log 2, not to 1, at inf.",
        "0 at -inf; the usual product gives NaN there.",
    ),
)
