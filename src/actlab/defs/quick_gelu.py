"""Quick GELU: the sigmoid approximation of GELU."""

from actlab.core import Activation, Equivalent, HalfTypes, Reference, Traits

RATE = 1.702
FAR = 800.0
"""Where 1.702 |x| is larger, the sigmoid differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return x * m.sigmoid(RATE * x)


def textbook_derivative(m, x):
    s = m.sigmoid(RATE * x)
    return s * (1 + RATE * x * (1 - s))


def _sides(m, x):
    left, right = m.guard(x, (-FAR / RATE, 0), 0), m.guard(x, (0, FAR / RATE), 0)
    return left, right, RATE * left, RATE * right


def _joined(m, x, below, above, identity):
    inside = m.where(x <= 0, below, m.where(x <= FAR / RATE, above, identity))
    return m.where(x < -FAR / RATE, 0, inside)


def forward(m, x):
    left, right, low, high = _sides(m, x)
    below = m.scaled_exp(left, low) / (1 + m.exp(low))
    return _joined(m, x, below, right / (1 + m.exp(-high)), x)


def _slope(m, x, sign):
    _, _, low, high = _sides(m, x)
    rest = 1 / (1 + m.exp(low))
    below = rest * m.scaled_exp(1 + sign * (low * rest), low)
    return _joined(m, x, below, m.sigmoid(high) * (1 + high * m.sigmoid(-high)), 1)


def derivative(m, x):
    return _slope(m, x, 1)


def slope_terms(m, x):
    return _slope(m, x, -1)


QUICK_GELU = Activation(
    name="quick_gelu",
    title="Quick GELU: x sigmoid(1.702 x), the sigmoid approximation of GELU",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("gelu_sigmoid",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.1636101896363536,
        high=float("inf"),
        lipschitz=1.0998393194980503,
    ),
    references=(
        Reference(
            "Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)", "arXiv:1606.08415"
        ),
    ),
    family="self-gated",
    use="To load models that were trained with it, such as CLIP; for new ones exact GELU is the "
    "better choice.",
    equivalents=(Equivalent("swish_beta", "beta = 1.702", lambda: {"beta": RATE}),),
    terms={"slope": slope_terms},
    notes=(
        "Differs from GELU by up to 0.0203, at |x| = 2.27.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    # The rounding of 1.702 x is magnified by the exponential of the left tail.
    float64_ulp=1024,
)
