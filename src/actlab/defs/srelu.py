"""SReLU: three lines that meet at two thresholds, all of it learned."""

from actlab.core import Activation, Domain, Equivalent, Joint, Param, Reference, Traits

INFINITE = float("inf")


def textbook(m, x, *, t_left, a_left, t_right, a_right):
    below, above = t_left + a_left * (x - t_left), t_right + a_right * (x - t_right)
    return m.where(x <= t_left, below, m.where(x < t_right, x, above))


def _line(m, x, threshold, slope):
    """The line through the threshold on the diagonal; flat also where x is infinite."""
    flat = (slope >= 0) & (slope <= 0) & (m.absolute(x) >= INFINITE)
    return m.where(flat, threshold, threshold + slope * (x - threshold))


def forward(m, x, *, t_left, a_left, t_right, a_right):
    below, above = _line(m, x, t_left, a_left), _line(m, x, t_right, a_right)
    # With the left threshold at 0 and a negative slope there, f(-0.0) is 0.0: the sum with 0.0
    # sees to that, while the sum with -0.0 changes nothing.
    middle = x + m.where((t_left >= 0) & (a_left < 0), 0.0, -0.0)
    return m.where(x < t_left, below, m.where(x <= t_right, middle, above))


def derivative(m, x, *, t_left, a_left, t_right, a_right):
    return m.where(x < t_left, a_left, m.where(x <= t_right, 1, a_right))


def value_terms(m, x, *, t_left, a_left, t_right, a_right):
    below = m.absolute(t_left) + m.absolute(a_left * (x - t_left))
    above = m.absolute(t_right) + m.absolute(a_right * (x - t_right))
    return m.where(x < t_left, below, m.where(x <= t_right, m.absolute(x), above))


SRELU = Activation(
    name="srelu",
    title="SReLU: the identity between two thresholds, lines of learned slopes outside",
    family="rectifier",
    use="Where each channel should learn its own shape, convex or not, from four parameters.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param(
            "t_left",
            -1.0,
            Domain(high=0.0, closed_high=True),
            "lower threshold",
            learnable=True,
        ),
        Param("a_left", 0.2, meaning="slope below the lower threshold", learnable=True),
        Param("t_right", 1.0, Domain(0.0), "upper threshold", learnable=True),
        Param("a_right", 1.0, meaning="slope above the upper threshold", learnable=True),
    ),
    joints=(
        Joint("t_left", lambda t_left, **_: t_left, "1", lambda **_: 1.0),
        Joint("t_right", lambda t_right, **_: t_right, "1", lambda **_: 1.0),
    ),
    aliases=("s_shaped_relu",),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=0,
        low=-INFINITE,
        high=INFINITE,
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Jin, Xu, Feng, Wei, Xiong, Yan",
            2015,
            "Deep learning with S-shaped rectified linear activation units",
            "arXiv:1512.07030",
        ),
    ),
    equivalents=(
        Equivalent(
            "prelu",
            "weight = a_left",
            lambda a_left, **_: {"weight": a_left},
            when={"t_left": 0.0, "a_right": 1.0},
        ),
        Equivalent(
            "hard_tanh",
            "min_val = t_left, max_val = t_right",
            lambda t_left, t_right, **_: {"min_val": t_left, "max_val": t_right},
            when={"a_left": 0.0, "a_right": 0.0},
        ),
    ),
    notes=(
        "The source starts from a leaky ReLU, t_left = 0 and a_right = 1, and later moves t_right "
        "to a high quantile of the inputs; a learned threshold has to start inside its domain, so "
        "that here t_left starts at -1.",
        "The thresholds lie on either side of 0 (the lower one may be 0), so that they never "
        "cross; the source leaves that open.",
        "At both thresholds the slope is taken as 1.",
        "Elsewhere SReLU also means the shifted ReLU max(x, -1).",
    ),
    terms={"value": value_terms},
)
