"""LeakyReLU: a rectifier that lets a fraction of negative inputs through."""

from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    FromOutput,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
    moderate,
)


def forward(m, x, *, negative_slope):
    return m.where(x > 0, x, negative_slope * x)


def derivative(m, x, *, negative_slope):
    return m.where(x > 0, 1, negative_slope)


def negative_slope_partial_from_output(m, y, *, negative_slope):
    return m.where(y > 0, 0, y / negative_slope)


LEAKY_RELU = Activation(
    name="leaky_relu",
    title="LeakyReLU: the identity above 0, a small slope below",
    family="rectifier",
    equivalents=(
        Equivalent(
            "prelu",
            "weight = negative_slope",
            lambda negative_slope: {"weight": negative_slope},
        ),
    ),
    use="Where ReLU's dead units are a worry and piecewise linearity is to be kept.",
    forward=forward,
    derivative=derivative,
    params=(Param("negative_slope", 0.01, Domain(0.0), "slope below 0"),),
    joints=(
        Joint(
            "0",
            lambda negative_slope: 0.0,
            "negative_slope",
            lambda negative_slope: negative_slope,
        ),
    ),
    from_output=FromOutput(
        derivative=derivative,
        partials={"negative_slope": negative_slope_partial_from_output},
        note="exact, except where the output of a negative input underflows to 0",
    ),
    saves="output",
    half_types=HalfTypes(lambda m, *, negative_slope: moderate(m, negative_slope)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Maas, Hannun, Ng",
            2013,
            "Rectifier nonlinearities improve neural network acoustic models",
            "ICML 2013 workshop",
        ),
    ),
    notes=("At x = 0 the slope is taken as negative_slope, as PyTorch does.",),
)
