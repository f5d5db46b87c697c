"""Squared ReLU: the square of the rectified input."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    return m.where(x <= 0, 0, x**2)


def forward(m, x):
    positive = m.guard(x, (0, float("inf")), 0)
    return m.where(x <= 0, 0, positive * positive)


def derivative(m, x):
    return m.where(x <= 0, 0, 2 * m.guard(x, (0, float("inf")), 0))


RELU_SQUARED = Activation(
    name="relu_squared",
    title="Squared ReLU: max(x, 0) squared",
    family="power",
    use="In the feed-forward blocks of transformers, in place of GELU.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    joints=(Joint("0", lambda: 0.0, "0", lambda: 0.0),),
    aliases=("squared_relu", "relu2"),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=0.0,
        high=float("inf"),
        lipschitz=float("inf"),
        dead=(-float("inf"), 0.0),
    ),
    references=(
        Reference(
            "So, Manke, Liu, Dai, Shazeer, Le",
            2021,
            "Primer: searching for efficient transformers for language modeling",
            "arXiv:2109.08668",
        ),
    ),
    notes=(
        "Not Lipschitz: the slope grows without bound, and float16 overflows from x = 256 on.",
        "E f(z)^2 = 3/2 for z ~ N(0, 1).",
    ),
)
