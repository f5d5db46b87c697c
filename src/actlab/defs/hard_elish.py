"""HardELiSH: the exponential linear unit and the identity, each times a hard sigmoid."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    below, above = (m.exp(x) - 1) * ((x + 1) / 2), x * ((x + 1) / 2)
    return m.where(x <= -1, 0, m.where(x < 0, below, m.where(x < 1, above, x)))


def forward(m, x):
    left, right = m.guard(x, (-1, 0), 0), m.guard(x, (0, 1), 0)
    below, above = m.expm1(left) * ((left + 1) / 2), right * ((right + 1) / 2)
    return m.where(x <= -1, 0, m.where(x <= 0, below, m.where(x < 1, above, x)))


def derivative(m, x):
    left = m.guard(x, (-1, 0), 0)
    below = (m.expm1(left) + (left + 1) * m.exp(left)) / 2
    return m.where(x <= -1, 0, m.where(x <= 0, below, m.where(x < 1, x + 0.5, 1)))


def slope_terms(m, x):
    # Below 0 the two terms of the product rule cancel around the minimum.
    left = m.guard(x, (-1, 0), 0)
    terms = ((1 - m.exp(left)) + (left + 1) * m.exp(left)) / 2
    return m.where(x <= -1, 1, m.where(x <= 0, terms, m.where(x < 1, x + 0.5, 1)))


HARD_ELISH = Activation(
    name="hard_elish",
    title="HardELiSH: ELU below 0 and the identity above, times a line clipped to [0, 1]",
    family="self-gated",
    use="To reproduce its source; hard swish is cheaper and of much the same shape.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    joints=(
        Joint("-1", lambda: -1.0, "0", lambda: 0.0),
        Joint("0", lambda: 0.0, "1/2", lambda: 0.5),
        Joint("1", lambda: 1.0, "1", lambda: 1.0),
    ),
    aliases=("hardelish",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=0,
        low=-0.09967315152874262,
        high=float("inf"),
        lipschitz=1.5,
        dead=(-float("inf"), -1.0),
    ),
    references=(
        Reference(
            "Basirat, Roth",
            2018,
            "The quest for the golden activation function",
            "arXiv:1808.00783",
        ),
    ),
    notes=(
        "The slope jumps from 0 to -0.316 at x = -1 and from 3/2 to 1 at x = 1; there it is taken "
        "as 0 and 1.",
        "At x = 0 value and slope of both sides agree.",
    ),
    terms={"slope": slope_terms},
)
