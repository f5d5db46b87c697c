"""GCU: the growing cosine unit."""

from actlab.core import Activation, Reference, Traits


def forward(m, x):
    return x * m.cos(x)


def derivative(m, x):
    return m.cos(x) - x * m.sin(x)


def slope_terms(m, x):
    return m.absolute(m.cos(x)) + m.absolute(x * m.sin(x))


GCU = Activation(
    name="gcu",
    title="GCU: the growing cosine unit, x times cos(x)",
    forward=forward,
    derivative=derivative,
    terms={"slope": slope_terms},
    aliases=("growing_cosine_unit",),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=float("inf"),
    ),
    references=(
        Reference(
            "Noel, Arunkumar, Trivedi, Dutta",
            2021,
            "Growing cosine unit: a novel oscillatory activation function that can speedup "
            "training and reduce parameters in convolutional neural networks",
            "arXiv:2108.12943",
        ),
    ),
    family="periodic",
    use="Small convolutional networks with normalised inputs, after their convolutions.",
    notes=(
        "Neither value nor slope is bounded, and both change sign all the way out.",
        "NaN at the infinities, where it has no limit.",
    ),
)
