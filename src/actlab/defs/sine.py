"""Sine: a periodic activation, the one of SIREN."""

from actlab.core import Activation, Domain, Param, Reference, Traits


def forward(m, x, *, omega):
    return m.sin(x, omega)


def derivative(m, x, *, omega):
    return omega * m.cos(x, omega)


def value_terms(m, x, *, omega):
    return far_from_0(m, omega * x, m.sin(x, omega))


def slope_terms(m, x, *, omega):
    return omega * far_from_0(m, omega * x, m.cos(x, omega))


def omega_terms(m, x, *, omega):
    return m.absolute(x) * far_from_0(m, omega * x, m.cos(x, omega))


def far_from_0(m, angle, result):
    """From 2^30 on the angle is two numbers, and its sine a sum of products of both parts'."""
    return m.where(m.absolute(angle) > 2.0**30, 1, m.absolute(result))


SINE = Activation(
    name="sine",
    title="Sine: sin(omega x), the periodic activation of SIREN",
    forward=forward,
    derivative=derivative,
    terms={"value": value_terms, "slope": slope_terms, "d/domega": omega_terms},
    params=(Param("omega", 1.0, Domain(0.0), "angular frequency"),),
    aliases=("sin",),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Sopena, Romero, Alquezar",
            1999,
            "Neural networks with periodic and monotonic activation functions: a comparative "
            "study in classification problems",
            "ICANN 1999",
        ),
        Reference(
            "Sitzmann, Martel, Bergman, Lindell, Wetzstein",
            2020,
            "Implicit neural representations with periodic activation functions",
            "arXiv:2006.09661",
        ),
    ),
    family="periodic",
    use="Coordinate networks that represent images, sounds or fields, where derivatives matter.",
    notes=(
        "SIREN takes omega = 30, with weights drawn to match; plain sine networks take omega = 1.",
        "NaN at the infinities, where it has no limit.",
        "Large inputs fold onto one period, so that the loss has many local minima.",
    ),
)
