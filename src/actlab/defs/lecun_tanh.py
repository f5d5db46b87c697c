"""LeCun's tanh: scaled so that it maps -1 and 1 nearly to themselves."""

from actlab.core import Activation, HalfTypes, Reference, Traits

SCALE = 1.7159


def textbook(m, x):
    return SCALE * m.tanh(2 * x / 3)


def textbook_derivative(m, x):
    return 2 * SCALE * (1 - m.tanh(2 * x / 3) ** 2) / 3


def forward(m, x):
    return SCALE * m.tanh(x / 1.5)


def derivative(m, x):
    # 1 - tanh^2 cancels in both tails.
    z = x / 0.75
    return (4 * SCALE) * (m.sigmoid(z) * m.sigmoid(-z)) / 1.5


LECUN_TANH = Activation(
    name="lecun_tanh",
    title="LeCun's tanh: 1.7159 tanh(2 x / 3)",
    family="sigmoid",
    use="For normalised inputs and targets of +-1, which then lie where the curvature is largest.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("scaled_tanh",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-SCALE,
        high=SCALE,
        lipschitz=SCALE * 2 / 3,
    ),
    references=(
        Reference(
            "LeCun, Bottou, Orr, Muller",
            1998,
            "Efficient BackProp",
            "Neural Networks: Tricks of the Trade",
        ),
    ),
    notes=("f(1) = 0.999997 and f(-1) = -0.999997; the curvature is largest near there.",),
    # 4 x / 3 is rounded, and the tails of the slope, e^(-4 |x| / 3), multiply that error by
    # 4 |x| / 3.
    float64_ulp=1024,
)
