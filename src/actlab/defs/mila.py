"""Mila: Mish with a shift inside its gate."""

from actlab.core import Activation, Equivalent, Param, Reference, Traits

FAR = 65536.0
"""Where |x + beta| is larger, the gate differs from 0 or 1 by less than any double can show."""


def textbook(m, x, *, beta):
    return x * m.tanh(m.log1p(m.exp(x + beta)))


def _pieces(m, x, beta):
    """``x + beta``, its parts on either side of 0, and x where it is moderate."""
    z = x + beta
    inside = (z >= -FAR) & (z <= FAR)
    return z, m.guard(z, (-FAR, 0), 0), m.guard(z, (0, FAR), 0), m.guard(x, inside, 0)


def _joined(m, z, below, above, identity):
    return m.where(z < -FAR, 0, m.where(z <= 0, below, m.where(z <= FAR, above, identity)))


def forward(m, x, *, beta):
    z, left, right, middle = _pieces(m, x, beta)
    e, w = m.exp(left), m.exp(-right)
    # tanh(softplus(z)) = e (e + 2) / (e (e + 2) + 2) = 1 - 2 w^2 / (1 + 2 w + 2 w^2).
    below = m.scaled_exp(middle * ((e + 2) / (e * (e + 2) + 2)), left)
    above = middle * (1 - 2 * (w * w) / (1 + 2 * w * (1 + w)))
    return _joined(m, z, below, above, x)


def _slope(m, x, beta, join):
    z, left, right, middle = _pieces(m, x, beta)
    e, w = m.exp(left), m.exp(-right)
    lower, upper = e * (e + 2) + 2, 1 + 2 * w * (1 + w)
    below = join((e + 2) / lower, middle * (4 * (e + 1) / (lower * lower)))
    gate = (1 + 2 * w) / upper
    above = join(gate, m.scaled_exp(4 * middle * ((1 + w) / (upper * upper)), -2 * right))
    return _joined(m, z, m.scaled_exp(below, left), above, 1)


def derivative(m, x, *, beta):
    return _slope(m, x, beta, lambda gate, change: gate + change)


def slope_terms(m, x, *, beta):
    return _slope(m, x, beta, lambda gate, change: gate + m.absolute(change))


MILA = Activation(
    name="mila",
    title="Mila: x times the tanh of softplus(x + beta)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(Param("beta", -0.25, meaning="shift inside the gate"),),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.2494532861688073,
        high=float("inf"),
        lipschitz=1.116928145666764,
    ),
    references=(
        Reference(
            "Misra",
            2019,
            "Mila: Controlling minima concavity in activation function",
            "github.com/digantamisra98/Mila",
        ),
    ),
    family="self-gated",
    use="In place of Mish where the depth of the dip below 0 should be a setting; otherwise Mish.",
    equivalents=(Equivalent("mish", when={"beta": 0.0}),),
    terms={"slope": slope_terms},
    notes=(
        "The lower beta, the shallower the dip below 0 and the later the function turns into x.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    # The rounding of x + beta is magnified by the exponential of the left tail.
    float64_ulp=1024,
)
