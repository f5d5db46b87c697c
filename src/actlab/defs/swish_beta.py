"""Swish with its learned sharpness beta: the input times sigmoid(beta x)."""

from actlab.core import (
    Activation,
    Equivalent,
    HalfTypes,
    Param,
    Reference,
    Traits,
    moderate,
    power_of_two,
)

FAR = 65536.0
"""Where |beta x| is larger, no beta leaves anything of x e^-|beta x| that a double can show."""


def textbook(m, x, *, beta):
    return x * m.sigmoid(beta * x)


def textbook_derivative(m, x, *, beta):
    s = m.sigmoid(beta * x)
    return s * (1 + beta * x * (1 - s))


def _parts(m, x, beta):
    """``beta x``, its halves on either side of 0, and x where ``|beta x|`` is moderate."""
    z = beta * x
    inside = (z >= -FAR) & (z <= FAR)
    return z, m.guard(z, (-FAR, 0), 0), m.guard(z, (0, FAR), 0), m.guard(x, inside, 0)


def _joined(m, z, below, above, identity, half):
    # beta x is NaN for beta = 0 at the infinities, where the function is x / 2.
    far = m.where(z > FAR, identity, half)
    inside = m.where(z <= 0, below, m.where(z <= FAR, above, far))
    return m.where(z < -FAR, 0, inside)


def forward(m, x, *, beta):
    z, low, high, middle = _parts(m, x, beta)
    below = m.scaled_exp(middle, low) / (1 + m.exp(low))
    # The part missing from x, so that its derivative in beta does not underflow too early.
    above = middle - m.scaled_exp(middle, -high) / (1 + m.exp(-high))
    return _joined(m, z, below, above, x, 0.5 * x)


def _slope(m, x, beta, sign):
    z, low, high, _ = _parts(m, x, beta)
    rest = 1 / (1 + m.exp(low))
    below = rest * m.scaled_exp(1 + sign * (low * rest), low)
    above = m.sigmoid(high) * (1 + high * m.sigmoid(-high))
    return _joined(m, z, below, above, 1, 0.5)


def derivative(m, x, *, beta):
    return _slope(m, x, beta, 1)


def slope_terms(m, x, *, beta):
    return _slope(m, x, beta, -1)


SWISH_BETA = Activation(
    name="swish_beta",
    title="Swish with learned beta: x sigmoid(beta x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("beta", 1.0, meaning="sharpness of the gate", learnable=True),),
    half_types=HalfTypes(lambda m, *, beta: moderate(m, beta) & power_of_two(m, m.absolute(beta))),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.2784645427610738,
        high=float("inf"),
        lipschitz=1.0998393194980503,
    ),
    references=(
        Reference(
            "Ramachandran, Zoph, Le", 2017, "Searching for activation functions", "arXiv:1710.05941"
        ),
    ),
    family="self-gated",
    use="Where the network should choose between a line and ReLU itself, per layer or channel, at "
    "the price of a parameter; otherwise SiLU.",
    equivalents=(
        Equivalent("silu", when={"beta": 1.0}),
        Equivalent("quick_gelu", when={"beta": 1.702}),
    ),
    terms={"slope": slope_terms},
    notes=(
        "beta = 0 gives x / 2, and beta towards inf gives ReLU.",
        "beta is any real number, as in the source: a learned one may cross 0, and a negative one "
        "mirrors the function, x - x sigmoid(-beta x).",
        "The Lipschitz constant does not depend on beta; the minimum is -0.278465 / beta.",
    ),
    # The rounding of beta x is magnified by the exponential of the tail.
    float64_ulp=1024,
)
