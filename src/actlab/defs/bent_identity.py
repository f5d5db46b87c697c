"""Bent identity: the identity plus half of a rounded |x|."""

from actlab.core import Activation, HalfTypes, Reference, Traits


def textbook(m, x):
    return (m.sqrt(x**2 + 1) - 1) / 2 + x


def textbook_derivative(m, x):
    return x / (2 * m.sqrt(x**2 + 1)) + 1


def _sides(m, x):
    """|x| <= 1, then x there and 1/|x| elsewhere, each with its sqrt(1 + square)."""
    size = m.absolute(x)
    near = size <= 1
    s, r = m.guard(x, near, 0), 1 / m.guard(size, size > 1, 1)
    return near, s, m.sqrt(1 + s * s), r, m.sqrt(1 + r * r)


def forward(m, x):
    near, s, root, r, far_root = _sides(m, x)
    inside = s * (1 + 0.5 * (s / (1 + root)))
    # sqrt(x^2 + 1) = |x| + r / (1 + sqrt(1 + r^2)), where nothing overflows.
    outside = m.where(x < 0, 0.5 * x, 1.5 * x) + 0.5 * (r / (1 + far_root) - 1)
    return m.where(near, inside, outside)


def derivative(m, x):
    near, s, root, _, far_root = _sides(m, x)
    outside = m.where(x < 0, -0.5, 0.5) / far_root
    return 1 + m.where(near, 0.5 * (s / root), outside)


BENT_IDENTITY = Activation(
    name="bent_identity",
    title="Bent identity: x + (sqrt(x^2 + 1) - 1) / 2, slopes from 1/2 to 3/2",
    family="smooth rectifier",
    use="Where gradients must neither vanish nor explode and a mild bend is enough.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.5,
    ),
    references=(
        Reference(
            "Kunc, Kléma",
            2024,
            "Three decades of activations: a comprehensive survey of 400 activation functions "
            "for neural networks",
            "arXiv:2402.09092",
        ),
    ),
    notes=(
        "Older than the survey cited, which lists it; its first publication is not known.",
        "Almost linear: deep stacks of it have little capacity.",
    ),
)
