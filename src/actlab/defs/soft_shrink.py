"""Soft shrinkage: inputs are moved towards 0 by a threshold, small ones to 0 itself."""

from actlab.core import Activation, Direct, Domain, FromOutput, Joint, Param, Reference, Traits


def forward(m, x, *, lambd):
    return m.where(x > lambd, x - lambd, m.where(x < -lambd, x + lambd, 0))


def derivative(m, x, *, lambd):
    return m.where(x > lambd, 1, m.where(x < -lambd, 1, 0))


def derivative_from_output(m, y, *, lambd):
    return m.where(y > 0, 1, m.where(y < 0, 1, 0))


def lambd_partial_from_output(m, y, *, lambd):
    return m.where(y > 0, -1, m.where(y < 0, 1, 0))


SOFT_SHRINK = Activation(
    name="soft_shrink",
    title="Soft shrinkage: 0 up to a threshold, a line of slope 1 beyond it",
    family="shrinkage",
    use="For sparse codes and denoising: it is the proximal step of an L1 penalty.",
    forward=forward,
    derivative=derivative,
    params=(Param("lambd", 0.5, Domain(0.0), "threshold"),),
    joints=(
        Joint("-lambd", lambda lambd: -lambd, "0", lambda lambd: 0.0),
        Joint("lambd", lambda lambd: lambd, "0", lambda lambd: 0.0),
    ),
    from_output=FromOutput(
        derivative=derivative_from_output,
        partials={"lambd": lambd_partial_from_output},
        note="exact, except where the output underflows to 0 next to the threshold",
    ),
    saves="output",
    direct=Direct(usable=lambda m, *, lambd: m.exact(lambd)),
    aliases=("softshrink",),
    traits=Traits(
        monotone=True,
        convex=False,
        odd=True,
        smoothness=0,
        low=-float("inf"),
        high=float("inf"),
        lipschitz=1.0,
        dead=(-0.5, 0.5),
    ),
    references=(
        Reference(
            "Donoho, Johnstone",
            1994,
            "Ideal spatial adaptation by wavelet shrinkage",
            "Biometrika 81",
        ),
        Reference(
            "Gregor, LeCun", 2010, "Learning fast approximations of sparse coding", "ICML 2010"
        ),
    ),
    notes=(
        "The slope is 0 at both thresholds, as in PyTorch.",
        "Large inputs stay biased towards 0 by the threshold.",
    ),
)
