"""TanhExp: the input weighted by tanh(e^x)."""

from actlab.core import Activation, HalfTypes, Reference, Traits

FAR = 800.0
"""Below -800 the value is smaller than any double."""
TAIL = -600.0
"""From here down tanh(e^x) is e^x to every digit, and e^x alone would soon lose digits."""
FULL = 5.0
"""From here on tanh(e^x) is 1 to more than a hundred digits."""


def textbook(m, x):
    return x * m.tanh(m.exp(x))


def textbook_derivative(m, x):
    weight = m.tanh(m.exp(x))
    return weight + x * m.exp(x) * (1 - weight**2)


def _pieces(m, x):
    return m.guard(x, (-FAR, TAIL), TAIL), m.guard(x, (TAIL, FULL), 0)


def _joined(m, x, tail, middle, above):
    inside = m.where(x < TAIL, tail, m.where(x <= FULL, middle, above))
    return m.where(x < -FAR, 0, inside)


def forward(m, x):
    tail, middle = _pieces(m, x)
    return _joined(m, x, m.scaled_exp(tail, tail), middle * m.tanh(m.exp(middle)), x)


def _terms(m, x):
    """The gate, and the input times the gate's slope, whose factor 1 - tanh^2 would cancel."""
    e = m.exp(x)
    w = m.exp(-2 * e)
    return m.tanh(e), x * (e * (4 * w / ((1 + w) * (1 + w))))


def derivative(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 + tail, tail), weight + change, 1)


def slope_terms(m, x):
    tail, middle = _pieces(m, x)
    weight, change = _terms(m, middle)
    return _joined(m, x, m.scaled_exp(1 - tail, tail), weight + m.absolute(change), 1)


TANHEXP = Activation(
    name="tanhexp",
    title="TanhExp: x times tanh(e^x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("telu",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.35328577784821125,
        high=float("inf"),
        lipschitz=1.061975308717916,
    ),
    references=(
        Reference(
            "Liu, Di",
            2020,
            "TanhExp: A smooth activation function with high convergence speed for lightweight "
            "neural networks",
            "arXiv:2003.09855",
        ),
        Reference(
            "Fernandez, Mali",
            2024,
            "Stable and robust deep learning by hyperbolic tangent exponential linear unit (TeLU)",
            "arXiv:2402.02790",
        ),
    ),
    family="self-gated",
    use="In place of SiLU or Mish where positive inputs should pass nearly unchanged: above x = 2 "
    "it is the identity to six digits.",
    terms={"slope": slope_terms},
    notes=(
        "TeLU (2024) is this very function, published again under another name.",
        "0 at -inf; the usual product gives NaN there.",
    ),
)
