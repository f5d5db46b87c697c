"""The absolute value."""

from actlab.core import Activation, Direct, HalfTypes, Joint, Reference, Traits


def forward(m, x):
    return m.absolute(x)


def derivative(m, x):
    return m.where(x > 0, 1, m.where(x < 0, -1, 0))


ABSOLUTE = Activation(
    name="absolute",
    title="Absolute value: both signs are rectified to the positive",
    family="rectifier",
    use="Where the sign of a feature carries no meaning, such as the polarity of an edge.",
    forward=forward,
    derivative=derivative,
    joints=(Joint("0", lambda: 0.0, "0", lambda: 0.0),),
    direct=Direct(usable=lambda m: True),
    aliases=("modulus",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=True,
        odd=False,
        smoothness=0,
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Jarrett, Kavukcuoglu, Ranzato, LeCun",
            2009,
            "What is the best multi-stage architecture for object recognition?",
            "ICCV 2009",
        ),
        Reference(
            "Vallés-Pérez, Soria-Olivas, Martínez-Sober, Serrano-López, Vila-Francés, "
            "Gómez-Sanchís",
            2023,
            "Empirical study of the modulus as activation function in computer vision applications",
            "arXiv:2301.05993",
        ),
    ),
    notes=(
        "Its slope has size 1 everywhere but at x = 0, where it is taken as 0, as PyTorch does.",
    ),
)
