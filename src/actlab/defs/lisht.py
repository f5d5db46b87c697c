"""LiSHT: the input times its own hyperbolic tangent."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 40.0
"""Beyond +-40 the hyperbolic tangent is +-1 to 34 digits."""


def textbook(m, x):
    return x * m.tanh(x)


def textbook_derivative(m, x):
    return m.tanh(x) + x * (1 - m.tanh(x) ** 2)


def forward(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return m.where(x < -FAR, -x, m.where(x <= FAR, middle * m.tanh(middle), x))


def derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    # 1 - tanh^2 would cancel where tanh is near 1.
    w = m.exp(-2 * m.absolute(middle))
    inside = m.tanh(middle) + middle * (4 * w / ((1 + w) * (1 + w)))
    return m.where(x < -FAR, -1, m.where(x <= FAR, inside, 1))


LISHT = Activation(
    name="lisht",
    title="LiSHT: the linearly scaled hyperbolic tangent, x tanh(x)",
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
        low=0.0,
        high=float("inf"),
        lipschitz=1.1996786402577337,
    ),
    references=(
        Reference(
            "Roy, Manna, Dubey, Chaudhuri",
            2019,
            "LiSHT: Non-parametric linearly scaled hyperbolic tangent activation function for "
            "neural networks",
            "arXiv:1901.05894",
        ),
    ),
    family="other",
    use="Where the sign of the input should not matter: a smooth |x|, quadratic near 0.",
    notes=(
        "Even: f(-x) = f(x), and the slope at 0 is 0.",
        "APTx tends to it for alpha towards 0, with beta = gamma = 1.",
    ),
)
