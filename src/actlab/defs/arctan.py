"""Arctan: the inverse tangent, a sigmoid with slow tails."""

from actlab.core import Activation, Reference, Traits


def textbook_derivative(m, x):
    return 1 / (1 + x**2)


def forward(m, x):
    return m.arctan(x)


def derivative(m, x):
    far = m.absolute(x) > 1
    s, r = m.guard(x, (-1, 1), 0), 1 / m.guard(x, far, 1)
    square = r * r
    return m.where(far, square / (1 + square), 1 / (1 + s * s))


ARCTAN = Activation(
    name="arctan",
    title="Arctan: the inverse tangent",
    forward=forward,
    derivative=derivative,
    textbook_derivative=textbook_derivative,
    aliases=("atan",),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-1.5707963267948966,
        high=1.5707963267948966,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Kamruzzaman",
            2002,
            "Arctangent activation function to accelerate backpropagation learning",
            "IEICE Transactions on Fundamentals E85-A(10), 2373-2376",
        ),
    ),
    family="sigmoid",
    use="In place of tanh where saturated units should keep a gradient.",
    notes=("Its slope falls like 1 / x^2, that of tanh like e^(-2|x|).",),
)
