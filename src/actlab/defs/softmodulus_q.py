"""SoftModulusQ: |x| with its corner replaced by a cubic on either side."""

from actlab.core import Activation, HalfTypes, Joint, Reference, Traits


def textbook(m, x):
    size = m.absolute(x)
    return m.where(size <= 1, x**2 * (2 - size), size)


def textbook_derivative(m, x):
    size = m.absolute(x)
    return m.where(size <= 1, 4 * x - 3 * x * size, m.where(x < 0, -1, 1))


def forward(m, x):
    size = m.where(x < 0, -x, x)
    s, t = m.guard(x, (-1, 1), 0), m.guard(size, (0, 1), 0)
    return m.where(size <= 1, s * s * (2 - t), size)


def derivative(m, x):
    s = m.guard(x, (-1, 1), 0)
    inside = s * (4 - 3 * m.absolute(s))
    return m.where(x < -1, -1, m.where(x <= 1, inside, 1))


SOFTMODULUS_Q = Activation(
    name="softmodulus_q",
    title="SoftModulusQ: |x| with a round bottom, x^2 (2 - |x|) on [-1, 1]",
    family="other",
    use="Where the sign of a feature does not matter, only its size; slopes of size 1 far from 0.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    joints=(
        Joint("-1", lambda: -1.0, "-1", lambda: -1.0),
        Joint("0", lambda: 0.0, "0", lambda: 0.0),
        Joint("1", lambda: 1.0, "1", lambda: 1.0),
    ),
    half_types=HalfTypes(),
    traits=Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=1,
        low=0.0,
        high=float("inf"),
        lipschitz=4 / 3,
    ),
    references=(
        Reference(
            "Vallés-Pérez, Soria-Olivas, Martínez-Sober, Serrano-López, Vila-Francés, "
            "Gómez-Sanchís",
            2023,
            "Empirical study of the modulus as activation function in computer vision applications",
            "arXiv:2301.05993",
        ),
    ),
    notes=("Even: f(-x) = f(x).", "Not convex: its slope reaches 4/3 at x = 2/3 and falls to 1."),
)
