"""ACON-C: a smooth maximum of two lines through 0, of learned slopes and sharpness."""

from actlab.core import Activation, Equivalent, Param, Reference, Traits

CUT = 1e8
"""e to the minus this is 0 in any precision."""

UNSEEN = 2.0**-1000
"""Results of this size come of subnormal numbers, by which torch's own rules multiply too early
to keep their digits."""


def textbook(m, x, *, p1, p2, beta):
    return (p1 - p2) * x * m.sigmoid(beta * (p1 - p2) * x) + p2 * x


def textbook_derivative(m, x, *, p1, p2, beta):
    t = beta * (p1 - p2) * x
    return p2 + (p1 - p2) * m.sigmoid(t) * (1 + t * (1 - m.sigmoid(t)))


def _line(m, x, p):
    """p x, and 0 for p = 0 at an infinite x."""
    flat = (m.absolute(x) >= float("inf")) & (p >= 0) & (p <= 0)
    return m.where(flat, 0, p * x)


def _sides(m, t, p1, p2):
    """|t| where it is large, and the slopes of the line chosen there and of the other."""
    right = t > 0
    size = m.where(right, t, -t)
    return m.where(size > 1, m.where(size < CUT, size, CUT), 1), *(
        m.where(right, *pair) for pair in ((p1, p2), (p2, p1))
    )


def _angle(m, x, p1, p2, beta):
    """beta (p1 - p2) x, and 0 for a factor of 0 at an infinite x."""
    return _line(m, x, beta * (p1 - p2))


def forward(m, x, *, p1, p2, beta):
    finite = m.absolute(x) < float("inf")
    at = m.guard(x, finite, 0)
    t = _angle(m, at, p1, p2, beta)
    # Near t = 0 the mean of both lines and half their difference, of which nothing cancels.
    near = m.absolute(t) <= 1
    swing = m.tanh(0.5 * m.guard(t, near, 0))
    # (Minus a minus: where p1 = -p2 the product keeps the sign of its zero.)
    middle = at * -(-0.5 * (p1 + p2) - 0.5 * (p1 - p2) * swing)
    # Further out the share of either line; the exponential in two factors underflows late.
    size, chosen, other = _sides(m, t, p1, p2)
    half = m.exp(-0.5 * size)
    share = 1 / (1 + half * half)
    outside = chosen * (at * share) + other * (at * half) * half * share
    angle = _angle(m, x, p1, p2, beta)
    left = m.where(angle < 0, _line(m, x, p2), _line(m, x, 0.5 * (p1 + p2)))
    end = m.where(angle > 0, _line(m, x, p1), left)
    return m.where(finite, m.where(near, middle, outside), end)


def derivative(m, x, *, p1, p2, beta):
    t = _angle(m, x, p1, p2, beta)
    near = m.absolute(t) <= 1
    s = m.guard(t, near, 0)
    swing = m.tanh(0.5 * s)
    rise = swing + 0.5 * s * ((1 - swing) * (1 + swing))
    middle = 0.5 * (p1 + p2) + 0.5 * (p1 - p2) * rise
    size, chosen, other = _sides(m, t, p1, p2)
    share = 1 / (1 + m.exp(-size))
    tail = m.scaled_exp(share * (other * (1 - size * share)), -size)
    outside = chosen * share * (1 + size * (share * m.exp(-size))) + tail
    return m.where(near, middle, outside)


def value_terms(m, x, *, p1, p2, beta):
    t = beta * (p1 - p2) * x
    return m.absolute(p1 * x) * m.sigmoid(t) + m.absolute(p2 * x) * m.sigmoid(-t)


def slope_terms(m, x, *, p1, p2, beta):
    t = beta * (p1 - p2) * x
    return m.absolute(p1) * _sizes(m, t) + m.absolute(p2) * _sizes(m, -t)


def traced_slope_terms(m, x, *, p1, p2, beta):
    return slope_terms(m, x, p1=p1, p2=p2, beta=beta) + UNSEEN


def p1_terms(m, x, *, p1, p2, beta):
    return m.absolute(x) * _sizes(m, beta * (p1 - p2) * x) + UNSEEN


def p2_terms(m, x, *, p1, p2, beta):
    return m.absolute(x) * _sizes(m, -beta * (p1 - p2) * x) + UNSEEN


def beta_terms(m, x, *, p1, p2, beta):
    t = beta * (p1 - p2) * x
    product = m.absolute(p1 - p2) * x * x * m.sigmoid(t) * m.sigmoid(-t)
    return (m.absolute(p1) + m.absolute(p2)) * product + UNSEEN


def _sizes(m, t):
    return m.sigmoid(t) * (1 + m.absolute(t) * m.sigmoid(-t))


ACON_C = Activation(
    name="acon_c",
    title="ACON-C: a smooth maximum of p1 x and p2 x",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    terms={
        "value": value_terms,
        "slope": slope_terms,
        "traced slope": traced_slope_terms,
        "d/dp1": p1_terms,
        "d/dp2": p2_terms,
        "d/dbeta": beta_terms,
    },
    params=(
        Param("p1", 1.0, meaning="slope of one line", learnable=True),
        Param("p2", 0.0, meaning="slope of the other line", learnable=True),
        Param("beta", 1.0, meaning="sharpness of the maximum", learnable=True),
    ),
    aliases=("aconc",),
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
            "Ma, Zhang, Liu, Sun",
            2020,
            "Activate or not: learning customized activation",
            "arXiv:2009.04759",
        ),
    ),
    equivalents=(
        Equivalent(
            "swish_beta",
            "the same beta",
            lambda p1, p2, beta: {"beta": beta},
            when={"p1": 1.0, "p2": 0.0},
        ),
    ),
    family="self-gated",
    use="Convolutional networks that should learn, channel by channel, how linear to be.",
    notes=(
        "beta = 0 is the mean of both lines, large beta their maximum, negative beta a minimum.",
        "The source draws p1 and p2 from N(0, 1); here they start as SiLU.",
    ),
    # In the tails the rounding of beta (p1 - p2) x, up to 800, is seen through an exponential.
    float64_ulp=1024,
)
