"""NLReLU: the logarithm of a rectified line."""

from actlab.core import Activation, Domain, Joint, Param, Reference, Traits

INFINITE = float("inf")
ROOT, FAR = 2.0**512, 2.0**-500
"""Products beta x beyond ROOT^2 FAR = 2^524 hide the 1 that is added to them. They are compared
after both factors are divided by ROOT, so that they do not overflow."""


def textbook(m, x, *, beta):
    return m.where(x <= 0, 0, m.log1p(beta * x))


def textbook_derivative(m, x, *, beta):
    return m.where(x <= 0, 0, beta / (1 + beta * x))


def _near_far(m, x, beta):
    """Whether beta x is so large that it may overflow, x where it is not, and where it is."""
    positive = m.guard(x, (0, INFINITE), 0)
    far = (beta / ROOT) * (positive / ROOT) > FAR
    near = (beta / ROOT) * (positive / ROOT) <= FAR
    return far, m.guard(positive, near, 0), m.guard(positive, far, 1)


def forward(m, x, *, beta):
    far, near, large = _near_far(m, x, beta)
    inside = m.where(far, m.log(large) + m.log(beta), m.log1p(beta * near))
    return m.where(x <= 0, 0, inside)


def derivative(m, x, *, beta):
    far, near, large = _near_far(m, x, beta)
    return m.where(x <= 0, 0, m.where(far, 1 / large, beta / (1 + beta * near)))


NLRELU = Activation(
    name="nlrelu",
    title="NLReLU: the natural logarithm of 1 + beta ReLU(x)",
    family="rectifier",
    use="Where large activations should be compressed without a bound.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("beta", 1.0, Domain(0.0), "slope just above 0"),),
    joints=(Joint("0", lambda beta: 0.0, "0", lambda beta: 0.0),),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=0.0,
        high=INFINITE,
        lipschitz=1.0,
        dead=(-INFINITE, 0.0),
    ),
    references=(
        Reference(
            "Liu, Zhang, Gao, Qu, Ji",
            2019,
            "Natural-logarithm-rectified activation function in convolutional neural networks",
            "arXiv:1908.03682",
        ),
    ),
    notes=("Its slope decays as 1/x, so that large inputs learn slowly.",),
)
