"""LogCosh: the logarithm of the hyperbolic cosine."""

from actlab.core import Activation, HalfTypes, Reference, Traits

NEAR = 2.0
"""Up to this size log(2) would cancel what it is subtracted from."""


def textbook(m, x):
    return m.log((m.exp(x) + m.exp(-x)) / 2)


def forward(m, x):
    near = m.absolute(x) <= NEAR
    s = m.guard(x, near, 0)
    minus = m.where(s > 0, -s, s)
    # cosh(x) - 1 = (e^-|x| - 1)^2 / (2 e^-|x|), of which nothing cancels near 0.
    rise = m.expm1(minus)
    inside = m.log1p(rise * rise / (2 * m.exp(minus)))
    size = m.where(x > 0, x, -x)
    outside = (size - m.log(2)) + m.log1p(m.exp(-2 * m.guard(size, size > NEAR, NEAR)))
    return m.where(near, inside, outside)


def derivative(m, x):
    return m.tanh(x)


LOG_COSH = Activation(
    name="log_cosh",
    title="LogCosh: the logarithm of cosh(x), a smooth absolute value",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    aliases=("lncosh",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Carleo, Troyer",
            2016,
            "Solving the quantum many-body problem with artificial neural networks",
            "arXiv:1606.02318, as the logarithm of a hidden unit's factor",
        ),
        Reference(
            "Vicentini, Hofmann, Szabo, et al.",
            2021,
            "NetKet 3: machine learning toolbox for many-body quantum systems",
            "arXiv:2112.10526",
        ),
    ),
    family="smooth rectifier",
    use="Wave functions of many-body physics, and wherever a smooth |x| is wanted.",
    notes=(
        "x^2 / 2 near 0, |x| - log(2) far away; its slope is tanh.",
        "Equal to softplus(2 x) - x - log(2), and even: the sign of the input is lost.",
    ),
)
