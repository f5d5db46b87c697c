"""Cubic: the third power of the input."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return x**3


def textbook_derivative(m, x):
    return 3 * x**2


def forward(m, x):
    return x * x * x


def derivative(m, x):
    return 3 * x * x


CUBIC = Activation(
    name="cubic",
    title="Cubic: x to the third power",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("cube",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=float("inf"),
    ),
    references=(
        Reference(
            "Chen, Manning",
            2014,
            "A fast and accurate dependency parser using neural networks",
            "EMNLP 2014",
        ),
    ),
    family="power",
    use="One hidden layer over embeddings, where products of three features should show.",
    notes=(
        "The slope at 0 is 0, and grows without bound: one such layer, not many.",
        "float16 overflows from |x| = 40.3 on.",
    ),
)
