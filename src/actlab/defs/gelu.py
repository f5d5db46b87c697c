"""GELU: the input weighted by the normal probability of lying below it, and its tanh form."""

from actlab.core import Activation, HalfTypes, Reference, Traits

CUBIC = 0.044715
FAR = 40.0
"""Beyond +-40 the weight differs from 0 or 1 by less than any double can show."""


def textbook(m, x):
    return x * m.normal_cdf(x)


def textbook_derivative(m, x):
    return m.normal_cdf(x) + x * m.normal_density(x)


def forward(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return m.where(x < -FAR, 0, m.where(x <= FAR, middle * m.normal_cdf(middle), x))


def derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    slope = m.normal_cdf(middle) + middle * m.normal_density(middle)
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


def tanh_textbook(m, x):
    return x / 2 * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + CUBIC * x**3)))


def tanh_textbook_derivative(m, x):
    inner = m.tanh(m.sqrt(2 / m.pi) * (x + CUBIC * x**3))
    rise = m.sqrt(2 / m.pi) * (1 + 3 * (CUBIC * x**2))
    return (1 + inner) / 2 + x / 2 * (1 - inner**2) * rise


def _tanh_argument(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    return middle, 2 * m.sqrt(2 / m.pi) * (middle + CUBIC * (middle * middle * middle))


def tanh_forward(m, x):
    middle, argument = _tanh_argument(m, x)
    # (1 + tanh z) / 2 = sigmoid(2 z), which does not cancel in the left tail.
    return m.where(x < -FAR, 0, m.where(x <= FAR, middle * m.sigmoid(argument), x))


def _tanh_half_argument(m, x):
    """With fewer roundings: the left tail multiplies each of them by ten."""
    middle = m.guard(x, (-FAR, FAR), 0)
    steep, square = 2 * m.sqrt(2 / m.pi), middle * middle
    return middle, steep, square, middle * m.fma(square, steep * CUBIC, steep)


def tanh_half_forward(m, x):
    middle, _, _, argument = _tanh_half_argument(m, x)
    return m.where(x < -FAR, 0, m.where(x <= FAR, middle * m.sigmoid(argument), x))


def tanh_half_derivative(m, x):
    middle, steep, square, argument = _tanh_half_argument(m, x)
    weight, rest = m.sigmoid(argument), m.sigmoid(-argument)
    slope = weight * m.fma(middle * rest, m.fma(square, steep * 3 * CUBIC, steep), 1)
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


def tanh_derivative(m, x):
    middle, argument = _tanh_argument(m, x)
    weight, rest = m.sigmoid(argument), m.sigmoid(-argument)
    rise = 2 * m.sqrt(2 / m.pi) * (1 + 3 * (CUBIC * (middle * middle)))
    slope = weight * (1 + middle * (rest * rise))
    return m.where(x < -FAR, 0, m.where(x <= FAR, slope, 1))


_SOURCE = Reference(
    "Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)", "arXiv:1606.08415"
)

GELU = Activation(
    name="gelu",
    title="GELU: the Gaussian error linear unit, x times the normal CDF",
    family="self-gated",
    use="The usual choice in transformers, with normalisation around it.",
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
        low=-0.16997120747990369,
        high=float("inf"),
        lipschitz=1.1289041451202974,
    ),
    references=(_SOURCE,),
    notes=("0 at -inf and inf at inf; the usual product x Phi(x) gives NaN at -inf.",),
    float64_ulp=2048,
)

GELU_TANH = Activation(
    name="gelu_tanh",
    title="GELU, tanh form: the classic approximation of GELU",
    family="self-gated",
    use="Where a model was trained with this approximation, as GPT-2 was; otherwise take GELU.",
    forward=tanh_forward,
    derivative=tanh_derivative,
    textbook=tanh_textbook,
    textbook_derivative=tanh_textbook_derivative,
    half_types=HalfTypes(
        forward=tanh_half_forward,
        derivative=tanh_half_derivative,
        traced=tanh_half_forward,
    ),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.1700407505712541,
        high=float("inf"),
        lipschitz=1.1289930686587721,
    ),
    references=(_SOURCE,),
    notes=("0 at -inf and inf at inf.",),
    float64_ulp=2048,
)
