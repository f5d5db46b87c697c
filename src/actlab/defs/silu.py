"""SiLU, also known as swish: the input times its sigmoid."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Beyond +-800 the sigmoid differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return x / (1 + m.exp(-x))


def textbook_derivative(m, x):
    return m.sigmoid(x) * (1 + x * (1 - m.sigmoid(x)))


def forward(m, x):
    left = m.guard(x, (-FAR, 0), 0)
    right = m.guard(x, (0, FAR), 0)
    below = m.scaled_exp(left, left) / (1 + m.exp(left))
    above = right / (1 + m.exp(-right))
    return m.where(x < -FAR, 0, m.where(x <= 0, below, m.where(x <= FAR, above, x)))


def derivative(m, x):
    left = m.guard(x, (-FAR, 0), 0)
    right = m.guard(x, (0, FAR), 0)
    rest = 1 / (1 + m.exp(left))
    below = rest * m.scaled_exp(1 + left * rest, left)
    above = m.sigmoid(right) * (1 + right * m.sigmoid(-right))
    return m.where(x < -FAR, 0, m.where(x <= 0, below, m.where(x <= FAR, above, 1)))


def half_forward(m, x):
    return m.where(x < -FAR, 0, x * m.sigmoid(x))


def half_derivative(m, x):
    slope = m.sigmoid(x) * m.fma(x, m.sigmoid(-x), 1)
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


SILU = Activation(
    name="silu",
    title="SiLU: the sigmoid linear unit, x times sigmoid(x)",
    family="self-gated",
    use="As the gate of SwiGLU and in convolutional networks with normalisation.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("swish",),
    half_types=HalfTypes(forward=half_forward, derivative=half_derivative),
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
            "Elfwing, Uchibe, Doya",
            2017,
            "Sigmoid-weighted linear units for neural network function approximation",
            "arXiv:1702.03118",
        ),
        Reference(
            "Ramachandran, Zoph, Le", 2017, "Searching for activation functions", "arXiv:1710.05941"
        ),
    ),
    notes=("0 at -inf; the usual product x sigmoid(x) gives NaN there.",),
)
