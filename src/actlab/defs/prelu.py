"""PReLU: a rectifier whose slope below 0 is learned."""

from actlab.core import Activation, Equivalent, HalfTypes, Joint, Param, Reference, Traits, moderate

INFINITE = float("inf")


def line(m, slope, x):
    """``slope * x`` for x <= 0, 0 of either sign included, with the limit at -inf."""
    flat = (slope >= 0) & (slope <= 0) & (x <= -INFINITE)
    # Adding 0.0 makes the product's -0.0 a 0.0; adding -0.0 changes nothing.
    return m.where(flat, 0, slope * x + m.where(slope < 0, 0.0, -0.0))


def textbook(m, x, *, weight):
    return m.where(x > 0, x, weight * x)


def forward(m, x, *, weight):
    return m.where(x > 0, x, line(m, weight, x))


def derivative(m, x, *, weight):
    return m.where(x > 0, 1, weight)


PRELU = Activation(
    name="prelu",
    title="PReLU: the identity above 0, a learned slope below",
    family="rectifier",
    use="Where the slope below 0 is better learned than chosen, at one parameter per channel.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(Param("weight", 0.25, meaning="slope below 0", learnable=True),),
    joints=(Joint("0", lambda weight: 0.0, "weight", lambda weight: weight),),
    aliases=("parametric_relu",),
    half_types=HalfTypes(lambda m, *, weight: moderate(m, weight)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=-INFINITE,
        high=INFINITE,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "He, Zhang, Ren, Sun",
            2015,
            "Delving deep into rectifiers: surpassing human-level performance on ImageNet "
            "classification",
            "arXiv:1502.01852",
        ),
    ),
    equivalents=(
        Equivalent("relu", when={"weight": 0.0}),
        Equivalent("absolute", when={"weight": -1.0}),
    ),
    notes=(
        "At x = 0 the slope is taken as weight, as PyTorch does.",
        "A negative weight folds the line: the function is then no longer monotone.",
        "Weight decay pulls the learned slope towards 0; the authors leave it out for this one.",
    ),
)
