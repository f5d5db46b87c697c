"""LogLU: the identity above 0 and a logarithm below."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    return m.where(x > 0, x, -m.log(1 - x))


def textbook_derivative(m, x):
    return m.where(x > 0, 1, 1 / (1 - x))


def forward(m, x):
    return m.where(x > 0, x, -m.log1p(-m.guard(x, (float("-inf"), 0), 0)))


def derivative(m, x):
    return m.where(x > 0, 1, 1 / (1 - m.guard(x, (float("-inf"), 0), 0)))


LOGLU = Activation(
    name="loglu",
    title="LogLU: the logarithmic linear unit, the identity above 0 and -log(1 - x) below",
    family="rectifier",
    use="Where negative inputs should be damped, but never lose their slope as fast as in ELU.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(Joint("0", lambda: 0.0, "1", lambda: 1.0),),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
    ),
    references=(
        Reference(
            "Nalluri et al.",
            2024,
            "Logarithmic linear units (LogLUs): a novel activation function for improved "
            "convergence in deep neural networks",
            "OpenReview 1D3TjFidCS",
        ),
    ),
    notes=("Below 0 it is symlog.", "Unbounded below, but only logarithmically."),
)
