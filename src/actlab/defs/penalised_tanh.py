"""Penalised tanh: a tanh whose negative side is scaled down."""

from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
    moderate,
)


def textbook(m, x, *, a):
    return m.where(x > 0, m.tanh(x), a * m.tanh(x))


def textbook_derivative(m, x, *, a):
    return m.where(x > 0, 1 - m.tanh(x) ** 2, a * (1 - m.tanh(x) ** 2))


def forward(m, x, *, a):
    return m.where(x > 0, 1, a) * m.tanh(x)


def derivative(m, x, *, a):
    # 1 - tanh^2 cancels in both tails.
    return m.where(x > 0, 4, 4 * a) * (m.sigmoid(2 * x) * m.sigmoid(-2 * x))


PENALISED_TANH = Activation(
    name="penalised_tanh",
    title="Penalised tanh: tanh(x) above 0, a tanh(x) below",
    family="sigmoid",
    use="For a saturating unit that trains nearly as well as a leaky rectifier.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("a", 0.25, Domain(0.0, 1.0, closed_high=True), "scale of the negative side"),),
    joints=(Joint("0", lambda a: 0.0, "a", lambda a: a),),
    aliases=("penalized_tanh",),
    half_types=HalfTypes(lambda m, *, a: moderate(m, a)),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=-0.25,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Xu, Huang, Li", 2016, "Revise saturated activation functions", "arXiv:1602.05980"
        ),
        Reference(
            "Eger, Youssef, Gurevych",
            2018,
            "Is it time to swish? Comparing deep learning activation functions across NLP tasks",
            "EMNLP 2018",
        ),
    ),
    equivalents=(Equivalent("tanh", "", lambda a: {}, when={"a": 1.0}),),
    notes=("At x = 0 the slope is taken as a, that of the left side.",),
)
