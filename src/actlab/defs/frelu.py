"""FReLU: a rectifier with a learned offset of its output."""

from actlab.core import Activation, Equivalent, Joint, Param, Reference, Traits

MINUS_MEAN = -0.3989422804014327
"""Minus the mean of ReLU over N(0, 1), -1 / sqrt(2 pi)."""


def forward(m, x, *, bias):
    return m.where(x <= 0, bias, x + bias)


def derivative(m, x, *, bias):
    return m.where(x <= 0, 0, 1)


def value_terms(m, x, *, bias):
    return m.where(x <= 0, 0, x) + m.absolute(bias)


FRELU = Activation(
    name="frelu",
    title="FReLU: the flexible ReLU, ReLU plus a learned bias",
    family="rectifier",
    use="Where ReLU's outputs should be able to be negative and to have mean 0.",
    forward=forward,
    derivative=derivative,
    params=(Param("bias", MINUS_MEAN, meaning="the value for x <= 0", learnable=True),),
    joints=(Joint("0", lambda bias: 0.0, "0", lambda bias: 0.0),),
    aliases=("flexible_relu",),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=MINUS_MEAN,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), 0.0),
    ),
    references=(
        Reference(
            "Qiu, Xu, Cai",
            2017,
            "FReLU: flexible rectified linear units for improving convolutional neural networks",
            "arXiv:1706.08098",
        ),
    ),
    equivalents=(Equivalent("relu", when={"bias": 0.0}),),
    notes=(
        "The default bias, -1/sqrt(2 pi), is chosen here: it gives mean 0 for N(0, 1) inputs.",
        "Not the funnel activation of the same name, which looks at neighbouring pixels.",
    ),
)
