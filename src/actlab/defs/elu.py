"""ELU: the exponential linear unit."""

from actlab.core import (
    Activation,
    Direct,
    Domain,
    FromOutput,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
)


def textbook(m, x, *, alpha):
    return m.where(x > 0, x, alpha * (m.exp(x) - 1))


def forward(m, x, *, alpha):
    return m.where(x <= 0, m.scaled_expm1(alpha, m.guard(x, (float("-inf"), 0), 0)), x)


def derivative(m, x, *, alpha):
    return m.where(x > 0, 1, m.scaled_exp(alpha, m.guard(x, (float("-inf"), 0), 0)))


def derivative_from_output(m, y, *, alpha):
    return m.where(y > 0, 1, y + alpha)


def alpha_partial_from_output(m, y, *, alpha):
    return m.where(y > 0, 0, y / alpha)


def is_direct(m, *, alpha):
    """A power of two, which multiplies without rounding, and so small that no digit of a
    subnormal slope is magnified."""
    return (alpha >= 2.0**-10) & (alpha <= 2) & m.exact(alpha) & m.exact(1 / alpha)


def is_single_for_halves(m, *, alpha):
    """Where alpha, which the output may cancel, is not rounded, and no slope leaves the range."""
    return (alpha >= 2.0**-10) & (alpha <= 2.0**8) & m.exact(alpha)


def traced(m, x, *, alpha):
    """As ``forward``, for a single precision whose e^x - 1 forgets the sign of -0.0."""
    below = m.scaled_expm1(alpha, m.guard(x, x < 0, 0))
    # At 0 the slope is alpha.
    return m.where(x < 0, below, x if alpha == 1 else m.where(x > 0, x, alpha * x))


ELU = Activation(
    name="elu",
    title="ELU: the exponential linear unit, the identity above 0 and alpha (e^x - 1) below",
    family="exponential",
    use="Where smoothness and outputs of both signs matter more than the cost of an exponential.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(Param("alpha", 1.0, Domain(0.0), "minus the limit at -inf, and the slope at 0"),),
    joints=(Joint("0", lambda alpha: 0.0, "alpha", lambda alpha: alpha),),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"alpha": alpha_partial_from_output},
        note="absolute error half an ulp of alpha; the relative error grows in the tail and the "
        "slope is exactly 0 below about -17 (float32), -8.3 (float16), -6.2 (bfloat16)",
    ),
    direct=Direct(usable=is_direct, traced=traced),
    half_types=HalfTypes(usable=is_single_for_halves),
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
            "Clevert, Unterthiner, Hochreiter",
            2015,
            "Fast and accurate deep network learning by exponential linear units (ELUs)",
            "arXiv:1511.07289",
        ),
    ),
    notes=(
        "C^1 only for alpha = 1; at x = 0 the slope is taken as alpha, as PyTorch does.",
        "The mean output for N(0, 1) inputs is 0.398942 - 0.238422 alpha.",
    ),
)
