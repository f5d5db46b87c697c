"""Shifted ReLU: a rectifier that saturates at -1 instead of 0."""

from actlab.core import Activation, Direct, FromOutput, HalfTypes, Joint, Reference, Traits
from actlab.defs import displaced_relu

BOUND = 1


def forward(m, x):
    return displaced_relu.forward(m, x, delta=BOUND)


def derivative(m, x):
    return displaced_relu.derivative(m, x, delta=BOUND)


SHIFTED_RELU = Activation(
    name="shifted_relu",
    title="Shifted ReLU: max(x, -1)",
    family="rectifier",
    use="As a control for ELU: the same lower bound, reached along a line.",
    forward=forward,
    derivative=derivative,
    joints=(Joint("-1", lambda: -1.0, "0", lambda: 0.0),),
    from_output=FromOutput(derivative=derivative, note="exact"),
    saves="output",
    direct=Direct(usable=lambda m: True),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=-1.0,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), -1.0),
    ),
    references=(
        Reference(
            "Clevert, Unterthiner, Hochreiter",
            2015,
            "Fast and accurate deep network learning by exponential linear units (ELUs)",
            "arXiv:1511.07289",
        ),
    ),
    notes=("Its source abbreviates it SReLU, which elsewhere is the S-shaped ReLU.",),
)
