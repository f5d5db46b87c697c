"""Activations of the user's own, in the user's file, pass through the same suite."""

from actlab import Activation, Joint, Param, Reference, Traits
from actlab.testing import conformance


def forward(m, x, *, rate):
    return m.where(x > 0, x, m.guard(x, x <= 0, 0) / (1 + rate * -m.guard(x, x <= 0, 0)))


def derivative(m, x, *, rate):
    scale = 1 + rate * -m.guard(x, x <= 0, 0)
    return m.where(x > 0, 1, 1 / (scale * scale))


HALF_SOFTSIGN = Activation(
    name="half_softsign",
    title="The identity above 0, a softsign below",
    forward=forward,
    derivative=derivative,
    params=(Param("rate", 1.0, meaning="bend below 0"),),
    joints=(Joint("0", lambda rate: 0.0, "1", lambda rate: 1.0),),
    traits=Traits(
        monotone=True, convex=True, odd=False, smoothness=1,
        low=-1.0, high=float("inf"), lipschitz=1.0,
    ),
    references=(Reference("actlab", 2026, "An example for tests", "this file"),),
)  # fmt: skip

test_half_softsign = conformance(
    HALF_SOFTSIGN, groups=["definition", "traits", "saving", "modules"], tiers=["default"]
)


def squared(m, x):
    right = m.guard(x, x > 0, 0)
    return m.where(x <= 0, 0, right * right)


def twice(m, x):
    return m.where(x <= 0, 0, 2 * m.guard(x, x > 0, 0))


SQUARED_RELU = Activation(
    name="squared_relu",
    title="The square of the positive part, every branch of it guarded",
    forward=squared,
    derivative=twice,
    joints=(Joint("0", lambda: 0.0, "0", lambda: 0.0),),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=0.0,
        high=float("inf"),
        lipschitz=float("inf"),
        dead=(-float("inf"), 0.0),
    ),
    references=(Reference("So et al.", 2021, "Primer", "arXiv:2109.08668"),),
)

test_squared_relu = conformance(
    SQUARED_RELU, groups=["definition", "traits", "accuracy", "special", "transforms"]
)


def shifted(m, x, *, shift):
    return x + shift


def one(m, x, *, shift):
    return 1


SHIFTED = Activation(
    name="shifted",
    title="The identity plus a number, whose derivatives are constants",
    forward=shifted,
    derivative=one,
    params=(Param("shift", 0.5, meaning="what is added"),),
    terms={"value": lambda m, x, *, shift: m.absolute(x) + m.absolute(shift)},
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(Reference("actlab", 2026, "An example for tests", "this file"),),
)

test_shifted = conformance(
    SHIFTED, groups=["gradients", "saving", "special", "transforms"], tiers=["default"]
)
