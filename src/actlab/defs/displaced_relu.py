"""Displaced ReLU: a rectifier whose joint is moved down the diagonal."""

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


def textbook(m, x, *, delta):
    return m.where(x <= -delta, -delta, x)


def forward(m, x, *, delta):
    # Not -delta, which is -0.0 for delta = 0, where f(0) is 0.0.
    return m.where(x <= -delta, 0 - delta, x)


def derivative(m, x, *, delta):
    return m.where(x <= -delta, 0, 1)


def derivative_from_output(m, y, *, delta):
    # The bound as the output holds it: rounding may have moved it to either side.
    return m.where(y <= m.stored(-delta), 0, 1)


def delta_partial_from_output(m, y, *, delta):
    return m.where(y <= m.stored(-delta), -1, 0)


DISPLACED_RELU = Activation(
    name="displaced_relu",
    title="Displaced ReLU: the identity above -delta, constant below",
    family="rectifier",
    use="After batch normalisation, where ReLU's positive mean is a worry.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param("delta", 0.05, Domain(0.0, closed_low=True), "minus the lower bound of the output"),
    ),
    joints=(Joint("-delta", lambda delta: -delta, "0", lambda delta: 0.0),),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"delta": delta_partial_from_output},
        note="exact, except at an input that is the bound as the dtype rounds it",
    ),
    saves="output",
    direct=Direct(usable=lambda m, *, delta: m.exact(delta)),
    aliases=("drelu",),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=-0.05,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), -0.05),
    ),
    references=(
        Reference(
            "Macêdo, Zanchettin, Oliveira, Ludermir",
            2019,
            "Enhancing batch normalized convolutional networks using displaced rectifier linear "
            "units: a systematic comparative study",
            "Expert Systems with Applications 124",
        ),
    ),
    equivalents=(
        Equivalent("relu", when={"delta": 0.0}),
        Equivalent("shifted_relu", when={"delta": 1.0}),
    ),
    notes=(
        "Both the joint and the constant part move: it is ReLU(x + delta) - delta.",
        "Some call other functions DReLU, among them the dual ReLU of two inputs.",
    ),
)
