"""xIELU: a parabola above 0 and the integral of an ELU below, both learned."""

from actlab.core import Activation, Domain, Joint, Param, Reference, Traits
from actlab.defs.tanh_shrink import nested_blocks, nested_sum

NEAR = 1.0
"""Down to -1, e^x - 1 and x cancel so much that a series takes the place of their difference."""

LEVELS = 45
"""Terms of the series, enough for 45 digits down to ``-NEAR``."""

LARGEST = 1.7976931348623157e308
"""The largest double."""


def textbook(m, x, *, alpha_p, alpha_n, beta):
    below = alpha_n * (m.exp(x) - 1 - x) + beta * x
    return m.where(x > 0, alpha_p * x**2 + beta * x, below)


BLOCKS = nested_blocks(range(3, LEVELS))
"""The series 1 + x/3 (1 + x/4 (1 + ...)), twice (e^x - 1 - x) / x^2."""


def forward(m, x, *, alpha_p, alpha_n, beta):
    near = m.guard(x, (-NEAR, 0), 0)
    left = m.guard(x, (-LARGEST, 0), 0)
    right = m.guard(x, (0, float("inf")), 0)
    close = near * (beta + alpha_n * (0.5 * near * nested_sum(m, near, BLOCKS)))
    # Far below e^x - 1 and a line apart, which is flat where beta = alpha_n, at -inf too.
    gap = beta - alpha_n
    end = m.where(gap < 0, gap * x, m.where(gap > 0, gap * x, 0))
    far = m.where(x < -LARGEST, end, gap * left) + m.scaled_expm1(alpha_n, m.guard(x, x <= 0, 0))
    above = right * (alpha_p * right + beta)
    return m.where(x < -NEAR, far, m.where(x <= 0, close, above))


def derivative(m, x, *, alpha_p, alpha_n, beta):
    left, right = m.guard(x, x <= 0, 0), m.guard(x, x >= 0, 0)
    far = (beta - alpha_n) + m.scaled_exp(alpha_n, left)
    below = m.where(x < -NEAR, far, beta + m.scaled_expm1(alpha_n, left))
    return m.where(x <= 0, below, 2 * (alpha_p * right) + beta)


def value_terms(m, x, *, alpha_p, alpha_n, beta):
    left = m.guard(x, x <= 0, 0)
    far = m.absolute((beta - alpha_n) * left) + alpha_n * (1 - m.exp(left))
    close = alpha_n * (m.exp(left) - 1 - left) - beta * left
    below = m.where(x < -NEAR, far, close)
    return m.where(x <= 0, below, alpha_p * x * x + beta * x)


def slope_terms(m, x, *, alpha_p, alpha_n, beta):
    left = m.guard(x, x <= 0, 0)
    far = m.absolute(beta - alpha_n) + alpha_n * m.exp(left)
    below = m.where(x < -NEAR, far, beta + alpha_n * (1 - m.exp(left)))
    return m.where(x <= 0, below, 2 * alpha_p * x + beta)


XIELU = Activation(
    name="xielu",
    title="xIELU: alpha_p x^2 + beta x above 0 and alpha_n (e^x - 1 - x) + beta x below",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param("alpha_p", 0.8, Domain(0.0), "weight of the parabola above 0", learnable=True),
        Param("alpha_n", 0.8, Domain(0.0), "weight of e^x - 1 - x below 0", learnable=True),
        Param("beta", 0.5, Domain(0.0), "slope at 0"),
    ),
    joints=(
        Joint("0", lambda alpha_p, alpha_n, beta: 0.0, "beta", lambda alpha_p, alpha_n, beta: beta),
    ),
    traits=Traits(
        monotone=False,
        convex=True,
        odd=False,
        smoothness=1,
        low=-0.2057512240964821,
        high=float("inf"),
        lipschitz=float("inf"),
    ),
    references=(
        Reference(
            "Huang, Schlag",
            2024,
            "Deriving activation functions using integration",
            "arXiv:2411.13010",
        ),
    ),
    family="power",
    use="In the feed-forward blocks of language models, where its source trains it; its slope "
    "grows without bound, so keep a normalisation layer before it.",
    terms={"value": value_terms, "slope": slope_terms},
    notes=(
        "The slope tends to beta - alpha_n at -inf: for alpha_n > beta, which the source enforces, "
        "the function turns upwards there.",
        "The source learns alpha_p and alpha_n - beta through a softplus; here alpha_p and alpha_n "
        "themselves are learned and kept positive.",
        "C^2 where alpha_n = 2 alpha_p.",
    ),
)
