"""Sinc: the sine over its argument."""

from actlab.core import Activation, Reference, Traits

NEAR, TERMS = 0.5, 18
"""Up to this size series are used, with terms enough for any precision tested."""


def textbook(m, x):
    nonzero = m.absolute(x) > 0
    return m.where(nonzero, m.sin(x) / m.guard(x, nonzero, 1), 1)


def textbook_derivative(m, x):
    nonzero = m.absolute(x) > 0
    t = m.guard(x, nonzero, 1)
    return m.where(nonzero, (m.cos(x) - m.sin(x) / t) / t, 0)


def missing(square, first):
    """1 - sin(t) / t for ``first`` 2 and 1 - cos(t) for ``first`` 1, where t^2 is the square."""
    rest = 1.0
    for k in range(first + 2 * TERMS, first, -2):
        rest = 1 - square * rest / (k * (k + 1))
    return square * rest / (first * (first + 1))


def _sides(m, x):
    near = m.absolute(x) <= NEAR
    far = (m.absolute(x) > NEAR) & (m.absolute(x) < float("inf"))
    return near, far, m.guard(x, near, 0), m.guard(x, far, 1)


def forward(m, x):
    near, far, s, t = _sides(m, x)
    return m.where(near, 1 - missing(s * s, 2), m.where(far, m.sin(t) / t, 0))


def derivative(m, x):
    near, far, s, t = _sides(m, x)
    square, rest = s * s, 1.0
    for k in range(2 * TERMS, 0, -2):
        rest = 1 - square * rest / (k * (k + 3))
    return m.where(near, -s * rest / 3, m.where(far, (m.cos(t) - m.sin(t) / t) / t, 0))


def slope_terms(m, x):
    size = m.where(m.absolute(x) > NEAR, m.absolute(x), 1e300)
    return (1 + 1 / size) / size


SINC = Activation(
    name="sinc",
    title="Sinc: sin(x) / x, and 1 at 0",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    terms={"slope": slope_terms},
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=float("inf"),
        low=-0.21723362821122166,
        high=1.0,
        lipschitz=0.4361818172714585,
    ),
    references=(
        Reference(
            "Saratchandran, Ramasinghe, Shevchenko, Long, Lucey",
            2024,
            "A sampling theory perspective on activations for implicit neural representations",
            "arXiv:2402.05427",
        ),
    ),
    family="periodic",
    use="Coordinate networks that reconstruct band-limited signals.",
    notes=(
        "Not scaled by pi: zeros at pi, 2 pi, and so on.",
        "0 at the infinities, where the usual quotient gives NaN, as it does at 0.",
    ),
)
