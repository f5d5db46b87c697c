"""Smish: the input times the tanh of log(1 + sigmoid(x))."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Beyond +-800 the sigmoid differs from 0 or 1 by less than any double can show."""
TAIL = -600.0
"""From here down the weight is e^x to every digit, and e^x alone would soon lose digits."""


def textbook(m, x):
    return x * m.tanh(m.log(1 + m.sigmoid(x)))


def textbook_derivative(m, x):
    s = m.sigmoid(x)
    weight = m.tanh(m.log(1 + s))
    return weight + x * (1 - weight**2) * s * (1 - s) / (1 + s)


def _pieces(m, x):
    return m.guard(x, (-FAR, TAIL), TAIL), m.guard(x, (TAIL, FAR), 0)


def _joined(m, x, tail, middle, above):
    inside = m.where(x < TAIL, tail, m.where(x <= FAR, middle, above))
    return m.where(x < -FAR, 0, inside)


def forward(m, x):
    tail, middle = _pieces(m, x)
    s = m.sigmoid(middle)
    # tanh(log u) = (u^2 - 1) / (u^2 + 1) with u = 1 + s.
    weighted = middle * (s * (2 + s) / (2 + s * (2 + s)))
    return _joined(m, x, m.scaled_exp(tail, tail), weighted, 3 * (x / 5))


def _terms(m, x):
    s = m.sigmoid(x)
    rise = s * (2 + s)
    change = 4 * (s * m.sigmoid(-x)) * (1 + s) / ((2 + rise) * (2 + rise))
    return rise / (2 + rise), x * change


def derivative(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 + tail, tail), weight + change, 0.6)


def slope_terms(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 - tail, tail), weight + m.absolute(change), 0.6)


SMISH = Activation(
    name="smish",
    title="Smish: x times the tanh of log(1 + sigmoid(x))",
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
        low=-0.24999366366012948,
        high=float("inf"),
        lipschitz=0.6368842228812263,
    ),
    references=(
        Reference(
            "Wang, Ren, Wang",
            2022,
            "Smish: A novel activation function for deep learning methods",
            "Electronics 11(4), 540",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons with Mish; it passes only 0.6 of a large input, so "
    "rescale the initialisation.",
    terms={"slope": slope_terms},
    notes=(
        "A rational function of the sigmoid s: x s (2 + s) / (2 + 2 s + s^2).",
        "The slope tends to 0.6, not to 1, at inf.",
        "The source also writes alpha x tanh(log(1 + sigmoid(beta x))); here alpha = beta = 1.",
        "0 at -inf; the usual product gives NaN there.",
    ),
)
