"""PELU: an exponential linear unit whose slope, width and depth are learned."""

from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
    moderate,
    power_of_two,
)

TINY = 2.0**-900
"""Up to this size of x / b the function is a line, while x / b nears the subnormal numbers."""

FAR = 2.0**40
"""Below -FAR b it is its limit; what e^t multiplies there might be infinite."""


def textbook(m, x, *, a, b):
    return m.where(x >= 0, a / b * x, a * (m.exp(x / b) - 1))


def textbook_derivative(m, x, *, a, b):
    return m.where(x >= 0, a / b, a / b * m.exp(x / b))


def forward(m, x, *, a, b):
    t = m.guard(x, (-FAR * b, 0), 0) / b
    below = m.where(x < -FAR * b, -a, m.scaled_expm1(a, t))
    return m.where(x >= -TINY * b, a / b * x, below)


def derivative(m, x, *, a, b):
    t = m.guard(x, (float("-inf"), 0), 0) / b
    return m.where(x > 0, a / b, m.scaled_exp(a / b, t))


PELU = Activation(
    name="pelu",
    title="PELU: the parametric exponential linear unit, a x / b above 0, a (e^(x/b) - 1) below",
    family="exponential",
    use="An ELU that fits itself to each layer, where two more learned numbers are affordable.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(
        Param("a", 1.0, Domain(0.0), "minus the limit at -inf", learnable=True),
        Param("b", 1.0, Domain(0.0), "width of the exponential", learnable=True),
    ),
    joints=(Joint("0", lambda a, b: 0.0, "a / b", lambda a, b: a / b),),
    half_types=HalfTypes(lambda m, *, a, b: moderate(m, a, b) & power_of_two(m, b)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=-1.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Trottier, Giguère, Chaib-draa",
            2016,
            "Parametric exponential linear unit for deep convolutional neural networks",
            "arXiv:1605.09332",
        ),
    ),
    equivalents=(Equivalent("elu", "", lambda a, b: {"alpha": a}, when={"a": 1.0, "b": 1.0}),),
    notes=(
        "C^1 for all parameters: both sides meet at 0 with slope a / b.",
        "b = a is CELU with alpha = a.",
        "The slope above 0 is a / b, so learning both scales the whole layer.",
    ),
    # The quotient x / b is rounded, and the tail of the slope multiplies that error by |x / b|,
    # up to 745; the derivative in b loses digits just before it underflows.
    float64_ulp=4096,
)
