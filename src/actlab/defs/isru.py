"""ISRU: the inverse square root unit, an algebraic tanh."""

from actlab.core import Activation, Domain, Param, Reference, Traits

LARGE = 2.0**600
"""Beyond this alpha x^2 the 1 added to it makes no difference to the slope."""


def textbook(m, x, *, alpha):
    return x / m.sqrt(1 + alpha * x**2)


def textbook_derivative(m, x, *, alpha):
    return 1 / m.sqrt(1 + alpha * x**2) ** 3


def forward(m, x, *, alpha):
    near = alpha * x * x <= 1
    s = m.guard(x, near, 0)
    # Beyond, as a share of the limit: the quotient's derivative would cancel.
    limit = m.sqrt(1 / alpha)
    w = limit / m.guard(m.absolute(x), alpha * x * x > 1, 1)
    outside = limit / m.sqrt(1 + w * w)
    inside = s / m.sqrt(1 + alpha * s * s)
    return m.where(near, inside, m.where(x < 0, -outside, outside))


def derivative(m, x, *, alpha):
    near = alpha * x * x <= LARGE
    s = m.guard(x, near, 0)
    q = 1 + alpha * s * s
    large = m.guard(x, alpha * x * x > LARGE, 1)
    v = 1 / (alpha * large * large)
    return m.where(near, 1 / (q * m.sqrt(q)), v * m.sqrt(v))


ISRU = Activation(
    name="isru",
    title="ISRU: the inverse square root unit, x / sqrt(1 + alpha x^2)",
    family="sigmoid",
    use="In place of tanh where exponentials are slow; its slope falls as a power, not as e^x.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("alpha", 1.0, Domain(0.0), "1 / alpha is the square of the limit"),),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Carlile, Delamarter, Kinney, Marti, Whitney",
            2017,
            "Improving deep learning by inverse square root linear units (ISRLUs)",
            "arXiv:1710.09967",
        ),
    ),
    notes=("It tends to +-1 / sqrt(alpha).", "The lower half of ISRLU on both sides."),
    # The slope is a third power, which triples the error of what is raised to it.
    float64_ulp=8,
)
