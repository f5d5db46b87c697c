"""SELU: an ELU scaled so that N(0, 1) is a fixed point of its mean and variance."""

from actlab.core import Activation, Equivalent, HalfTypes, Joint, Reference, Traits
from actlab.defs import elu

ALPHA = 1.6732632423543772848170429916717
SCALE = 1.0507009873554804934193349852946


def textbook(m, x):
    return m.where(x > 0, SCALE * x, SCALE * (ALPHA * (m.exp(x) - 1)))


def forward(m, x):
    return SCALE * elu.forward(m, x, alpha=ALPHA)


def derivative(m, x):
    return m.where(x > 0, SCALE, SCALE * m.scaled_exp(ALPHA, m.guard(x, (float("-inf"), 0), 0)))


SELU = Activation(
    name="selu",
    title="SELU: the scaled exponential linear unit, self-normalising",
    family="exponential",
    use="In plain deep networks without normalisation, with LeCun initialisation.",
    equivalents=(Equivalent("elu", f"alpha = {ALPHA}", lambda: {"alpha": ALPHA}, scale=SCALE),),
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    joints=(Joint("0", lambda: 0.0, "SCALE * ALPHA", lambda: SCALE * ALPHA),),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=-SCALE * ALPHA,
        high=float("inf"),
        lipschitz=SCALE * ALPHA,
    ),
    references=(
        Reference(
            "Klambauer, Unterthiner, Mayr, Hochreiter",
            2017,
            "Self-normalizing neural networks",
            "arXiv:1706.02515",
        ),
    ),
    notes=("SELU = 1.0507009873554805 ELU with alpha = 1.6732632423543772.",),
)
