"""CoLU: the collapsing linear unit."""

from actlab.core import Activation, HalfTypes, Reference, Traits

LEFT = -800.0
"""Below -800 the value, about -e^x, is smaller than any double."""
RIGHT = 8.0
"""From here on exp(-e^x) is 0 to a thousand digits, and the function the identity."""


def textbook(m, x):
    return x / (1 - x * m.exp(-(x + m.exp(x))))


def textbook_derivative(m, x):
    bell = m.exp(-(x + m.exp(x)))
    return (1 - x**2 * (1 + m.exp(x)) * bell) / (1 - x * bell) ** 2


def _sides(m, x):
    """x on either side of 0, with e^x and exp(-e^x) below, and e^-x and exp(-e^x) above."""
    left, right = m.guard(x, (LEFT, 0), 0), m.guard(x, (0, RIGHT), 0)
    e = m.exp(left)
    return left, right, e, m.exp(-e), m.exp(-right), m.exp(-m.exp(right))


def _joined(m, x, below, above, identity):
    return m.where(x < LEFT, 0, m.where(x <= 0, below, m.where(x <= RIGHT, above, identity)))


def forward(m, x):
    left, right, e, rest, w, thin = _sides(m, x)
    # Below 0 both sides of the fraction times e^x: nothing overflows or cancels.
    below = m.scaled_exp(left / (e - left * rest), left)
    return _joined(m, x, below, right / (1 - right * (w * thin)), x)


def _slope(m, x, sign):
    left, right, e, rest, w, thin = _sides(m, x)
    lower = e - left * rest
    below = m.scaled_exp((e - sign * (left * left * rest * (1 + e))) / (lower * lower), left)
    upper = 1 - right * (w * thin)
    above = (1 - sign * (right * right * ((1 + w) * thin))) / (upper * upper)
    return _joined(m, x, below, above, 1)


def derivative(m, x):
    return _slope(m, x, 1)


def slope_terms(m, x):
    return _slope(m, x, -1)


COLU = Activation(
    name="colu",
    title="CoLU: the collapsing linear unit, x / (1 - x exp(-(x + e^x)))",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.37715856839612916,
        high=float("inf"),
        lipschitz=1.0828346006761451,
    ),
    references=(
        Reference("Vagerwal", 2021, "Deeper learning with CoLU activation", "arXiv:2112.12078"),
    ),
    family="self-gated",
    use="To repeat published comparisons with SiLU and Mish, to which it is close.",
    terms={"slope": slope_terms},
    # x + e^x is rounded before the exponential, and the slope multiplies three such factors.
    float64_ulp=8,
    notes=(
        "About -e^x far below 0, without the factor x that other gated units have there.",
        "0 at -inf; the formula as written overflows below x = -6 or so in half precision and "
        "gives NaN at -inf.",
    ),
)
