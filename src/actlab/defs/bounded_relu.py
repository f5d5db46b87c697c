"""Bounded ReLU: a rectifier that saturates at an upper bound."""

from actlab.core import (
    Activation,
    Direct,
    Domain,
    Equivalent,
    FromOutput,
    Joint,
    Param,
    Reference,
    Traits,
)


def forward(m, x, *, upper):
    return m.where(x <= 0, 0, m.where(x < upper, x, upper))


def derivative(m, x, *, upper):
    return m.where(x <= 0, 0, m.where(x < upper, 1, 0))


def derivative_from_output(m, y, *, upper):
    # The bound as the output holds it: rounding may have moved it to either side.
    return m.where(y <= 0, 0, m.where(y < m.stored(upper), 1, 0))


def upper_partial_from_output(m, y, *, upper):
    return m.where(y <= 0, 0, m.where(y < m.stored(upper), 0, 1))


BOUNDED_RELU = Activation(
    name="bounded_relu",
    title="Bounded ReLU: the identity from 0 to an upper bound, constant outside",
    family="rectifier",
    use="Where activations must stay in a fixed range, as for quantised or fixed-point inference.",
    forward=forward,
    derivative=derivative,
    params=(Param("upper", 1.0, Domain(0.0), "upper bound of the output"),),
    joints=(
        Joint("0", lambda upper: 0.0, "0", lambda upper: 0.0),
        Joint("upper", lambda upper: upper, "0", lambda upper: 0.0),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"upper": upper_partial_from_output},
        note="exact, except at an input that is the bound as the dtype rounds it",
    ),
    saves="output",
    direct=Direct(usable=lambda m, *, upper: m.exact(upper)),
    aliases=("brelu", "relu_n"),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=0.0,
        high=1.0,
        lipschitz=1.0,
        dead=(-float("inf"), 0.0),
        dead_above=(1.0, float("inf")),
    ),
    references=(
        Reference(
            "Krizhevsky",
            2010,
            "Convolutional deep belief networks on CIFAR-10",
            "unpublished manuscript, University of Toronto",
        ),
        Reference(
            "Liew, Khalil-Hani, Bakhteri",
            2016,
            "Bounded activation functions for enhanced training stability of deep neural networks "
            "on visual pattern recognition problems",
            "Neurocomputing 216",
        ),
        Reference(
            "Choi, Wang, Venkataramani, Chuang, Srinivasan, Gopalakrishnan",
            2018,
            "PACT: parameterized clipping activation for quantized neural networks",
            "arXiv:1805.06085",
        ),
    ),
    equivalents=(
        Equivalent(
            "hard_tanh",
            "min_val = 0, max_val = upper",
            lambda upper: {"min_val": 0.0, "max_val": upper},
        ),
        Equivalent("relu6", when={"upper": 6.0}),
    ),
    notes=(
        "No gradient reaches an input above the bound.",
        "PACT is this function with the bound learned; its derivative in the bound is 1 from "
        "x = upper on and 0 below.",
    ),
)
