"""ExpoLU: a power ramp on [-b, b] between 0 and a line of slope 1."""

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


def textbook(m, x, *, a, b, p):
    above = x - b + (2 * b) ** p / a
    return m.where(x < -b, 0, m.where(x <= b, (x + b) ** p / a, above))


def forward(m, x, *, a, b, p):
    ramp = m.power_of_sum(m.guard(x, (-b, b), 0), b, p, divisor=a)
    # x + (T - b), not (x - b) + T: it is exactly x wherever the two constants agree.
    above = x + (m.power(2 * b, p, a) - b)
    return m.where(x < -b, 0, m.where(x <= b, ramp, above))


def derivative(m, x, *, a, b, p):
    ramp = m.slope_of_power(m.guard(x, (-b, b), 0), b, p, divisor=a)
    return m.where(x <= -b, 0, m.where(x <= b, ramp, 1))


def _ramp_power(m, y, a, b, p):
    """Whether ``y`` lies on the ramp, and there ``(x + b)^p = a y`` (elsewhere 1)."""
    top = m.stored(m.power(2 * b, p, a))
    inside = (y > 0) & (y <= top) & (y < float("inf"))
    return inside, a * m.guard(y, inside, 1 / a)


def derivative_from_output(m, y, *, a, b, p):
    inside, power = _ramp_power(m, y, a, b, p)
    return m.where(y <= 0, 0, m.where(inside, p * m.lower_power(power, p) / a, 1))


def a_partial_from_output(m, y, *, a, b, p):
    inside, power = _ramp_power(m, y, a, b, p)
    above = m.where(y <= 0, 0, -m.power(2 * b, p, a) / a)
    return m.where(inside, -power / a / a, above)


def b_partial_from_output(m, y, *, a, b, p):
    inside, power = _ramp_power(m, y, a, b, p)
    above = m.where(y <= 0, 0, 2 * m.power_slope(2 * b, p, a) - 1)
    return m.where(inside, p * m.lower_power(power, p) / a, above)


def p_partial_from_output(m, y, *, a, b, p):
    inside, power = _ramp_power(m, y, a, b, p)
    above = m.where(y <= 0, 0, m.power_times_log(b, b, p, divisor=a))
    return m.where(inside, power / a * m.log(power) / p, above)


def tells_pieces_apart(eps, largest, *, a, b, p):
    """Whether outputs on the ramp and just above it differ at this precision.

    Where the top of the ramp is so large that rounding hides x, the output of inputs far above
    x = b is that of x = b, and so would be the slope.
    """
    try:
        top = (2 * b) ** p / a
    except OverflowError:
        return False
    return b == 0 or (top <= largest and top * eps <= b / 16)


def is_direct(m, *, a, b, p):
    """Squares only, and nothing that the dtype would round: b, and a and 1/a (a power of two)."""
    moderate = (a >= 2.0**-40) & (a <= 2.0**40) & (b <= 2.0**40)
    return (p >= 2) & (p <= 2) & moderate & m.exact(a) & m.exact(1 / a) & m.exact(b)


def is_single_for_halves(m, *, a, b, p):
    """Where no power leaves the range, and b, which x may cancel, is not rounded."""
    moderate = (a >= 2.0**-10) & (a <= 2.0**10) & (b <= 2.0**10) & (p >= 0.5) & (p <= 4)
    return moderate & m.exact(b)


EXPOLU = Activation(
    name="expolu",
    title="ExpoLU: zero, then a power ramp on [-b, b], then a line of slope 1",
    family="smooth rectifier",
    use="As a rectifier with a curved start of your own width and steepness, with its own gain.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param("a", 1.0, Domain(0.0), "divisor of the ramp"),
        Param("b", 1.0, Domain(0.0, closed_low=True), "half-width of the ramp"),
        Param(
            "p",
            2.0,
            Domain(0.0),
            "exponent of the ramp",
            learned_in=Domain(1.0, closed_low=True),
        ),
    ),
    joints=(
        Joint("-b", lambda a, b, p: -b, "0", lambda a, b, p: 0.0),
        Joint(
            "b", lambda a, b, p: b, "(p/a) (2b)^(p-1)", lambda a, b, p: p / a * (2 * b) ** (p - 1)
        ),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={
            "a": a_partial_from_output,
            "b": b_partial_from_output,
            "p": p_partial_from_output,
        },
        # The relative error of y is multiplied by |1 - 1/p|.
        usable=tells_pieces_apart,
        accurate_in={"p": Domain(0.5, closed_low=True)},
        ill_conditioned=frozenset({"p"}),
        note="within 2 ulp (float64: 4) wherever the output is a normal number (p >= 1/2); below, "
        "off by at most the slope at the smallest subnormal output; next to x = b either one-sided "
        "slope where the output cannot tell the sides apart, and the input is kept by default "
        "where that is far from next to it",
    ),
    saves="output",
    direct=Direct(usable=is_direct),
    half_types=HalfTypes(usable=is_single_for_halves),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=0.0,
        high=float("inf"),
        lipschitz=4.0,
        dead=(-float("inf"), -1.0),
    ),
    references=(Reference("oknomad.blog", 2026, "PowerLU and ExpoLU", "May 2026"),),
    notes=(
        "The upper branch is y = x exactly when (2b)^p = a b.",
        "C^1 exactly when p > 1 and p (2b)^(p-1) = a.",
        "SmeLU_beta is ExpoLU with a = 4 beta, b = beta, p = 2; b = 0 is ReLU.",
        "For p < 1 the slope is unbounded just above x = -b; at x = -b itself it is taken as 0.",
    ),
)
