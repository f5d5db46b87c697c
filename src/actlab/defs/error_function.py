"""The error function: a sigmoid with the tails of the normal law."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook_derivative(m, x):
    return 2 / m.sqrt(m.pi) * m.exp(-(x**2))


FAR = 40.0
"""Beyond +-40 the slope is less than any double can show."""

SPLITTER = 134217729.0
"""2^27 + 1: (c x) - (c x - x) is x in half the digits, whose square is exact."""


def forward(m, x):
    return m.erf(x)


def derivative(m, x):
    middle = m.guard(x, (-FAR, FAR), 0)
    wide = SPLITTER * middle
    high = wide - (wide - middle)
    # exp(-x^2) is exp(-high^2) exp(-rest), and rest is below 2^-16.
    rest = (middle - high) * (middle + high)
    small = 1 - rest * (1 - rest * (0.5 - rest * (1 / 6)))
    slope = m.scaled_exp(2 / m.sqrt(m.pi) * small, -(high * high))
    return m.where(m.absolute(x) <= FAR, slope, 0)


def half_derivative(m, x):
    return 2 / m.sqrt(m.pi) * m.exp(-(x * x))


def traced_slope_terms(m, x):
    """Torch's own rule rounds x^2 before the exponential, an error that x^2 multiplies."""
    return (1 + x * x) * derivative(m, x)


ERROR_FUNCTION = Activation(
    name="error_function",
    title="Error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x",
    forward=forward,
    derivative=derivative,
    textbook_derivative=textbook_derivative,
    terms={"traced slope": traced_slope_terms},
    aliases=("erf",),
    # The square of a half type is exact in single precision.
    half_types=HalfTypes(derivative=half_derivative),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-1.0,
        high=1.0,
        lipschitz=1.1283791670955126,
    ),
    references=(Reference("Williams", 1996, "Computing with infinite networks", "NIPS 1996"),),
    family="sigmoid",
    use="Theory of wide networks, whose Gaussian averages have closed forms with it.",
    notes=("2 Phi(sqrt(2) x) - 1, where Phi is the normal distribution function.",),
)
