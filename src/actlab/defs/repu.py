"""RePU: the rectified power unit, a power of the rectified input."""

from actlab.core import Activation, Domain, Equivalent, Joint, Param, Reference, Traits


def textbook(m, x, *, p):
    return m.where(x <= 0, 0, x**p)


def forward(m, x, *, p):
    return m.where(x <= 0, 0, m.power(m.guard(x, (0, float("inf")), 0), p))


def derivative(m, x, *, p):
    return m.where(x <= 0, 0, m.power_slope(m.guard(x, (0, float("inf")), 0), p))


REPU = Activation(
    name="repu",
    title="RePU: the rectified power unit, max(x, 0)^p",
    family="power",
    use="Where the network's own derivatives are needed, as for differential equations.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    params=(Param("p", 3.0, Domain(2.0, closed_low=True), "exponent"),),
    joints=(Joint("0", lambda p: 0.0, "0", lambda p: 0.0),),
    aliases=("rectified_power",),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=2,
        low=0.0,
        high=float("inf"),
        lipschitz=float("inf"),
        dead=(-float("inf"), 0.0),
    ),
    references=(
        Reference(
            "Li, Tang, Yu",
            2019,
            "Better approximations of high dimensional smooth functions by deep neural networks "
            "with rectified power units",
            "arXiv:1903.05858",
        ),
    ),
    equivalents=(Equivalent("relu_squared", when={"p": 2.0}),),
    notes=(
        "C^(p-1) for a whole p. The source takes whole powers, of which 1 is ReLU and those from "
        "2 on are RePU; here p may be any real number from 2 on.",
        "Not Lipschitz: deep networks need small weights, or their values overflow.",
    ),
)
