"""Cosine: the activation of random Fourier features."""

from actlab.core import Activation, Domain, Param, Reference, Traits
from actlab.defs.sine import far_from_0


def forward(m, x, *, omega):
    return m.cos(x, omega)


def derivative(m, x, *, omega):
    return -omega * m.sin(x, omega)


def value_terms(m, x, *, omega):
    return far_from_0(m, omega * x, m.cos(x, omega))


def slope_terms(m, x, *, omega):
    return omega * far_from_0(m, omega * x, m.sin(x, omega))


def omega_terms(m, x, *, omega):
    return m.absolute(x) * far_from_0(m, omega * x, m.sin(x, omega))


COSINE = Activation(
    name="cosine",
    title="Cosine: cos(omega x), the activation of random Fourier features",
    forward=forward,
    derivative=derivative,
    terms={"value": value_terms, "slope": slope_terms, "d/domega": omega_terms},
    params=(Param("omega", 1.0, Domain(0.0), "angular frequency"),),
    aliases=("cos",),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Rahimi, Recht",
            2007,
            "Random features for large-scale kernel machines",
            "NIPS 2007",
        ),
    ),
    family="periodic",
    use="Random Fourier features: a fixed random layer, then a phase and this, for kernel methods.",
    notes=(
        "With a phase added to x this is a sine; without one it is even, and flat at 0.",
        "NaN at the infinities, where it has no limit.",
    ),
)
