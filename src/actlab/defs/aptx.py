"""APTx: alpha plus a hyperbolic tangent, times the input."""

from actlab.core import Activation, Domain, Equivalent, Param, Reference, Traits

NEAR = 0.5
"""Up to this |beta x| tanh itself is accurate, beyond it its distance from -1 or 1."""
FAR = 65536.0
"""Where |beta x| is larger, nothing is left of 1 - |tanh(beta x)| that a double can show."""


def textbook(m, x, *, alpha, beta, gamma):
    return gamma * x * (alpha - 1 + 2 * m.sigmoid(2 * beta * x))


def textbook_derivative(m, x, *, alpha, beta, gamma):
    s = m.sigmoid(2 * beta * x)
    return gamma * (alpha - 1 + 2 * s * (1 + 2 * beta * x * (1 - s)))


def _pieces(m, x, beta):
    """``beta x``, its pieces: the middle, and twice it on either side; x where it is moderate."""
    z = beta * x
    inside = (z >= -FAR) & (z <= FAR)
    low, high = m.guard(z, (-FAR, -NEAR), -NEAR), m.guard(z, (NEAR, FAR), NEAR)
    return z, m.guard(z, (-NEAR, NEAR), 0), 2 * low, 2 * high, m.guard(x, inside, 0)


def _joined(m, z, middle, below, above, low, high):
    """The middle, the pieces on either side, and the lines far out."""
    left = m.where(z < -FAR, low, m.where(z <= -NEAR, below, middle))
    return m.where(z > FAR, high, m.where(z >= NEAR, above, left))


def forward(m, x, *, alpha, beta, gamma):
    z, middle, low, high, moderate = _pieces(m, x, beta)
    inside = moderate * (gamma * (alpha + m.tanh(middle)))
    # tanh(z) = 2 sigmoid(2 z) - 1 = 1 - 2 sigmoid(-2 z): the tails do not cancel.
    drop, rise = gamma * (alpha - 1), gamma * (alpha + 1)
    below = moderate * drop + m.scaled_exp(2 * gamma * moderate / (1 + m.exp(low)), low)
    above = moderate * rise - m.scaled_exp(2 * gamma * moderate / (1 + m.exp(-high)), -high)
    # No line at all for alpha = 1: 0 times -inf would be NaN.
    line = m.where(alpha < 1, drop * x, m.where(alpha > 1, drop * x, 0))
    return _joined(m, z, inside, below, above, line, rise * x)


def derivative(m, x, *, alpha, beta, gamma):
    z, middle, low, high, _ = _pieces(m, x, beta)
    inner = m.tanh(middle)
    inside = gamma * (alpha + (inner + middle * (1 - inner * inner)))
    drop, rise = gamma * (alpha - 1), gamma * (alpha + 1)
    share, other = 1 / (1 + m.exp(low)), 1 / (1 + m.exp(-high))
    below = drop + m.scaled_exp(2 * gamma * share * (1 + low * share), low)
    above = rise - m.scaled_exp(2 * gamma * other * (1 - high * other), -high)
    return _joined(m, z, inside, below, above, drop, rise)


def value_terms(m, x, *, alpha, beta, gamma):
    z, middle, low, high, _ = _pieces(m, x, beta)
    size = gamma * m.absolute(x)
    gap = m.absolute(alpha - 1)
    inside = size * (alpha + m.absolute(m.tanh(middle)))
    below = size * (gap + 2 * m.sigmoid(low))
    above = size * (alpha + 1 + 2 * m.sigmoid(-high))
    return _joined(m, z, inside, below, above, size * gap, size * (alpha + 1))


def gamma_terms(m, x, *, alpha, beta, gamma):
    return value_terms(m, x, alpha=alpha, beta=beta, gamma=1)


def slope_terms(m, x, *, alpha, beta, gamma):
    z, middle, low, high, _ = _pieces(m, x, beta)
    gap = m.absolute(alpha - 1)
    inside = gamma * (alpha + 2 * m.absolute(middle))
    below = gamma * (gap + 2 * m.sigmoid(low) * (1 - low))
    above = gamma * (alpha + 1 + 2 * m.sigmoid(-high) * (1 + high))
    return _joined(m, z, inside, below, above, gamma * gap, gamma * (alpha + 1))


APTX = Activation(
    name="aptx",
    title="APTx: (alpha + tanh(beta x)) gamma x",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(
        Param("alpha", 1.0, Domain(0.0), "what is added to the gate, where 1 makes it end at 0"),
        Param("beta", 1.0, Domain(0.0), "sharpness of the gate"),
        Param("gamma", 0.5, Domain(0.0), "scale of the output"),
    ),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.1392322713805369,
        high=float("inf"),
        lipschitz=1.0998393194980503,
    ),
    references=(
        Reference(
            "Kumar",
            2022,
            "APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep "
            "learning",
            "arXiv:2209.06119",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons; for alpha = 1 and gamma = 1/2, its defaults, it is Swish "
    "with twice the beta.",
    equivalents=(
        Equivalent(
            "swish_beta",
            "beta = 2 beta",
            lambda alpha, beta, gamma: {"beta": 2 * beta},
            {"alpha": 1.0, "gamma": 0.5},
        ),
        Equivalent("silu", when={"alpha": 1.0, "beta": 0.5, "gamma": 0.5}),
    ),
    terms={"value": value_terms, "slope": slope_terms, "d/dgamma": gamma_terms},
    notes=(
        "alpha + tanh(beta x), as the source writes it, is alpha - 1 + 2 sigmoid(2 beta x).",
        "0 at -inf only for alpha = 1; the line gamma (alpha - 1) x otherwise.",
        "alpha below 0 would mirror the function, and alpha = 0 give LiSHT.",
    ),
    # The rounding of beta x is magnified by the exponential of the tails.
    float64_ulp=1024,
)
