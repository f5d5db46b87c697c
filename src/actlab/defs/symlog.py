"""Symlog: a logarithm that takes either sign and is the identity near 0."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    return m.where(x < 0, -m.log(1 - x), m.log(1 + x))


def textbook_derivative(m, x):
    return 1 / (1 + m.absolute(x))


def forward(m, x):
    size = m.log1p(m.absolute(x))
    return m.where(x < 0, -size, m.where(x > 0, size, x))


def derivative(m, x):
    return 1 / (1 + m.absolute(x))


SYMLOG = Activation(
    name="symlog",
    title="Symlog: sign(x) log(1 + |x|)",
    family="other",
    use="For inputs and targets of unknown and very different sizes, such as rewards.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(Joint("0", lambda: 0.0, "1", lambda: 1.0),),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=1,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Hafner, Pasukonis, Ba, Lillicrap",
            2023,
            "Mastering diverse domains through world models (DreamerV3)",
            "arXiv:2301.04104",
        ),
    ),
    notes=(
        "Its inverse is symexp, sign(x) (e^|x| - 1).",
        "The curvature jumps from 1 to -1 at 0; arcsinh is alike and smooth.",
    ),
)
