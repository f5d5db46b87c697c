"""Flatten-T Swish: SiLU above 0, shifted by T, and the constant T below."""

from actlab.core import Activation, Joint, Param, Reference, Traits

FAR = 800.0
"""From here on the sigmoid differs from 1 by less than any double can show."""


def textbook(m, x, *, t):
    return m.where(x > 0, x / (1 + m.exp(-x)) + t, t)


def forward(m, x, *, t):
    right = m.guard(x, (0, FAR), 0)
    return m.where(x <= 0, t, m.where(x <= FAR, right / (1 + m.exp(-right)) + t, x + t))


def derivative(m, x, *, t):
    right = m.guard(x, (0, FAR), 0)
    inside = m.sigmoid(right) * (1 + right * m.sigmoid(-right))
    return m.where(x <= 0, 0, m.where(x <= FAR, inside, 1))


def value_terms(m, x, *, t):
    return m.where(x <= 0, m.absolute(t), x + m.absolute(t))


FLATTEN_T_SWISH = Activation(
    name="flatten_t_swish",
    title="Flatten-T Swish: x sigmoid(x) + T above 0 and T below",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(Param("t", -0.2, meaning="the value at and below 0, called T by the source"),),
    joints=(Joint("0", lambda t: 0.0, "0", lambda t: 0.0),),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=-0.2,
        high=float("inf"),
        lipschitz=1.0998393194980503,
        dead=(-float("inf"), 0.0),
    ),
    aliases=("fts",),
    references=(
        Reference(
            "Chieng, Wahid, Ong, Perla",
            2018,
            "Flatten-T Swish: a thresholded ReLU-Swish-like activation function for deep learning",
            "arXiv:1812.06247",
        ),
    ),
    family="rectifier",
    use="Where ReLU's sparse gradient is wanted with a curved positive side; T below 0 moves the "
    "mean output towards 0.",
    terms={"value": value_terms},
    notes=(
        "The slope jumps from 0 to 1/2 at x = 0; there it is taken as 0, as for ReLU.",
        "The source names T = -0.2 as its best value.",
    ),
)
