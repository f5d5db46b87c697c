"""The hyperbolic tangent."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def forward(m, x):
    return m.tanh(x)


def derivative(m, x):
    # 1 - tanh^2 cancels in both tails.
    return 4 * (m.sigmoid(2 * x) * m.sigmoid(-2 * x))


def half_derivative(m, x):
    e = m.exp(-2 * m.absolute(x))
    r = 1 / (1 + e)
    return 4 * ((e * r) * r)


def textbook_derivative(m, x):
    return 1 - m.tanh(x) ** 2


TANH = Activation(
    name="tanh",
    title="tanh: the hyperbolic tangent",
    family="sigmoid",
    use="For bounded, centred outputs: recurrent cells, policies, small networks.",
    forward=forward,
    derivative=derivative,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(derivative=half_derivative),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "LeCun, Bottou, Orr, Muller",
            1998,
            "Efficient BackProp",
            "Neural Networks: Tricks of the Trade",
        ),
    ),
)
