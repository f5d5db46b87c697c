"""Tanh shrink: the input less its hyperbolic tangent."""

import math

from actlab.core import Activation, HalfTypes, Reference, Traits

NEAR = 1.0
"""Up to here x and tanh(x) cancel so much that a series takes their place."""

LEVELS = 21
"""Terms of the series, enough for 45 digits up to ``NEAR``."""


def textbook(m, x):
    return x - m.tanh(x)


def textbook_derivative(m, x):
    return m.tanh(x) ** 2


def nested_blocks(divisors):
    """1 + t/d1 (1 + t/d2 (...)) as polynomials over a common denominator each, outermost first.

    So there is one division for as many terms as have integer coefficients below 2^53, which a
    double holds exactly.
    """
    blocks, at = [], 0
    while at < len(divisors):
        stop, product = at, 1
        while stop < len(divisors) and product * divisors[stop] < 2**53:
            product *= divisors[stop]
            stop += 1
        chosen = divisors[at:stop]
        blocks.append(tuple(math.prod(chosen[k:]) for k in range(len(chosen) + 1)))
        at = stop
    return tuple(blocks)


BLOCKS = nested_blocks([2 * k * (2 * k + 3) for k in range(1, LEVELS)])


def nested_sum(m, t, blocks):
    """The sum that ``nested_blocks`` prepared."""
    inner = 1
    for coefficients in reversed(blocks):
        *others, last = coefficients
        total = last * inner
        for coefficient in reversed(others):
            total = coefficient + t * total
        inner = total / coefficients[0]
    return inner


def forward(m, x):
    s = m.guard(x, (-NEAR, NEAR), 0)
    # x - tanh(x) = (x cosh(x) - sinh(x)) / cosh(x), whose numerator has positive terms only:
    # x^3 / 3 times the sum of 6 k / (2 k + 1)! x^(2 k - 2) over k from 1.
    t = s * s
    near = s * t * (2 * nested_sum(m, t, BLOCKS) / (3 * (m.exp(s) + m.exp(-s))))
    return m.where(m.absolute(x) <= NEAR, near, x - m.tanh(x))


def derivative(m, x):
    rise = m.tanh(x)
    return rise * rise


TANH_SHRINK = Activation(
    name="tanh_shrink",
    title="Tanh shrink: x - tanh(x)",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    aliases=("tanhshrink",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=float("inf"),
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Collobert, Kavukcuoglu, Farabet",
            2011,
            "Torch7: A Matlab-like environment for machine learning",
            "BigLearn, NIPS Workshop 2011",
        ),
    ),
    family="shrinkage",
    use="As a smooth threshold that removes small inputs, for instance in sparse coding; rarely as "
    "the nonlinearity of a deep network, since it is flat at 0.",
    notes=(
        "About x^3 / 3 near 0, where x - tanh(x) as written has no correct digit below |x| = 1e-8; "
        "x - 1 far above 0 and x + 1 far below.",
        "The slope tanh(x)^2 at 0 is 0, so that weights initialised small hardly learn.",
    ),
)
