"""CELU: an exponential linear unit that is continuously differentiable for every alpha."""

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

NEAR = 2.0**-8
"""Up to this size of x / alpha the formula is a series, whose derivative in alpha does not
cancel; its last term is there for the oracle's digits, not for those of double precision."""

TERMS = 15

FAR = 2.0**40
"""Below -FAR alpha it is its limit; what e^t multiplies there might be infinite."""


def textbook(m, x, *, alpha):
    return m.where(x > 0, x, alpha * (m.exp(x / alpha) - 1))


def textbook_derivative(m, x, *, alpha):
    return m.where(x > 0, 1, m.exp(x / alpha))


def forward(m, x, *, alpha):
    left = m.guard(x, (-FAR * alpha, 0), 0)
    t = left / alpha
    near = t >= -NEAR
    s = m.guard(t, near, 0)
    # (e^s - 1) / s = 1 + s/2 (1 + s/3 (1 + s/4 (...)))
    series = 1 + s / TERMS
    for k in range(TERMS - 1, 1, -1):
        series = 1 + s / k * series
    below = m.where(near, left * series, m.scaled_expm1(alpha, t))
    return m.where(x > 0, x, m.where(x < -FAR * alpha, -alpha, below))


def derivative(m, x, *, alpha):
    return m.where(x > 0, 1, m.exp(m.guard(x, (float("-inf"), 0), 0) / alpha))


def alpha_terms(m, x, *, alpha):
    """Both terms of e^t - 1 - t e^t, with t = x / alpha."""
    t = m.guard(x, (float("-inf"), 0), 0) / alpha
    return m.where(x > 0, 0, -m.expm1(t) - t * m.exp(t))


CELU = Activation(
    name="celu",
    title="CELU: the identity above 0 and alpha (e^(x/alpha) - 1) below, of slope 1 at 0",
    family="exponential",
    use="In place of ELU where alpha is tuned: its slope is continuous whatever alpha is.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("alpha", 1.0, Domain(0.0), "minus the limit at -inf, and the width"),),
    joints=(Joint("0", lambda alpha: 0.0, "1", lambda alpha: 1.0),),
    terms={"d/dalpha": alpha_terms},
    half_types=HalfTypes(lambda m, *, alpha: moderate(m, alpha) & power_of_two(m, alpha)),
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
            "Barron",
            2017,
            "Continuously differentiable exponential linear units",
            "arXiv:1704.07483",
        ),
    ),
    equivalents=(
        Equivalent("elu", "", lambda alpha: {"alpha": alpha}, when={"alpha": 1.0}),
        Equivalent("pelu", "a = b = alpha", lambda alpha: {"a": alpha, "b": alpha}),
        Equivalent("mpelu", "beta = 1 / alpha", lambda alpha: {"alpha": alpha, "beta": 1 / alpha}),
    ),
    notes=(
        "ELU's alpha scales the left side only; this one stretches it in both directions: "
        "CELU_alpha(x) = alpha ELU_1(x / alpha) below 0.",
        "PyTorch also takes a negative alpha, for which it grows without bound; here alpha > 0.",
    ),
    # The quotient x / alpha is rounded, and the slope e^(x / alpha) multiplies that error by
    # |x / alpha|, up to 745. (Exact for powers of two, such as the default.)
    float64_ulp=1024,
)
