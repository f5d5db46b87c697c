"""RReLU: a rectifier whose slope below 0 is drawn at random in training; here its mean."""

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


def slope(lower, upper):
    return (lower + upper) / 2


def forward(m, x, *, lower, upper):
    return m.where(x > 0, x, slope(lower, upper) * x)


def derivative(m, x, *, lower, upper):
    return m.where(x > 0, 1, slope(lower, upper))


def partial_from_output(m, y, *, lower, upper):
    return m.where(y > 0, 0, y / (lower + upper))


RRELU = Activation(
    name="rrelu",
    title="RReLU: the identity above 0, below it the mean of the slopes drawn in training",
    family="rectifier",
    use="For evaluating networks that were trained with the randomised form.",
    forward=forward,
    derivative=derivative,
    params=(
        Param("lower", 1 / 8, Domain(0.0, closed_low=True), "smallest slope drawn in training"),
        Param("upper", 1 / 3, Domain(0.0), "largest slope drawn in training"),
    ),
    joints=(Joint("0", lambda lower, upper: 0.0, "(lower + upper) / 2", slope),),
    from_output=FromOutput(
        derivative=derivative,
        partials={"lower": partial_from_output, "upper": partial_from_output},
        note="exact, except where the output of a negative input underflows to 0",
    ),
    saves="output",
    aliases=("randomized_leaky_relu",),
    half_types=HalfTypes(lambda m, *, lower, upper: moderate(m, lower, upper)),
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
            "Xu, Wang, Chen, Li",
            2015,
            "Empirical evaluation of rectified activations in convolutional network",
            "arXiv:1505.00853",
        ),
    ),
    equivalents=(
        Equivalent(
            "leaky_relu",
            "negative_slope = (lower + upper) / 2",
            lambda lower, upper: {"negative_slope": slope(lower, upper)},
        ),
    ),
    notes=(
        "This is the evaluation form, the same in training mode: it draws no random slopes.",
        "The mean is of the slopes, as in PyTorch; the authors draw divisors from 3 to 8 and "
        "divide by their mean, 5.5, which is a slope of 0.1818 instead of 0.2292.",
        "At x = 0 the slope is taken as that below 0, as PyTorch does.",
    ),
)
