"""GoLU: the input weighted by the Gompertz function."""

from actlab.core import Activation, HalfTypes, Reference, Traits

LEFT = -16.0
"""exp(-e^16) has millions of zeros behind its point."""
RIGHT = 800.0
"""From here on the Gompertz function differs from 1 by less than any double can show."""


def textbook(m, x):
    return x * m.exp(-m.exp(-x))


def textbook_derivative(m, x):
    return m.exp(-m.exp(-x)) * (1 + x * m.exp(-x))


def forward(m, x):
    middle = m.guard(x, (LEFT, RIGHT), 0)
    inside = m.scaled_exp(middle, -m.exp(-middle))
    return m.where(x < LEFT, 0, m.where(x <= RIGHT, inside, x))


def derivative(m, x):
    middle = m.guard(x, (LEFT, RIGHT), 0)
    decay = m.exp(-middle)
    return m.where(x < LEFT, 0, m.where(x <= RIGHT, m.scaled_exp(1 + middle * decay, -decay), 1))


def slope_terms(m, x):
    middle = m.guard(x, (LEFT, RIGHT), 0)
    decay = m.exp(-middle)
    terms = m.scaled_exp(1 + m.absolute(middle) * decay, -decay)
    return m.where(x < LEFT, 0, m.where(x <= RIGHT, terms, 1))


GOLU = Activation(
    name="golu",
    title="GoLU: the Gompertz linear unit, x exp(-e^-x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.09726013122763941,
        high=float("inf"),
        lipschitz=1.1133972752756767,
    ),
    references=(
        Reference(
            "Das, Schrodi, Hutter, Brox",
            2025,
            "Gompertz linear units: Leveraging asymmetry for enhanced learning dynamics",
            "arXiv:2502.03654",
        ),
    ),
    family="self-gated",
    use="In place of GELU or SiLU where a flatter dip below 0 is wanted: its gate is asymmetric, "
    "0.37 at 0.",
    terms={"slope": slope_terms},
    notes=(
        "Below x = -7 value and slope are 0 in every dtype: the left tail decays doubly "
        "exponentially.",
        "0 at -inf; the usual product gives NaN there.",
    ),
    # In the left tail the exponent e^-x goes up to 745, and its rounding is magnified so much.
    float64_ulp=1024,
)
