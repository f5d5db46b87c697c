"""E-swish: SiLU times a constant."""

from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    HalfTypes,
    Param,
    Reference,
    Traits,
    moderate,
)

FAR = 800.0
"""Beyond +-800 the sigmoid differs from 0 or 1 by less than any double can show."""


def textbook(m, x, *, beta):
    return beta * x * m.sigmoid(x)


def textbook_derivative(m, x, *, beta):
    s = m.sigmoid(x)
    return beta * s * (1 + x * (1 - s))


def _sides(m, x):
    return m.guard(x, (-FAR, 0), 0), m.guard(x, (0, FAR), 0)


def _joined(m, x, below, above, line):
    return m.where(x < -FAR, 0, m.where(x <= 0, below, m.where(x <= FAR, above, line)))


def forward(m, x, *, beta):
    left, right = _sides(m, x)
    below = m.scaled_exp(beta * left, left) / (1 + m.exp(left))
    return _joined(m, x, below, beta * right / (1 + m.exp(-right)), beta * x)


def _slope(m, x, beta, sign):
    left, right = _sides(m, x)
    rest = 1 / (1 + m.exp(left))
    below = rest * m.scaled_exp(beta * (1 + sign * (left * rest)), left)
    above = beta * (m.sigmoid(right) * (1 + right * m.sigmoid(-right)))
    return _joined(m, x, below, above, beta)


def derivative(m, x, *, beta):
    return _slope(m, x, beta, 1)


def slope_terms(m, x, *, beta):
    return _slope(m, x, beta, -1)


SUBNORMAL = 2.0**-1022
"""Where e^x is below this it has lost digits before torch's rules of derivatives, which know it
as the factor of beta x, multiply it by x or by beta."""


def traced_slope_terms(m, x, *, beta):
    return _slope(m, x, beta, -1) + m.where(x < 0, beta * SUBNORMAL, 0)


def beta_terms(m, x, *, beta):
    silu = m.absolute(forward(m, x, beta=1))
    return silu + m.where(x < 0, m.absolute(x) * SUBNORMAL, 0)


ESWISH = Activation(
    name="eswish",
    title="E-swish: beta times SiLU",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("beta", 1.25, Domain(0.0), "slope far above 0"),),
    half_types=HalfTypes(lambda m, *, beta: moderate(m, beta)),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.3480806784513422,
        high=float("inf"),
        lipschitz=1.3747991501610837,
    ),
    references=(
        Reference(
            "Alcaide",
            2018,
            "E-swish: Adjusting activations to different network depths",
            "arXiv:1801.07145",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons; without normalisation layers beta acts as a larger gain, "
    "and with them hardly at all.",
    equivalents=(Equivalent("silu", when={"beta": 1.0}),),
    terms={
        "slope": slope_terms,
        "traced slope": traced_slope_terms,
        "d/dbeta": beta_terms,
    },
    notes=("The source studies beta between 1 and 2, larger for shallower networks.",),
)
