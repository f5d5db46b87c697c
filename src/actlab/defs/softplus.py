"""Softplus: the logarithm of 1 + e^x."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return m.log1p(m.exp(x))


def forward(m, x):
    above = m.guard(x, (0, float("inf")), 0)
    below = m.guard(x, (float("-inf"), 0), 0)
    return m.where(x <= 0, m.log1p(m.exp(below)), x + m.log1p(m.exp(-above)))


def derivative(m, x):
    return m.sigmoid(x)


def half_forward(m, x):
    return m.where(x <= 0, 0, x) + m.log1p(m.exp(-m.absolute(x)))


SOFTPLUS = Activation(
    name="softplus",
    title="Softplus: log(1 + e^x)",
    family="smooth rectifier",
    use="To keep an output positive, such as a variance or a rate.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    half_types=HalfTypes(forward=half_forward),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Dugas, Bengio, Belisle, Nadeau, Garcia",
            2000,
            "Incorporating second-order functional knowledge for better option pricing",
            "NIPS 2000",
        ),
    ),
)
