"""Hard swish: the input times its hard sigmoid."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def forward(m, x):
    middle = m.guard(x, (-3, 3), 0)
    return m.where(x <= -3, 0, m.where(x < 3, middle * (middle + 3) / 6, x))


def derivative(m, x):
    middle = m.guard(x, (-3, 3), 0)
    return m.where(x <= -3, 0, m.where(x < 3, (2 * middle + 3) / 6, 1))


def traced_slope_terms(m, x):
    # The product rule adds (x + 3) / 6 and x / 6, which cancel around the minimum.
    return m.where(x <= -3, 1, m.where(x < 3, (m.absolute(x + 3) + m.absolute(x)) / 6, 1))


HARD_SWISH = Activation(
    name="hard_swish",
    title="Hard swish: x times a line clipped to [0, 1]",
    family="self-gated",
    use="In place of SiLU where exponentials cost too much, as in MobileNetV3.",
    forward=forward,
    derivative=derivative,
    joints=(
        Joint("-3", lambda: -3.0, "0", lambda: 0.0),
        Joint("3", lambda: 3.0, "1", lambda: 1.0),
    ),
    aliases=("hardswish", "hard_silu"),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=0,
        low=-0.375,
        high=float("inf"),
        lipschitz=1.5,
        dead=(-float("inf"), -3.0),
    ),
    references=(
        Reference(
            "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
            2019,
            "Searching for MobileNetV3",
            "arXiv:1905.02244",
        ),
    ),
    notes=(
        "The slope jumps from 0 to -1/2 at x = -3 and from 3/2 to 1 at x = 3; there it is taken "
        "as 0 and 1, as in PyTorch.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    terms={"traced slope": traced_slope_terms},
)
