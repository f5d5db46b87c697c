"""SmeLU: a rectifier whose corner is replaced by a parabola."""

from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    FromOutput,
    HalfTypes,
    Joint,
    Param,
    Reference,
    Traits,
    moderate,
)


def textbook(m, x, *, beta):
    return m.where(x < -beta, 0, m.where(x <= beta, (x + beta) ** 2 / (4 * beta), x))


def textbook_derivative(m, x, *, beta):
    return m.where(x < -beta, 0, m.where(x <= beta, (x + beta) / (2 * beta), 1))


def forward(m, x, *, beta):
    # (x + beta)^2 = 4 beta x + (x - beta)^2: each form is used where its derivative in beta
    # is a sum of terms that do not cancel.
    low = m.guard(x, (-beta, 0), 0) + beta
    high = beta - m.guard(x, (0, beta), 0)
    rising = m.where(x <= 0, low * (low / (4 * beta)), x + high * (high / (4 * beta)))
    return m.where(x <= -beta, 0, m.where(x < beta, rising, x))


def derivative(m, x, *, beta):
    rising = (m.guard(x, (-beta, beta), 0) + beta) / (2 * beta)
    return m.where(x <= -beta, 0, m.where(x < beta, rising, 1))


def derivative_from_output(m, y, *, beta):
    inside = (y > 0) & (y < beta)
    return m.where(y <= 0, 0, m.where(inside, m.sqrt(m.guard(y, inside, beta) / beta), 1))


SMELU = Activation(
    name="smelu",
    title="SmeLU: the smooth rectifier made of zero, a parabola on [-beta, beta] and a line",
    family="smooth rectifier",
    use="A rectifier with a continuous slope at almost no cost; it makes training more "
    "reproducible from run to run.",
    forward=forward,
    derivative=derivative,
    textbook=textbook,
    textbook_derivative=textbook_derivative,
    params=(Param("beta", 1.0, Domain(0.0), "half-width of the parabola"),),
    joints=(
        Joint("-beta", lambda beta: -beta, "0", lambda beta: 0.0),
        Joint("beta", lambda beta: beta, "1", lambda beta: 1.0),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        note="sqrt(y / beta), within 2 ulp (float64: 4) wherever the output is a normal number; "
        "below, off by at most the slope at the smallest subnormal output",
    ),
    saves="output",
    aliases=("sparse_plus",),
    half_types=HalfTypes(lambda m, *, beta: moderate(m, beta) & m.exact(beta)),
    traits=Traits(
        monotone=True,
        convex=True,
        odd=False,
        smoothness=1,
        low=0.0,
        high=float("inf"),
        lipschitz=1.0,
        dead=(-float("inf"), -1.0),
    ),
    references=(
        Reference(
            "Shamir, Lin, Coviello",
            2020,
            "Smooth activations and reproducibility in deep networks",
            "arXiv:2010.09931",
        ),
    ),
    equivalents=(
        Equivalent(
            "expolu",
            "a = 4 beta, b = beta, p = 2",
            lambda beta: {"a": 4 * beta, "b": beta, "p": 2.0},
        ),
        Equivalent("powerlu", "p = 2", lambda beta: {"p": 2.0}, when={"beta": 1.0}),
    ),
    notes=(
        "beta to 0 is ReLU; the middle is ReLU averaged over a uniform shift in [-beta, beta].",
        "sparse_plus of JAX is the case beta = 1, the default.",
        "Learning beta keeps the input: near x = beta its derivative cannot be known from the "
        "output.",
    ),
)
