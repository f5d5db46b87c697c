"""Hard mish: a parabola between 0 and the identity, in place of mish."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def forward(m, x):
    middle = m.guard(x, (-2, 0), 0)
    return m.where(x <= -2, 0, m.where(x < 0, middle * (middle + 2) / 2, x))


def derivative(m, x):
    return m.where(x <= -2, 0, m.where(x < 0, x + 1, 1))


def traced_slope_terms(m, x):
    # The product rule adds (x + 2) / 2 and x / 2, which cancel around the minimum.
    return m.where(x <= -2, 1, m.where(x < 0, (m.absolute(x + 2) + m.absolute(x)) / 2, 1))


HARD_MISH = Activation(
    name="hard_mish",
    title="Hard mish: x times a line clipped to [0, 1]",
    family="self-gated",
    use="In place of Mish where exponentials cost too much.",
    forward=forward,
    derivative=derivative,
    joints=(
        Joint("-2", lambda: -2.0, "0", lambda: 0.0),
        Joint("0", lambda: 0.0, "1", lambda: 1.0),
    ),
    aliases=("hardmish",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=0,
        low=-0.5,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), -2.0),
    ),
    references=(
        Reference(
            "Misra",
            2020,
            "H-Mish",
            "github.com/digantamisra98/H-Mish",
        ),
    ),
    notes=(
        "The identity from 0 on, joined there with equal slopes; at x = -2 the slope jumps from 0 "
        "to -1 and is taken as 0.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    terms={"traced slope": traced_slope_terms},
)
