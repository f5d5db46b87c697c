"""MPELU: an exponential linear unit with a learned depth and a learned rate."""

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
"""Up to this size of beta x the function is a line, while beta x nears the subnormal numbers."""

FAR = 2.0**40
"""Below -FAR / beta it is its limit; what e^t multiplies there might be infinite."""


def textbook(m, x, *, alpha, beta):
    return m.where(x > 0, x, alpha * (m.exp(beta * x) - 1))


def textbook_derivative(m, x, *, alpha, beta):
    return m.where(x > 0, 1, alpha * beta * m.exp(beta * x))


def forward(m, x, *, alpha, beta):
    left = m.guard(x, (-FAR / beta, 0), 0)
    t = beta * left
    below = m.where(t >= -TINY, alpha * beta * left, m.scaled_expm1(alpha, t))
    return m.where(x > 0, x, m.where(x < -FAR / beta, -alpha, below))


def derivative(m, x, *, alpha, beta):
    t = beta * m.guard(x, (float("-inf"), 0), 0)
    return m.where(x > 0, 1, m.scaled_exp(alpha * beta, t))


MPELU = Activation(
    name="mpelu",
    title="MPELU: the identity above 0 and alpha (e^(beta x) - 1) below, both learned",
    family="exponential",
    use="Where a layer should choose between rectifier-like and ELU-like units by itself.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(
        Param("alpha", 1.0, Domain(0.0), "minus the limit at -inf", learnable=True),
        Param("beta", 1.0, Domain(0.0), "rate of the exponential", learnable=True),
    ),
    joints=(Joint("0", lambda alpha, beta: 0.0, "alpha beta", lambda alpha, beta: alpha * beta),),
    half_types=HalfTypes(
        lambda m, *, alpha, beta: moderate(m, alpha, beta) & power_of_two(m, beta)
    ),
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
            "Li, Fan, Li, Wu, Ming",
            2016,
            "Improving deep neural network with multiple parametric exponential linear units",
            "arXiv:1606.00305",
        ),
    ),
    equivalents=(
        Equivalent(
            "elu", "the same alpha", lambda alpha, beta: {"alpha": alpha}, when={"beta": 1.0}
        ),
    ),
    notes=(
        "C^1 exactly when alpha beta = 1, which is CELU; at x = 0 the slope is taken as "
        "alpha beta.",
        "Both parameters are kept positive here, so that it never decreases.",
        "A large alpha with a small beta is nearly a leaky ReLU of slope alpha beta.",
    ),
    # The product beta x is rounded, and the tail of the slope multiplies that error by |beta x|.
    float64_ulp=1024,
)
