"""Rational functions as their source writes them, and how large the terms of their results are."""

from actlab.core.spec import Formula

LOST = 2.0**-400
"""Derivatives below this come of powers of 1/x that underflow before f(x) multiplies them."""


def coefficient_names(degrees: tuple[int, int]) -> tuple[list[str], list[str]]:
    """Those of the numerator, ``a0`` first, and of the denominator, ``b1`` first."""
    upper, lower = degrees
    return [f"a{i}" for i in range(upper + 1)], [f"b{j}" for j in range(1, lower + 1)]


def coefficients(m, degrees, params):
    """Those of the numerator, and of the denominator as a polynomial in ``|x|``."""
    above, below = coefficient_names(degrees)
    sizes = [m.where(params[b] < 0, -params[b], params[b]) for b in below[:-1]]
    return [params[a] for a in above], [1.0, *sizes, *(params[b] for b in below[-1:])]


def sign(m, x):
    """The slope of ``|x|``, and 0 at 0: there the mean of both sides."""
    return m.where(x > 0, 1, m.where(x < 0, -1, 0))


def horner(coefficients, x):
    """The polynomial with these coefficients, that of ``x**0`` first."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        # The double negation gives -0.0 + 0.0 the sign that f(-0.0) = -0.0 needs.
        total = -(-coefficient - total * x)
    return total


def textbook(degrees: tuple[int, int]) -> tuple[Formula, Formula]:
    """Value and slope as their source writes them."""

    def polynomials(x, params):
        above, below = ([params[name] for name in side] for side in coefficient_names(degrees))
        top = sum((a * _power(x, i) for i, a in enumerate(above[1:], 1)), above[0])
        return above, below, top

    def whole(m, x, below):
        return sum((m.absolute(b * _power(x, j)) for j, b in enumerate(below, 1)), 1)

    def value(m, x, **params):
        _, below, top = polynomials(x, params)
        return top / whole(m, x, below) if below else top

    def slope(m, x, **params):
        above, below, top = polynomials(x, params)
        rise = sum((i * a * _power(x, i - 1) for i, a in enumerate(above[2:], 2)), above[1])
        if not below:
            return rise
        # |b x^j|' = j |b x^j| / x; at 0 the mean of both sides.
        growth = [_times(j, m.absolute(b * _power(x, j))) for j, b in enumerate(below, 1)]
        fall = top * sum(growth[1:], growth[0]) / m.guard(x, m.absolute(x) > 0, 1)
        bottom = whole(m, x, below)
        return m.where(m.absolute(x) > 0, (rise * bottom - fall) / bottom**2, above[1])

    return value, slope


def _power(x, exponent: int):
    return x if exponent == 1 else x**exponent


def _times(factor: int, x):
    return x if factor == 1 else factor * x


def terms(degrees: tuple[int, int], forward: Formula) -> dict[str, Formula]:
    """The sums of the magnitudes of the terms of value, derivatives and partial derivatives."""

    def value(m, x, **params):
        positive = {k: m.absolute(v) if k[0] == "a" else v for k, v in params.items()}
        return forward(m, m.absolute(x), **positive)

    def sizes(m, x, params):
        """Those of the numerator, of the denominator, and of two derivatives of each."""
        above, below = coefficients(m, degrees, params)
        size = m.absolute(x)
        for polynomial in ([m.absolute(a) for a in above], below):
            for _ in range(3):
                yield horner(polynomial, size)
                polynomial = [k * c for k, c in enumerate(polynomial)][1:] or [0.0]

    def slope(m, x, **params):
        top, rise, _, bottom, growth, _ = sizes(m, x, params)
        return (rise + top * growth / bottom) / bottom

    def curvature(m, x, **params):
        top, rise, bend, bottom, growth, swell = sizes(m, x, params)
        share = growth / bottom
        return (bend + 2 * rise * share + top * (swell / bottom + 2 * share * share)) / bottom

    def partial_in(j: int) -> Formula:
        def partial(m, x, **params):
            size, below = m.absolute(x), coefficients(m, degrees, params)[1]
            return value(m, x, **params) * size**j / horner(below, size) + LOST

        return partial

    partials = {f"d/db{j}": partial_in(j) for j in range(1, degrees[1] + 1)}
    return {"value": value, "slope": slope, "curvature": curvature, **partials}
