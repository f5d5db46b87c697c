"""Mish: the input times the tanh of its softplus."""

from actlab.core import Activation, Reference, Traits

FAR = 800.0
"""Beyond +-800 the weight differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return x * m.tanh(m.log1p(m.exp(x)))


def textbook_derivative(m, x):
    weight = m.tanh(m.log1p(m.exp(x)))
    return weight + x * m.sigmoid(x) * (1 - weight**2)


def _weight_and_rise(m, x):
    """tanh(softplus(x)) and its slope, both as rationals of e^-|x|, so nothing overflows."""
    left = x <= 0
    e = m.exp(m.guard(x, left, 0))
    w = m.exp(-m.guard(x, x > 0, 0))
    n = e * (e + 2)
    d = 1 + 2 * w + 2 * (w * w)
    weight = m.where(left, n / (n + 2), (1 + 2 * w) / d)
    rise = m.where(
        left, 4 * (e * (e + 1)) / ((n + 2) * (n + 2)), 4 * (w * w * (1 + w)) / (d * d)
    )
    return weight, rise


def forward(m, x):
    middle = m.guard(x, (x >= -FAR) & (x <= FAR), 0)
    weight, _ = _weight_and_rise(m, middle)
    return m.where(x < -FAR, 0, m.where(x <= FAR, middle * weight, x))


def derivative(m, x):
    middle = m.guard(x, (x >= -FAR) & (x <= FAR), 0)
    weight, rise = _weight_and_rise(m, middle)
    return m.where(x < -FAR, 0, m.where(x <= FAR, weight + middle * rise, 1))


MISH = Activation(
    name="mish",
    title="Mish: x times the tanh of softplus(x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.30884012,
        high=float("inf"),
        lipschitz=1.0885,
    ),
    references=(
        Reference(
            "Misra", 2019, "Mish: a self regularized non-monotonic activation function",
            "arXiv:1908.08681",
        ),
    ),
    notes=("0 at -inf; the usual product gives NaN there.",),
)
