"""Hard tanh: the identity between two bounds, constant outside."""

from actlab.core import Activation, Direct, Domain, FromOutput, Joint, Param, Reference, Traits


def forward(m, x, *, min_val, max_val):
    return m.where(x <= min_val, min_val, m.where(x < max_val, x, max_val))


def derivative(m, x, *, min_val, max_val):
    return m.where(x <= min_val, 0, m.where(x < max_val, 1, 0))


def derivative_from_output(m, y, *, min_val, max_val):
    # The bounds as the output holds them: rounding may have moved them to either side.
    return m.where(y <= m.stored(min_val), 0, m.where(y < m.stored(max_val), 1, 0))


def min_val_partial_from_output(m, y, *, min_val, max_val):
    return m.where(y <= m.stored(min_val), 1, 0)


def max_val_partial_from_output(m, y, *, min_val, max_val):
    return m.where(y < m.stored(max_val), 0, 1)


HARD_TANH = Activation(
    name="hard_tanh",
    title="Hard tanh: the identity between a lower and an upper bound, constant outside",
    family="sigmoid",
    use="A cheap bounded activation where tanh is too slow, such as in quantised networks.",
    forward=forward,
    derivative=derivative,
    params=(
        Param("min_val", -1.0, Domain(high=0.0, closed_high=True), "lower bound of the output"),
        Param("max_val", 1.0, Domain(0.0), "upper bound of the output"),
    ),
    joints=(
        Joint("min_val", lambda min_val, max_val: min_val, "0", lambda min_val, max_val: 0.0),
        Joint("max_val", lambda min_val, max_val: max_val, "0", lambda min_val, max_val: 0.0),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"min_val": min_val_partial_from_output, "max_val": max_val_partial_from_output},
        note="exact, except at an input that is a bound as the dtype rounds it",
    ),
    saves="output",
    direct=Direct(usable=lambda m, *, min_val, max_val: m.exact(min_val) & m.exact(max_val)),
    aliases=("hardtanh",),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=0,
        low=-1.0,
        high=1.0,
        lipschitz=1.0,
        dead=(-float("inf"), -1.0),
        dead_above=(1.0, float("inf")),
    ),
    references=(
        Reference(
            "Collobert", 2004, "Large scale machine learning", "PhD thesis, Université de Paris VI"
        ),
    ),
    notes=(
        "The bounds lie on either side of 0 (the lower one may be 0), so that they never cross.",
        "The slope is 0 at both bounds, as in PyTorch; no gradient reaches inputs beyond them.",
    ),
)
