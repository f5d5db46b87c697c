"""Quadratic: the square of the input."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return x**2


def forward(m, x):
    return x * x


def derivative(m, x):
    return 2 * x


QUADRATIC = Activation(
    name="quadratic",
    title="Quadratic: x squared",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    aliases=("square",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=float("inf"),
        lipschitz=float("inf"),
    ),
    references=(
        Reference(
            "Livni, Shalev-Shwartz, Shamir",
            2014,
            "On the computational efficiency of training neural networks",
            "arXiv:1410.1141",
        ),
        Reference(
            "Du, Lee",
            2018,
            "On the power of over-parametrization in neural networks with quadratic activation",
            "arXiv:1803.01206",
        ),
    ),
    family="power",
    use="Theory, and inference on encrypted data, where only sums and products exist.",
    notes=(
        "Deep stacks of it overflow or vanish unless every layer is normalised.",
        "Even: the sign of the input is lost.",
    ),
)
