"""SQNL: the square non-linearity, a sigmoid made of two parabolas."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    rising = m.where(x < 0, x + x**2 / 4, x - x**2 / 4)
    return m.where(x < -2, -1, m.where(x <= 2, rising, 1))


def textbook_derivative(m, x):
    rising = m.where(x < 0, 1 + x / 2, 1 - x / 2)
    return m.where(x < -2, 0, m.where(x <= 2, rising, 0))


def forward(m, x):
    size = m.absolute(x)
    near = m.guard(x, (-1, 1), 0)
    # From 1 to 2 the distance from the limit, whose slope does not cancel at 2.
    rest = 1 - 0.5 * m.guard(size, (1, 2), 1)
    outer = 1 - rest * rest
    rising = m.where(size <= 1, near * (1 - 0.25 * m.absolute(near)), m.where(x < 0, -outer, outer))
    return m.where(x <= -2, -1, m.where(x < 2, rising, 1))


def derivative(m, x):
    middle = m.guard(x, (-2, 2), 0)
    return m.where(x <= -2, 0, m.where(x < 2, 1 - 0.5 * m.absolute(middle), 0))


SQNL = Activation(
    name="sqnl",
    title="SQNL: the square non-linearity, two parabolas between -1 and 1",
    family="sigmoid",
    use="In place of tanh on hardware without exponentials.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(
        Joint("-2", lambda: -2.0, "0", lambda: 0.0),
        Joint("0", lambda: 0.0, "1", lambda: 1.0),
        Joint("2", lambda: 2.0, "0", lambda: 0.0),
    ),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=1,
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
        dead=(-float("inf"), -2.0),
        dead_above=(2.0, float("inf")),
    ),
    references=(
        Reference(
            "Wuraola, Patel",
            2018,
            "SQNL: a new computationally efficient activation function",
            "IJCNN 2018",
        ),
    ),
    notes=("Beyond -2 and 2 the slope is exactly 0: a saturated unit does not learn.",),
)
