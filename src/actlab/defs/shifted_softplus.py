"""Shifted softplus: softplus lowered so that it passes through the origin."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return m.log((1 + m.exp(x)) / 2)


def forward(m, x):
    below = m.guard(x, (float("-inf"), 0), 0)
    middle = m.guard(x, (0, 1), 0)
    above = m.guard(x, (1, float("inf")), 1)
    # All are log((1 + e^x) / 2); next to 0 it must be the logarithm of 1 plus what is small.
    small = -0.5 * (m.expm1(-middle) / m.exp(-middle))
    return m.where(
        x <= 0,
        m.log1p(0.5 * m.expm1(below)),
        m.where(x <= 1, m.log1p(small), above + m.log1p(0.5 * m.expm1(-above))),
    )


def derivative(m, x):
    return m.sigmoid(x)


SHIFTED_SOFTPLUS = Activation(
    name="shifted_softplus",
    title="Shifted softplus: log((1 + e^x) / 2), a softplus with f(0) = 0",
    family="smooth rectifier",
    use="For networks whose outputs are differentiated, such as energies that give forces.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    aliases=("ssp",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=-0.6931471805599453,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Schütt, Kindermans, Sauceda, Chmiela, Tkatchenko, Müller",
            2017,
            "SchNet: a continuous-filter convolutional neural network for modeling quantum "
            "interactions",
            "arXiv:1706.08566",
        ),
    ),
    notes=(
        "Softplus less log 2; near 0 this form keeps the digits that the difference would lose.",
    ),
)
