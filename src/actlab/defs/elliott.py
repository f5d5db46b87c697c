"""Elliott's sigmoid: a rational replacement of the logistic function."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    return x / 2 / (1 + m.absolute(x)) + 1 / 2


def textbook_derivative(m, x):
    return 1 / (2 * (1 + m.absolute(x)) ** 2)


def forward(m, x):
    below = m.guard(x, (float("-inf"), 0), 0)
    above = m.guard(x, (0, float("inf")), 0)
    return m.where(x < 0, 0.5 / (1 - below), 1 - 0.5 / (1 + above))


def derivative(m, x):
    share = 1 / (1 + m.absolute(x))
    return 0.5 * share * share


ELLIOTT = Activation(
    name="elliott",
    title="Elliott: the sigmoid made of softsign, x / 2 / (1 + |x|) + 1 / 2",
    family="sigmoid",
    use="For gates in (0, 1) without exponentials, where heavy tails are welcome.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(Joint("0", lambda: 0.0, "1/2", lambda: 0.5),),
    aliases=("elliott_sigmoid",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=1,
        low=0.0,
        high=1.0,
        lipschitz=0.5,
    ),
    references=(
        Reference(
            "Elliott",
            1993,
            "A better activation function for artificial neural networks",
            "ISR Technical Report TR 93-8, University of Maryland",
        ),
    ),
    notes=("Equals (1 + softsign(x)) / 2.", "Its slope at 0 is 1/2, twice the sigmoid's."),
)
