"""PowerLU: a power ramp on [-1, 1] between 0 and the identity."""

from actlab.core import (
    Activation,
    Direct,
    Domain,
    Equivalent,
    FromOutput,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
)


def textbook(m, x, *, p):
    return m.where(x < -1, 0, m.where(x <= 1, ((x + 1) / 2) ** p, x))


def forward(m, x, *, p):
    ramp = m.power_of_sum(m.guard(x, (-1, 1), 0), 1, p, unit=2)
    return m.where(x < -1, 0, m.where(x <= 1, ramp, x))


def derivative(m, x, *, p):
    ramp = m.slope_of_power(m.guard(x, (-1, 1), 0), 1, p, unit=2)
    return m.where(x <= -1, 0, m.where(x <= 1, ramp, 1))


def derivative_from_output(m, y, *, p):
    ramp = m.guard(y, (y > 0) & (y <= 1), 1)
    return m.where(y <= 0, 0, m.where(y <= 1, 0.5 * p * m.lower_power(ramp, p), 1))


def p_partial_from_output(m, y, *, p):
    inside = (y > 0) & (y <= 1)
    ramp = m.guard(y, inside, 1)
    return m.where(inside, ramp * m.log(ramp) / p, 0)


POWERLU = Activation(
    name="powerlu",
    title="PowerLU: zero, then a power ramp on [-1, 1], then the identity",
    family="smooth rectifier",
    use="As a smooth replacement for ReLU at ReLU's memory: p = 2 is continuously differentiable.",
    equivalents=(Equivalent("expolu", "a = 2^p, b = 1", lambda p: {"a": 2**p, "b": 1, "p": p}),),
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param(
            "p",
            2.0,
            Domain(0.0),
            "exponent of the ramp",
            learned_in=Domain(1.0, closed_low=True),
        ),
    ),
    joints=(
        Joint("-1", lambda p: -1.0, "0", lambda p: 0.0),
        Joint("1", lambda p: 1.0, "p/2", lambda p: p / 2),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"p": p_partial_from_output},
        # The relative error of y is multiplied by |1 - 1/p|.
        accurate_in={"p": Domain(0.5, closed_low=True)},
        ill_conditioned=frozenset({"p"}),
        note="within 2 ulp (float64: 4) wherever the output is a normal number (p >= 1/2); below, "
        "off by at most the slope at the smallest subnormal output (float16, p = 2: 2.4e-4)",
    ),
    saves="output",
    direct=Direct(usable=lambda m, *, p: (p >= 2) & (p <= 2)),
    half_types=HalfTypes(usable=lambda m, *, p: (p >= 0.5) & (p <= 4)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), -1.0),
    ),
    references=(
        Reference("oknomad.blog", 2026, "PowerLU and ExpoLU", "May 2026"),
        Reference(
            "Shamir, Lin, Coviello",
            2020,
            "Smooth activations and reproducibility in deep networks (SmeLU, the case p = 2)",
            "arXiv:2010.09931",
        ),
    ),
    notes=(
        "p = 2 is SmeLU with beta = 1, known in JAX as sparse_plus; it alone is C^1.",
        "PowerLU_p equals ExpoLU with a = 2^p, b = 1.",
        "For p < 1 the slope is unbounded just above x = -1; at x = -1 itself it is taken as 0.",
        "Not the `powlu` of arXiv:2605.25704, which is another function.",
    ),
)
