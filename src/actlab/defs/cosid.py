"""Cosid: the cosine less the identity."""

from actlab.core import Activation, Reference, Traits


def textbook(m, x):
    return m.cos(x) - x


def forward(m, x):
    # Without a guard: at the infinities the slope has no limit, and must come out as NaN.
    return m.where(m.absolute(x) < float("inf"), m.cos(x) - x, -x)


def derivative(m, x):
    return -1 - m.sin(x)


def value_terms(m, x):
    return m.absolute(m.cos(x)) + m.absolute(x)


def slope_terms(m, x):
    return 1 + m.absolute(m.sin(x))


COSID = Activation(
    name="cosid",
    title="Cosid: cos(x) less x",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    terms={"value": value_terms, "slope": slope_terms},
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=2.0,
    ),
    references=(
        Reference(
            "Eger, Youssef, Gurevych",
            2018,
            "Is it time to swish? Comparing deep learning activation functions across NLP tasks",
            "arXiv:1901.02671",
        ),
    ),
    family="periodic",
    use="Comparisons with the functions that searches found; a plain periodic baseline.",
    notes=(
        "It falls: its slope lies between -2 and 0.",
        "The slope swings and so is NaN at the infinities.",
    ),
)
