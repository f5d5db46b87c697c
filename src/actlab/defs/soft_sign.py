"""Softsign: x over 1 + |x|."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    return x / (1 + m.absolute(x))


def textbook_derivative(m, x):
    return 1 / (1 + m.absolute(x)) ** 2


def forward(m, x):
    size = m.absolute(x)
    near = size <= 1
    inside = m.guard(x, near, 0)
    # Far away 1 less a share: differentiating the quotient would cancel there.
    beyond = 1 - 1 / (1 + m.guard(size, size > 1, 1))
    return m.where(near, inside / (1 + m.absolute(inside)), m.where(x < 0, -beyond, beyond))


def derivative(m, x):
    share = 1 / (1 + m.absolute(x))
    return share * share


SOFT_SIGN = Activation(
    name="soft_sign",
    title="Softsign: x / (1 + |x|)",
    family="sigmoid",
    use="In place of tanh where saturation should set in slowly: the slope falls as 1 / x^2.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(Joint("0", lambda: 0.0, "1", lambda: 1.0),),
    aliases=("softsign",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=1,
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Elliott",
            1993,
            "A better activation function for artificial neural networks",
            "ISR Technical Report TR 93-8, University of Maryland",
        ),
        Reference(
            "Bergstra, Desjardins, Lamblin, Bengio",
            2009,
            "Quadratic polynomials learn better image features",
            "Technical Report 1337, Universite de Montreal",
        ),
        Reference(
            "Glorot, Bengio",
            2010,
            "Understanding the difficulty of training deep feedforward neural networks",
            "AISTATS 2010",
        ),
    ),
    notes=(
        "The curvature jumps from 2 to -2 at 0, so it is C^1 only.",
        "Its values reach 0.9 at x = 9 only; tanh's do at x = 1.47.",
    ),
)
