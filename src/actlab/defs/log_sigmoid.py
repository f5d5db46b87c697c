"""Log-sigmoid: the logarithm of the logistic sigmoid."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return m.log(1 / (1 + m.exp(-x)))


def textbook_derivative(m, x):
    return 1 / (1 + m.exp(x))


def forward(m, x):
    above = m.guard(x, (0, float("inf")), 0)
    below = m.guard(x, (float("-inf"), 0), 0)
    return m.where(x > 0, -m.log1p(m.exp(-above)), below - m.log1p(m.exp(below)))


def derivative(m, x):
    return m.sigmoid(-x)


LOG_SIGMOID = Activation(
    name="log_sigmoid",
    title="LogSigmoid: log(sigmoid(x)), minus the softplus of -x",
    family="other",
    use="For log-probabilities of yes-or-no outputs, in losses rather than between layers.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("logsigmoid",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-float("inf"),
        high=0.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Mikolov, Sutskever, Chen, Corrado, Dean",
            2013,
            "Distributed representations of words and phrases and their compositionality "
            "(log-sigmoid as the terms of its objective)",
            "arXiv:1310.4546",
        ),
    ),
    notes=(
        "log_sigmoid(x) = -softplus(-x).",
        "Concave, and never positive: a layer after it sees no positive input.",
    ),
)
