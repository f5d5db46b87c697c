"""StarReLU: a squared ReLU scaled and shifted, by default to mean 0 and variance 1."""

from actlab.core import Activation, Equivalent, HalfTypes, Joint, Param, Reference, Traits, moderate

INFINITE = float("inf")


def textbook(m, x, *, scale, bias):
    return m.where(x <= 0, bias, scale * x**2 + bias)


def forward(m, x, *, scale, bias):
    positive = m.guard(x, (0, INFINITE), 0)
    # Not scale * x^2: the square alone may leave the range.
    return m.where(x <= 0, bias, (scale * positive) * positive + bias)


def derivative(m, x, *, scale, bias):
    return m.where(x <= 0, 0, 2 * (scale * m.guard(x, (0, INFINITE), 0)))


def value_terms(m, x, *, scale, bias):
    return m.where(x <= 0, 0, m.absolute(scale) * x * x) + m.absolute(bias)


STAR_RELU = Activation(
    name="star_relu",
    title="StarReLU: scale times the squared ReLU, plus a bias",
    family="power",
    use="In the feed-forward blocks of vision transformers, at a fraction of GELU's arithmetic.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(
        Param("scale", 0.8944, meaning="factor of the square", learnable=True),
        Param("bias", -0.4472, meaning="the value for x <= 0", learnable=True),
    ),
    joints=(Joint("0", lambda scale, bias: 0.0, "0", lambda scale, bias: 0.0),),
    half_types=HalfTypes(lambda m, *, scale, bias: moderate(m, scale, bias)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=-0.4472,
        high=INFINITE,
        lipschitz=INFINITE,
        dead=(-INFINITE, 0.0),
    ),
    references=(
        Reference(
            "Yu, Si, Zhou, Luo, Zhou, Feng, Yan, Wang",
            2022,
            "MetaFormer baselines for vision",
            "arXiv:2210.13452",
        ),
    ),
    equivalents=(Equivalent("relu_squared", when={"scale": 1.0, "bias": 0.0}),),
    notes=(
        "The defaults round 2/sqrt(5) and -1/sqrt(5), which give mean 0 and variance 1 for "
        "N(0, 1) inputs.",
        "Not Lipschitz, and float16 overflows from about x = 271 on.",
    ),
    terms={"value": value_terms},
)
