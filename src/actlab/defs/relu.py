"""ReLU: the rectified linear unit."""

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


def forward(m, x):
    return m.where(x <= 0, 0, x)


def derivative(m, x):
    return m.where(x <= 0, 0, 1)


RELU = Activation(
    name="relu",
    title="ReLU: the rectified linear unit, max(x, 0)",
    family="rectifier",
    use="The default to compare with: cheapest, sparse, scale free; initialise by He's gain.",
    equivalents=(Equivalent("expolu", "b = 0", lambda: {"b": 0}),),
    forward=forward,
    derivative=derivative,
    joints=(Joint("0", lambda: 0.0, "0", lambda: 0.0),),
    from_output=FromOutput(derivative=derivative, note="exact"),
    saves="output",
    direct=Direct(usable=lambda m: True),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), 0.0),
    ),
    references=(
        Reference(
            "Nair, Hinton",
            2010,
            "Rectified linear units improve restricted Boltzmann machines",
            "ICML 2010",
        ),
    ),
)
