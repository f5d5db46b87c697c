"""Hard sigmoid: a line between 0 and 1 in place of the logistic curve."""

from actlab.core import Activation, FromOutput, HalfTypes, Joint, Reference, Traits


def forward(m, x):
    return m.where(x <= -3, 0, m.where(x < 3, (x + 3) / 6, 1))


def derivative(m, x):
    return m.where(x <= -3, 0, m.where(x < 3, 1, 0)) / 6


def derivative_from_output(m, y):
    return m.where(y <= 0, 0, m.where(y < 1, 1, 0)) / 6


HARD_SIGMOID = Activation(
    name="hard_sigmoid",
    title="Hard sigmoid: a line of slope 1/6 clipped to [0, 1]",
    family="sigmoid",
    use="As a cheap gate, such as in squeeze-and-excitation blocks of mobile networks.",
    forward=forward,
    derivative=derivative,
    joints=(
        Joint("-3", lambda: -3.0, "0", lambda: 0.0),
        Joint("3", lambda: 3.0, "0", lambda: 0.0),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        note="exact but for the last input below 3 in double precision, whose output is 1",
    ),
    saves="output",
    aliases=("hardsigmoid",),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=False,
        smoothness=0,
        low=0.0,
        high=1.0,
        lipschitz=1 / 6,
        dead=(-float("inf"), -3.0),
        dead_above=(3.0, float("inf")),
    ),
    references=(
        Reference(
            "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
            2019,
            "Searching for MobileNetV3",
            "arXiv:1905.02244",
        ),
    ),
    notes=(
        "ReLU6(x + 3) / 6, as in PyTorch; others clip (x + 1) / 2 (BinaryConnect) or "
        "0.2 x + 0.5 (older Keras) under the same name.",
        "The slope is 0 at both joints, as in PyTorch.",
    ),
)
