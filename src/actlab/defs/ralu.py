"""RaLU: a rational, odd, smooth function that tends to the identity on both sides."""

from actlab.core import (
    Activation,
    Direct,
    Domain,
    Equivalent,
    FromOutput,
    HalfTypes,
    Param,
    Reference,
    Traits,
)

VALUE_EDGE, SLOPE_EDGE = 1.0, 1024.0
"""Up to these sizes formulas use x, beyond them 1/x: the slope's crossing of 1 at x = +-1
must not meet the rounding of 1/x."""


def textbook(m, x, *, alpha):
    return x * (x**2 + alpha) / (x**2 + 1)


def textbook_derivative(m, x, *, alpha):
    return 1 + (alpha - 1) * (1 - x**2) / (1 + x**2) ** 2


def _near_far(m, x, edge):
    """x up to the edge in size and 1/x beyond, so that no square leaves the range."""
    near = m.absolute(x) <= edge
    far = m.absolute(x) > edge
    return near, m.guard(x, near, 0), 1 / m.guard(x, far, 1)


def forward(m, x, *, alpha):
    near, s, r = _near_far(m, x, VALUE_EDGE)
    inside = s * ((s * s + alpha) / (s * s + 1))
    outside = x + (alpha - 1) * (r / (1 + r * r))
    return m.where(near, inside, outside)


def derivative(m, x, *, alpha):
    near, s, r = _near_far(m, x, SLOPE_EDGE)
    t, u = s * s, r * r
    # (1 + t)^2 in the order of the numerators, which makes the slope exactly 1 for alpha = 1.
    near_square, far_square = t * (t + 2) + 1, 1 + u * (2 + u)
    # A quotient of sums of positive terms where 0 <= alpha <= 3; elsewhere 1 plus a product,
    # whose only cancellation is that of the slope crossing 0.
    positive = (alpha >= 0) & (alpha <= 3)
    inside = m.where(
        positive,
        (t * (t + (3 - alpha)) + alpha) / near_square,
        1 + (alpha - 1) * ((1 - s) * (1 + s) / near_square),
    )
    outside = m.where(
        positive,
        (1 + u * ((3 - alpha) + alpha * u)) / far_square,
        1 - (alpha - 1) * (u * ((1 - r) * (1 + r)) / far_square),
    )
    return m.where(near, inside, outside)


def derivative_from_output(m, y, *, alpha):
    # x is the root of x^3 - y x^2 + alpha x - y = 0, the output's only preimage. The function
    # is odd, so y >= 0 will do.
    y = m.absolute(y)
    large = y > 1e4
    far_root = m.guard(y, large, 1e4)
    far_root = far_root - (alpha - 1) / far_root
    target = m.guard(y, y <= 1e4, 1)
    # Brackets: y/alpha and y for alpha >= 1; else y, and for small y the root of x^3/2 = y,
    # since f(x) >= x^3/2 up to x = 1. (The margin covers the rounding of the power.)
    steep = alpha >= 1
    cube = m.where(target < 0.49, 1.001 * m.power(2 * target, 1 / 3), target + 0.5 * (1 - alpha))
    low = m.where(steep, target / m.guard(alpha, steep, 1), target)
    high = m.where(steep, target, cube)

    # Newton's steps, kept inside a bracket that every step shrinks: enough of them for double
    # precision even at the triple root of alpha = 9, where they converge linearly.
    def step(root, low, high):
        excess = forward(m, root, alpha=alpha) - target
        high = m.where(excess >= 0, root, high)
        low = m.where(excess <= 0, root, low)
        slope = derivative(m, root, alpha=alpha)
        trial = root - excess / m.guard(slope, slope > 0, 1)
        inside = (trial >= low) & (trial <= high) & (slope > 0)
        return m.where(inside, trial, 0.5 * (low + high)), low, high

    root, _, _ = m.iterate(step, (high, low, high), 60)
    root = m.where(target > 0, root, 0)
    return m.where(large, derivative(m, far_root, alpha=alpha), derivative(m, root, alpha=alpha))


def is_direct(m, *, alpha):
    """Where x and what is added to it have one sign, so that nothing cancels."""
    return (alpha >= 1) & (alpha <= 1024)


def is_slope_direct(m, *, alpha):
    """Where what is added to 1 never cancels more than a quarter of it."""
    return (alpha >= 1) & (alpha <= 3)


def _reciprocal(m, x):
    """1 + x^2 as a rounded number and the rest, and the reciprocal of the rounded number."""
    q = m.fma(x, x, 1)
    return q, m.fma(x, x, 1 - q), 1 / q


def direct_forward(m, x, *, alpha):
    """``x (1 + c)`` with c = (alpha - 1) / (1 + x^2) as a rounded number and the rest."""
    beta = alpha - 1
    q, rest, r = _reciprocal(m, x)
    c = beta * r
    c_rest = (m.fma(-c, rest, m.fma(-c, q, beta)) + m.lost(beta)) * r
    y = m.fma(x, c, m.fma(x, c_rest, x))
    # Elsewhere it is x itself: -0.0, infinities, NaN, and where x^2 would leave the range.
    return m.where((q < 1e30) & (m.absolute(x) > 0), y, x)


def direct_derivative(m, x, *, alpha):
    """``1 + (alpha - 1) n / (1 + x^2)^2`` with n = 1 - x^2."""
    beta = alpha - 1
    q, rest, r = _reciprocal(m, x)
    r = m.fma(m.fma(-rest, r, m.fma(-q, r, 1)), r, r)
    change = (m.fma(-x, x, 1) * r) * r
    return m.where(q < 1e30, m.fma(beta, change, 1), 1)


def half_forward(m, x, *, alpha):
    """``x (1 + c)``; c is 0 where x^2 leaves the range, and -0.0 and infinities are themselves."""
    c = (alpha - 1) / (1 + x * x)
    size = m.absolute(x)
    return m.where((size > 0) & (size < float("inf")), m.fma(x, c, x), x)


def half_derivative(m, x, *, alpha):
    """``1 + (alpha - 1) (1 - x^2) / (1 + x^2)^2``."""
    square = x * x
    r = 1 / (1 + square)
    return m.where(square < 1e30, m.fma(alpha - 1, ((1 - square) * r) * r, 1), 1)


def traced(m, x, *, alpha):
    """``x + (alpha - 1) x / (1 + x^2)``; what is added to large x is too small to be seen."""
    t = m.widened(m.guard(x, (-1e18, 1e18), 0))
    return m.widened(x) + (alpha - 1) * (t / (1 + t * t))


RALU = Activation(
    name="ralu",
    title="RaLU: the rational linear unit, smooth and odd, the identity far from 0",
    family="rational",
    use="Where an odd, smooth, nearly linear unit is wanted, its slope at 0 learned or chosen.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(
        Param(
            "alpha",
            3.0,
            meaning="slope at 0",
            learnable=True,
            constraints={"monotone": Domain(0.0, 9.0, closed_low=True, closed_high=True)},
        ),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        domains={"alpha": Domain(0.0, 9.0, closed_low=True, closed_high=True)},
        note="for 0 <= alpha <= 9 only; relative error about 3e-7 (float32) up to alpha = 5, and "
        "growing to 1e-2 at alpha = 9, where the output has a triple root",
    ),
    direct=Direct(
        usable=is_direct,
        forward=direct_forward,
        derivative=direct_derivative,
        slopes_usable=is_slope_direct,
        traced=traced,
    ),
    half_types=HalfTypes(
        # Where what is added to 1 never cancels more than two thirds of it.
        usable=lambda m, *, alpha: (alpha >= 0.5) & (alpha <= 5),
        forward=half_forward,
        derivative=half_derivative,
    ),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=3.0,
    ),
    equivalents=(
        Equivalent(
            "rational_3_2",
            "a = (0, alpha, 0, 1), b = (0, 1)",
            lambda alpha: {"a0": 0, "a1": alpha, "a2": 0, "a3": 1, "b1": 0, "b2": 1},
        ),
    ),
    references=(Reference("shimataro", 2025, "RaLU: Rational Linear Unit", "April 2025"),),
    notes=(
        "alpha = 1 is the identity; a network started there is linear.",
        "Never decreasing exactly when 0 <= alpha <= 9.",
        "alpha = 3 preserves variance under PyTorch's default nn.Linear initialisation: "
        "E f(z)^2 = 3 for z ~ N(0, 1).",
    ),
)
