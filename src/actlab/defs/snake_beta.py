"""SnakeBeta: Snake whose frequency and size of the wave are learned apart."""

from actlab.core import Activation, Domain, Param, Reference, Traits


def textbook(m, x, *, alpha, beta):
    return x + m.sin(x, alpha) ** 2 / beta


def textbook_derivative(m, x, *, alpha, beta):
    return 1 + alpha / beta * m.sin(x, 2 * alpha)


def forward(m, x, *, alpha, beta):
    wave = m.sin(x, alpha)
    # -0.0 and the infinities are themselves. No guard: an infinity's slope has to be NaN.
    inside = (m.absolute(x) > 0) & (m.absolute(x) < float("inf"))
    return m.where(inside, x + wave * wave / beta, x)


def derivative(m, x, *, alpha, beta):
    # Not sin(2 alpha x): the angle must overflow where that of the value does.
    return 1 + 2 * alpha / beta * (m.sin(x, alpha) * m.cos(x, alpha))


def value_terms(m, x, *, alpha, beta):
    return m.absolute(x) + m.sin(x, alpha) ** 2 / beta


def slope_terms(m, x, *, alpha, beta):
    return 1 + 2 * alpha / beta * m.absolute(m.sin(x, alpha) * m.cos(x, alpha))


def alpha_terms(m, x, *, alpha, beta):
    # From 2^30 on the angle is two numbers, and its sine a sum of products of both parts'.
    product = m.absolute(m.sin(x, alpha) * m.cos(x, alpha))
    return 2 * m.absolute(x) / beta * m.where(m.absolute(alpha * x) > 2.0**30, 1, product)


def beta_terms(m, x, *, alpha, beta):
    size = m.absolute(m.sin(x, alpha))
    return m.where(m.absolute(alpha * x) > 2.0**30, size, size * size) / (beta * beta)


SNAKE_BETA = Activation(
    name="snake_beta",
    title="SnakeBeta: x plus sin(alpha x)^2 / beta",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    terms={
        "value": value_terms,
        "slope": slope_terms,
        "d/dalpha": alpha_terms,
        "d/dbeta": beta_terms,
    },
    params=(
        Param("alpha", 1.0, Domain(0.0), "frequency of the wave", learnable=True),
        Param("beta", 1.0, Domain(0.0), "divisor of the wave", learnable=True),
    ),
    aliases=("snakebeta",),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=2.0,
    ),
    references=(
        Reference(
            "Lee, Ping, Ginsburg, Catanzaro, Yoon",
            2022,
            "BigVGAN: a universal neural vocoder with large-scale training",
            "arXiv:2206.04658, its published code",
        ),
        Reference(
            "Ziyin, Hartwig, Ueda",
            2020,
            "Neural networks fail to learn periodic functions and how to fix it",
            "arXiv:2006.08195",
        ),
    ),
    family="periodic",
    use="Neural vocoders and other audio generators, with one pair of parameters per channel.",
    notes=(
        "beta = alpha is Snake.",
        "Monotone exactly where alpha <= beta.",
        "The slope swings and so is NaN at the infinities.",
        "BigVGAN's code learns the logarithms of alpha and beta.",
    ),
)
