"""Rational functions with learnable coefficients, of any degree, and without poles."""

import functools

from actlab.core import Activation, Domain, Joint, Param, Reference, Traits
from actlab.core.spec import Formula
from actlab.defs import rational_textbook as book

HIGHEST = 16
"""The largest degree."""

SCALE = 2.0**64
"""Far from 0, tops and bottoms of quotients are formed this much smaller or larger, so that no
product of theirs, in value or derivative, leaves the range before the quotient does."""

DEFAULTS = {
    (5, 4): (0.0298, 0.6184, 2.323, 3.051, 1.485, 0.2509, 1.142, 4.392, 0.8711, 0.347),
    (3, 2): (0.1144, 0.5892, 0.5423, 0.1328, 0.2075, 0.2072),
}
"""a0, a1, ..., b1, b2, ...: fitted here to LeakyReLU(0.01) by least squares on [-3, 3]; four
digits of them are at most 0.030 and 0.114 off."""


def _by_descending(coefficients, r, wide):
    """``SCALE`` times ``c0 r^n + ... + cn``, where ``wide`` is ``SCALE * r``."""
    total = coefficients[0]
    for coefficient in coefficients[1:-1]:
        total = total * r + coefficient
    return total * wide + coefficients[-1] * SCALE


def _times(m, coefficient, x):
    """Their product, and 0 for a coefficient of 0 at an infinite x."""
    nothing = (m.absolute(x) >= float("inf")) & (coefficient >= 0) & (coefficient <= 0)
    return m.where(nothing, 0, coefficient * x)


def _polynomial(m, coefficients, x):
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = -(-coefficient - _times(m, total, x))
    return total


def _sides(m, x, degrees):
    """x near 0; x far from 0, 1/x there, and that times ``SCALE``.

    Near 0 is as far as powers of x stay inside double's range. But a function that tends to a
    constant is the sum of two that do not, unless it is written in 1/x.
    """
    upper, lower = degrees
    edge = 2.0 ** (500 // (upper + lower)) if upper > lower else 1.0
    near, far = m.absolute(x) <= edge, m.absolute(x) > edge
    finite = m.absolute(x) < float("inf")
    # At the infinities 1/x is a constant, lest 0 times infinity reach the slope.
    wide = m.where(finite, 1 / (m.guard(x, far & finite, edge) * (1 / SCALE)), 0)
    return near, m.guard(x, near, 0), m.guard(x, far, edge), wide * (1 / SCALE), wide


def _slope_coefficients(above, below, sign):
    """Of (P'Q - PQ') as a polynomial in x, the sign of x standing for that of |x| / x."""
    total = [0.0] * max(len(above) + len(below) - 2, 1)
    for i, a in enumerate(above):
        for j, b in enumerate(below):
            # i = j cancels, and is left out rather than left to rounding.
            if i != j:
                term = (i - j) * a * b
                total[i + j - 1] = total[i + j - 1] + (term if j % 2 == 0 else sign * term)
    return total


def _formulas(degrees: tuple[int, int]) -> tuple[Formula, Formula]:
    """Value and slope, arranged for accuracy."""
    upper, lower = degrees

    def forward(m, x, **params):
        above, below = book.coefficients(m, degrees, params)
        near, s, t, r, wide = _sides(m, x, degrees)
        inside = book.horner(above, s) / book.horner(below, m.absolute(s))
        bottom = _by_descending(below, m.absolute(r), m.absolute(wide))
        top = _by_descending(_filled(above[: lower + 1], lower), r, wide)
        outside = top / bottom
        if upper > lower:
            lead = _times(m, above[-1], t * (1 / SCALE))
            outside = lead / bottom * SCALE * SCALE + outside
        if lower % 2:
            outside = m.where(x < 0, -outside, outside)
        return m.where(near, inside, outside)

    def derivative(m, x, **params):
        above, below = book.coefficients(m, degrees, params)
        near, s, _, r, wide = _sides(m, x, degrees)
        top = _slope_coefficients(above, below, book.sign(m, x))
        bottom = book.horner(below, m.absolute(s))
        inside = book.horner(top, s) / bottom / bottom
        bottom = _by_descending(below, m.absolute(r), m.absolute(wide))
        outside = _by_descending(_filled(top, 2 * lower), r, wide) / bottom
        return m.where(near, inside, outside * SCALE / bottom)

    def polynomial(m, x, **params):
        return _polynomial(m, book.coefficients(m, degrees, params)[0], x)

    def polynomial_derivative(m, x, **params):
        above = book.coefficients(m, degrees, params)[0]
        return _polynomial(m, _slope_coefficients(above, [1.0], 1), x)

    if lower == 0:
        return polynomial, polynomial_derivative
    return forward, derivative


def _filled(coefficients, degree: int):
    return [*coefficients, *([0.0] * (degree + 1 - len(coefficients)))]


def _start(degrees: tuple[int, int]) -> dict[str, float]:
    """The default of each coefficient: x / (1 + |x|/n)^n where nothing better is listed."""
    upper, lower = degrees
    plain = [float(i == 1) for i in range(upper + 1)]
    power = 1.0
    for j in range(1, lower + 1):
        power *= (lower - j + 1) / (j * lower)  # the binomial coefficient, over n^j
        plain.append(power)
    above, below = book.coefficient_names(degrees)
    return dict(zip([*above, *below], DEFAULTS.get(degrees, plain), strict=True))


def _plain_traits(lower: int) -> Traits:
    """The traits of ``x / (1 + |x|/n)^n``, which for n = 0 stands for x itself."""
    top = float("inf") if lower == 0 else (1 - 1 / lower) ** (lower - 1)
    return Traits(
        monotone=lower <= 1,
        convex=lower == 0,
        odd=True,
        smoothness=1 if lower else float("inf"),
        low=-top,
        high=top,
        lipschitz=1.0,
    )


def _unbounded(lipschitz: float) -> Traits:
    return Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=0,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=lipschitz,
    )


TRAITS = {(5, 4): _unbounded(1.0350804559539738), (3, 2): _unbounded(1.0558900024260658)}

MOLINA = Reference(
    "Molina, Schramowski, Kersting",
    2019,
    "Pade activation units: end-to-end learning of flexible activation functions in deep networks",
    "arXiv:1907.06732",
)
BOULLE = Reference(
    "Boulle, Nakatsukasa, Townsend", 2020, "Rational neural networks", "arXiv:2004.01902"
)


def _notes(degrees: tuple[int, int]) -> tuple[str, ...]:
    upper, lower = degrees
    if lower == 0:
        return ("A polynomial, which starts as x.",)
    start = f"Starts as x / (1 + |x|/{lower})^{lower}."
    if degrees in DEFAULTS:
        start = "Starts near LeakyReLU(0.01) on [-3, 3], fitted to it by least squares."
    notes = [
        "No poles: the denominator is 1 + |b1 x| + |b2 x^2| + ..., version A of the code of "
        "Molina et al.; their paper writes 1 + |b1 x + b2 x^2 + ...|.",
        start,
        f"b{lower} is positive, so that the denominator has its degree; of every other b only "
        "the size counts.",
        "Odd powers of |x| let the slope jump at 0; at 0 itself it is a1, its mean.",
    ]
    if upper > lower:
        notes.append(
            f"Far from 0 it is about a{upper}/b{lower} x on both sides, whatever it was fitted to."
        )
    if degrees == (3, 2):
        notes.append(
            "Boulle et al. start at a = (0.0218, 0.5, 1.5957, 1.1915), b = (0, 2.383), near ReLU "
            "on [-1, 1]."
        )
    return tuple(notes)


@functools.cache
def _made(upper: int, lower: int) -> Activation:
    degrees = (upper, lower)
    default = _start(degrees)
    above, below = book.coefficient_names(degrees)
    forward, derivative = _formulas(degrees)
    textbook, textbook_derivative = book.textbook(degrees)
    params = [Param(name, default[name], meaning=f"of x^{i}", learnable=True)
              for i, name in enumerate(above)]  # fmt: skip
    for j, name in enumerate(below, 1):
        domain = Domain(0.0) if j == lower else Domain()
        params.append(Param(name, default[name], domain, f"of |x|^{j}", learnable=True))
    joint = Joint("0", lambda **_: 0.0, "a1", lambda **params: params["a1"])
    return Activation(
        name="rational" if degrees == (5, 4) else f"rational_{upper}_{lower}",
        title=f"Rational: a polynomial of degree {upper} over a safe one of degree {lower}",
        forward=forward,
        derivative=derivative,
        textbook=textbook,
        textbook_derivative=textbook_derivative,
        terms=book.terms(degrees, forward),
        params=tuple(params),
        joints=(joint,) if below else (),
        aliases=("pau", "rational_5_4") if degrees == (5, 4) else (),
        traits=TRAITS.get(degrees) or _plain_traits(lower),
        references=(BOULLE, MOLINA) if degrees == (3, 2) else (MOLINA, BOULLE),
        family="rational",
        use="Where the network should learn the shape of its activations, one per layer.",
        notes=_notes(degrees),
        # Two polynomials, each rounded at every step of its evaluation.
        float64_ulp=8,
    )


def rational(numerator_degree: int, denominator_degree: int) -> Activation:
    """The rational activation of given degrees, whose coefficients are its parameters.

    Formula: ``(a0 + a1 x + ... + am x^m) / (1 + |b1 x| + ... + |bn x^n|)``.

    The same degrees always give the same definition. (5, 4) and (3, 2) start near
    LeakyReLU(0.01), every other as ``x / (1 + |x|/n)^n``.

    Args:
        numerator_degree: m, an integer from 1 to n + 1, or to 16 where n = 0.
        denominator_degree: n, an integer from 0 (a polynomial) to 16.

    Raises:
        TypeError: a degree is not an integer.
        ValueError: a degree is outside its range.

    Reference:
        Molina, Schramowski, Kersting (2019), arXiv:1907.06732.

    Example:
        >>> from actlab.defs.rational import rational
        >>> rational(2, 1)
        <Activation rational_2_1(a0=0, a1=1, a2=0, b1=1)>
        >>> rational(2, 1) is rational(2, 1)
        True
    """
    given = {"numerator_degree": numerator_degree, "denominator_degree": denominator_degree}
    for name, degree in given.items():
        if isinstance(degree, bool) or not isinstance(degree, int):
            raise TypeError(f"rational: {name} must be an integer, got {degree!r}")
    if not 0 <= denominator_degree <= HIGHEST:
        raise ValueError(
            f"rational: denominator_degree must be from 0 to {HIGHEST}, got {denominator_degree}"
        )
    most = _most(denominator_degree)
    if not 1 <= numerator_degree <= most:
        raise ValueError(
            f"rational: numerator_degree must be from 1 to {most} for a denominator of degree "
            f"{denominator_degree}, got {numerator_degree}"
        )
    return _made(numerator_degree, denominator_degree)


def _most(denominator_degree: int) -> int:
    """The largest degree above a denominator: a function that grows like a line at most."""
    return denominator_degree + 1 if denominator_degree else HIGHEST


def __getattr__(name: str) -> Activation:
    """A definition by its name, so that those of any degree can be found again and pickled."""
    family, *given = name.split("_")
    if family == "rational" and len(given) == 2 and all(one.isdecimal() for one in given):
        upper, lower = map(int, given)
        if name == f"rational_{upper}_{lower}" and lower <= HIGHEST and 1 <= upper <= _most(lower):
            return _made(upper, lower)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


RATIONAL = rational(5, 4)
RATIONAL_3_2 = rational(3, 2)
