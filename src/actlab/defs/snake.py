"""Snake: the identity plus a squared sine, for periodic data."""

from actlab.core import Activation, Domain, Equivalent, Param, Reference, Traits


def textbook(m, x, *, a):
    return x + m.sin(x, a) ** 2 / a


def textbook_derivative(m, x, *, a):
    return 1 + m.sin(x, 2 * a)


def forward(m, x, *, a):
    wave = m.sin(x, a)
    # -0.0 and the infinities are themselves. No guard: an infinity's slope has to be NaN.
    inside = (m.absolute(x) > 0) & (m.absolute(x) < float("inf"))
    return m.where(inside, x + wave / a * wave, x)


def derivative(m, x, *, a):
    # Not sin(2 a x): the angle must overflow where that of the value does.
    return 1 + 2 * (m.sin(x, a) * m.cos(x, a))


def value_terms(m, x, *, a):
    return m.absolute(x) + m.sin(x, a) ** 2 / a


def slope_terms(m, x, *, a):
    return 1 + 2 * m.absolute(m.sin(x, a) * m.cos(x, a))


def a_terms(m, x, *, a):
    return 2 * m.absolute(x * m.sin(x, a) * m.cos(x, a)) / a + (m.sin(x, a) / a) ** 2


SNAKE = Activation(
    name="snake",
    title="Snake: x plus sin(a x)^2 / a, periodic about a line",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    terms={"value": value_terms, "slope": slope_terms, "d/da": a_terms},
    params=(Param("a", 1.0, Domain(0.0), "frequency of the wave", learnable=True),),
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
            "Ziyin, Hartwig, Ueda",
            2020,
            "Neural networks fail to learn periodic functions and how to fix it",
            "arXiv:2006.08195",
        ),
    ),
    equivalents=(
        Equivalent("snake_beta", "alpha = a, beta = a", lambda a: {"alpha": a, "beta": a}),
    ),
    family="periodic",
    use="Periodic data, such as audio and seasonal series, that must be continued beyond the "
    "training range.",
    notes=(
        "a tends to 0: the identity. The source starts at larger a where the data are periodic.",
        "The slope swings between 0 and 2 and so is NaN at the infinities.",
    ),
)
