"""The logistic sigmoid."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return 1 / (1 + m.exp(-x))


def forward(m, x):
    return m.sigmoid(x)


def derivative(m, x):
    return m.sigmoid(x) * m.sigmoid(-x)


SIGMOID = Activation(
    name="sigmoid",
    title="sigmoid: the logistic function",
    family="sigmoid",
    use="For gates and probabilities; as a hidden unit of a deep network its gradients vanish.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    aliases=("logistic",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=1.0,
        lipschitz=0.25,
    ),
    references=(
        Reference(
            "Rumelhart, Hinton, Williams",
            1986,
            "Learning representations by back-propagating errors",
            "Nature 323",
        ),
    ),
)
