"""Serf: the input times the error function of its softplus."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Below -800 the value is smaller than any double."""
TAIL = -600.0
"""From here down softplus is e^x to every digit, and e^x alone would soon lose digits."""
FULL = 40.0
"""From here on the error function of softplus is 1 to hundreds of digits."""


def textbook(m, x):
    return x * m.erf(m.log(1 + m.exp(x)))


def textbook_derivative(m, x):
    inner = m.log(1 + m.exp(x))
    return m.erf(inner) + x * m.sigmoid(x) * (2 / m.sqrt(m.pi)) * m.exp(-(inner**2))


def _pieces(m, x):
    """The tail, the middle, and the softplus of the middle."""
    middle = m.guard(x, (TAIL, FULL), 0)
    left, right = m.guard(middle, (TAIL, 0), 0), m.guard(middle, (0, FULL), 0)
    inner = m.where(middle <= 0, m.log1p(m.exp(left)), right + m.log1p(m.exp(-right)))
    return m.guard(x, (-FAR, TAIL), TAIL), middle, inner


def _joined(m, x, tail, middle, above):
    inside = m.where(x < TAIL, tail, m.where(x <= FULL, middle, above))
    return m.where(x < -FAR, 0, inside)


def forward(m, x):
    tail, middle, inner = _pieces(m, x)
    thin = m.scaled_exp(2 / m.sqrt(m.pi) * tail, tail)
    return _joined(m, x, thin, middle * m.erf(inner), x)


def _change(m, x, inner):
    return x * (m.sigmoid(x) * (2 / m.sqrt(m.pi) * m.exp(-(inner * inner))))


def derivative(m, x):
    tail, middle, inner = _pieces(m, x)
    thin = m.scaled_exp(2 / m.sqrt(m.pi) * (1 + tail), tail)
    return _joined(m, x, thin, m.erf(inner) + _change(m, middle, inner), 1)


def slope_terms(m, x):
    tail, middle, inner = _pieces(m, x)
    thin = m.scaled_exp(2 / m.sqrt(m.pi) * (1 - tail), tail)
    return _joined(m, x, thin, m.erf(inner) + m.absolute(_change(m, middle, inner)), 1)


SERF = Activation(
    name="serf",
    title="Serf: x times the error function of softplus(x)",
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
        low=-0.3484374587596064,
        high=float("inf"),
        lipschitz=1.086125444150997,
    ),
    references=(
        Reference(
            "Nag, Bhattacharyya",
            2021,
            "SERF: Towards better training of deep neural networks using log-Softplus ERror "
            "activation Function",
            "arXiv:2108.09598",
        ),
    ),
    family="self-gated",
    use="In place of Mish, to which it is close, where its higher cost does not matter.",
    terms={"slope": slope_terms},
    notes=("0 at -inf; the usual product gives NaN there.",),
)
