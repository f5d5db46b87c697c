"""ELiSH: SiLU above 0, and the ELU weighted by the sigmoid below."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits

FAR = 800.0
"""Beyond +-800 the function differs from 0 or x by less than any double can show."""


def textbook(m, x):
    return m.where(x >= 0, x / (1 + m.exp(-x)), (m.exp(x) - 1) / (1 + m.exp(-x)))


def _sides(m, x):
    return m.guard(x, (-FAR, 0), 0), m.guard(x, (0, FAR), 0)


def _joined(m, x, below, above, identity):
    return m.where(x < -FAR, 0, m.where(x <= 0, below, m.where(x <= FAR, above, identity)))


def forward(m, x):
    left, right = _sides(m, x)
    below = m.scaled_exp(m.expm1(left) / (1 + m.exp(left)), left)
    return _joined(m, x, below, right / (1 + m.exp(-right)), x)


def _slope(m, x, sign):
    left, right = _sides(m, x)
    e = m.exp(left)
    rest = 1 / (1 + e)
    below = m.scaled_exp(rest * (e + sign * (m.expm1(left) * rest)), left)
    return _joined(m, x, below, m.sigmoid(right) * (1 + right * m.sigmoid(-right)), 1)


def derivative(m, x):
    return _slope(m, x, 1)


def slope_terms(m, x):
    return _slope(m, x, -1)


ELISH = Activation(
    name="elish",
    title="ELiSH: x sigmoid(x) above 0 and (e^x - 1) sigmoid(x) below",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    joints=(Joint("0", lambda: 0.0, "1/2", lambda: 0.5),),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=1,
        low=-0.1715728752538099,
        high=float("inf"),
        lipschitz=1.0998393194980503,
    ),
    references=(
        Reference(
            "Basirat, Roth",
            2018,
            "The quest for the golden activation function",
            "arXiv:1805.09501",
        ),
    ),
    family="self-gated",
    use="To repeat published comparisons; above 0 it is SiLU, and below 0 a shallower dip.",
    terms={"slope": slope_terms},
    notes=(
        "About -e^x far below 0, without the factor x of SiLU.",
        "0 at -inf, where a sigmoid as written, 1 / (1 + e^-x), may overflow.",
    ),
)
