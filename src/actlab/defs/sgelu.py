"""SGELU: the symmetrical Gaussian error linear unit."""

from actlab.core import Activation, Domain, Param, Reference, Traits

FAR = 40.0
"""Beyond +-40 the error function is +-1 to hundreds of digits."""
TINY = 1e-100
"""Up to here erf(x / sqrt(2)) is linear to 200 digits. Where x is subnormal it has too few digits
left to be multiplied by alpha afterwards."""


def textbook(m, x, *, alpha):
    return alpha * x * m.erf(x / m.sqrt(2))


def textbook_derivative(m, x, *, alpha):
    return alpha * (m.erf(x / m.sqrt(2)) + 2 * x * m.normal_density(x))


def _parts(m, x):
    """x near 0, x between there and +-FAR, and erf's slope there."""
    return m.guard(x, (-TINY, TINY), 0), m.guard(x, (-FAR, FAR), 0), m.sqrt(2 / m.pi)


def _joined(m, x, near, middle, below, above):
    inside = m.where(m.absolute(x) <= TINY, near, middle)
    return m.where(x < -FAR, below, m.where(x <= FAR, inside, above))


def forward(m, x, *, alpha):
    near, middle, steep = _parts(m, x)
    inside = alpha * (middle * m.erf(middle * m.sqrt(0.5)))
    return _joined(m, x, alpha * steep * near * near, inside, -alpha * x, alpha * x)


def derivative(m, x, *, alpha):
    near, middle, steep = _parts(m, x)
    gate = m.erf(middle * m.sqrt(0.5))
    inside = alpha * (gate + 2 * (middle * m.normal_density(middle)))
    return _joined(m, x, 2 * (alpha * steep * near), inside, -alpha, alpha)


SGELU = Activation(
    name="sgelu",
    title="SGELU: the symmetrical Gaussian error linear unit, alpha x erf(x / sqrt(2))",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("alpha", 1.0, Domain(0.0), "slope far above 0"),),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=float("inf"),
        lipschitz=1.2578082903703096,
    ),
    references=(
        Reference(
            "Yu, Su", 2019, "Symmetrical Gaussian error linear units (SGELUs)", "arXiv:1911.03925"
        ),
    ),
    family="other",
    use="Where the sign of the input should not matter: a smooth |x|, quadratic near 0.",
    notes=(
        "Even: f(-x) = f(x), and the slope at 0 is 0.",
        "For alpha = 1 it is gelu(x) + gelu(-x).",
        "The source leaves alpha open; 1 is this library's default.",
    ),
)
