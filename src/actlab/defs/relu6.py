"""ReLU6: a rectifier that saturates at 6."""

from actlab.core import (
    Activation,
    Direct,
    Equivalent,
    FromOutput,
    HalfTypes,
    Joint,
    Reference,
    Traits,
)
from actlab.defs import bounded_relu

UPPER = 6


def forward(m, x):
    return bounded_relu.forward(m, x, upper=UPPER)


def derivative(m, x):
    return bounded_relu.derivative(m, x, upper=UPPER)


RELU6 = Activation(
    name="relu6",
    title="ReLU6: the identity from 0 to 6, constant outside",
    family="rectifier",
    use="In networks for low-precision inference, such as the MobileNets.",
    forward=forward,
    derivative=derivative,
    joints=(
        Joint("0", lambda: 0.0, "0", lambda: 0.0),
        Joint("6", lambda: 6.0, "0", lambda: 0.0),
    ),
    from_output=FromOutput(derivative=derivative, note="exact"),
    saves="output",
    direct=Direct(usable=lambda m: True),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=0.0,
        high=6.0,
        lipschitz=1.0,
        dead=(-float("inf"), 0.0),
        dead_above=(6.0, float("inf")),
    ),
    references=(
        Reference(
            "Krizhevsky",
            2010,
            "Convolutional deep belief networks on CIFAR-10",
            "unpublished manuscript, University of Toronto",
        ),
        Reference(
            "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
            2017,
            "MobileNets: efficient convolutional neural networks for mobile vision applications",
            "arXiv:1704.04861",
        ),
    ),
    equivalents=(
        Equivalent("hard_tanh", "min_val = 0, max_val = 6", lambda: {"min_val": 0, "max_val": 6}),
    ),
    notes=("The slope is 0 at both joints, x = 0 and x = 6, as in PyTorch.",),
)
