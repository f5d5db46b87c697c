"""Mish: the input times the tanh of its softplus."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Beyond +-800 the weight differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return x * m.tanh(m.log1p(m.exp(x)))


def textbook_derivative(m, x):
    weight = m.tanh(m.log1p(m.exp(x)))
    return weight + x * m.sigmoid(x) * (1 - weight**2)


def _sides(m, x):
    """x on either side of 0, and what tanh(softplus(x)) is made of there: e^x and e^-x."""
    left = m.guard(x, (-FAR, 0), 0)
    right = m.guard(x, (0, FAR), 0)
    e, w = m.exp(left), m.exp(-right)
    # tanh(softplus(x)) = e (e + 2) / below = (1 + 2 w) / above: nothing overflows.
    return left, right, e, w, e * (e + 2) + 2, 1 + 2 * w + 2 * (w * w)


def forward(m, x):
    left, right, e, w, below, above = _sides(m, x)
    inside_left = m.scaled_exp(left * ((e + 2) / below), left)
    inside_right = right * ((1 + 2 * w) / above)
    return m.where(x < -FAR, 0, m.where(x <= 0, inside_left, m.where(x <= FAR, inside_right, x)))


def derivative(m, x):
    left, right, e, w, below, above = _sides(m, x)
    weight = (e + 2) / below + 4 * left * ((e + 1) / (below * below))
    inside_left = m.scaled_exp(weight, left)
    inside_right = (1 + 2 * w) / above + 4 * right * (w * w * (1 + w) / (above * above))
    return m.where(x < -FAR, 0, m.where(x <= 0, inside_left, m.where(x <= FAR, inside_right, 1)))


def _half_parts(m, x):
    """tanh(softplus(x)) as a quotient on either side of 0, by one exponential."""
    e = m.exp(-m.absolute(x))
    above = m.where(x <= 0, e * (e + 2), 1 + 2 * e)
    return e, above, 1 / (above + m.where(x <= 0, 2, 2 * (e * e)))


def half_forward(m, x):
    _, above, below = _half_parts(m, x)
    return m.where(x < -FAR, 0, x * (above * below))


def half_derivative(m, x):
    e, above, below = _half_parts(m, x)
    rise = m.where(x <= 0, e * (1 + e), (e * e) * (1 + e))
    slope = below * m.fma(4 * x, rise * below, above)
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


MISH = Activation(
    name="mish",
    title="Mish: x times the tanh of softplus(x)",
    family="self-gated",
    use="In convolutional networks that were tuned with it, such as YOLOv4.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(forward=half_forward, derivative=half_derivative),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.3088434130172505,
        high=float("inf"),
        lipschitz=1.088498161251728,
    ),
    references=(
        Reference(
            "Misra",
            2019,
            "Mish: a self regularized non-monotonic activation function",
            "arXiv:1908.08681",
        ),
    ),
    notes=("0 at -inf; the usual product gives NaN there.",),
)
