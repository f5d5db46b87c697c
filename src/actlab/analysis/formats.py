"""What a number format does to an activation: where gradients die, where f is its asymptote.

Everything is measured on the function as it runs, by a search over the numbers of the format
itself: for 16 bits all of them, for more by bisection, verified around the place found and
along the whole tail beyond it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as native

from actlab.analysis import exactly
from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.quadrature import AccuracyError
from actlab.analysis.shapes import Shape, shape
from actlab.kernels.apply import apply

DTYPES: tuple[torch.dtype, ...] = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
INTEGERS: Mapping[torch.dtype, torch.dtype] = MappingProxyType(
    {
        torch.float64: torch.int64,
        torch.float32: torch.int32,
        torch.float16: torch.int16,
        torch.bfloat16: torch.int16,
    }
)
SAMPLES = 4_000
NEIGHBOURS = 512
CHECKED = 40_000
TRIES = 40
LANES = 64

NATIVE: Mapping[str, tuple[Callable[..., Tensor], Mapping[str, str]]] = MappingProxyType(
    {
        "celu": (native.celu, {"alpha": "alpha"}),
        "elu": (native.elu, {"alpha": "alpha"}),
        "gelu": (native.gelu, {}),
        "gelu_tanh": (functools.partial(native.gelu, approximate="tanh"), {}),
        "hard_sigmoid": (native.hardsigmoid, {}),
        "hard_swish": (native.hardswish, {}),
        "hard_tanh": (native.hardtanh, {"min_val": "min_val", "max_val": "max_val"}),
        "leaky_relu": (native.leaky_relu, {"negative_slope": "negative_slope"}),
        "log_sigmoid": (native.logsigmoid, {}),
        "mish": (native.mish, {}),
        "relu": (native.relu, {}),
        "relu6": (native.relu6, {}),
        "selu": (native.selu, {}),
        "sigmoid": (torch.sigmoid, {}),
        "silu": (native.silu, {}),
        "soft_shrink": (native.softshrink, {"lambd": "lambd"}),
        "soft_sign": (native.softsign, {}),
        "softplus": (native.softplus, {}),
        "tanh": (torch.tanh, {}),
        "tanh_shrink": (native.tanhshrink, {}),
    }
)
"""torch's own functions, and what they call the parameters."""


@dataclass(frozen=True, slots=True)
class Edges:
    """A place towards -inf and one towards inf; None where there is none."""

    left: float | None
    right: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one implementation does in one format.

    Attributes:
        gradient_gone: the first x, going outwards, from which the gradient is exactly 0 although
            in mathematics it is not.
        asymptote_met: the first x from which the value is its asymptote's, rounded; None also
            where rounding keeps the two apart now and then however far out.
        value_lost: the first x from which the value is not finite although x is.
        slope_lost: the same for the gradient.
    """

    gradient_gone: Edges
    asymptote_met: Edges
    value_lost: Edges
    slope_lost: Edges


@dataclass(frozen=True, slots=True)
class Precision:
    """The facts for one format.

    Attributes:
        dtype: its name, such as ``"float16"``. ours: of this library's function.
        torch: of torch's own function, or None where torch has none.
    """

    dtype: str
    ours: Measured
    torch: Measured | None


def precision(activation: Analysed, **params: float) -> tuple[Precision, ...]:
    """Floating-point facts in float64, float32, float16 and bfloat16.

    Args:
        activation: a name, a definition, or a case.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: a parameter is outside its domain.

    Example:
        >>> from actlab.analysis import precision
        >>> single = precision("elu")[1]
        >>> single.dtype, round(single.ours.gradient_gone.left, 2)
        ('float32', -103.97)
    """
    return _precision(case(activation, params))


@functools.lru_cache(maxsize=128)
def _precision(subject: Case) -> tuple[Precision, ...]:
    found = shape(subject)
    other = _native(subject)

    def ours(x: Tensor) -> Tensor:
        return apply(subject.definition, x, subject.params, channel_dim=1, backend=None, save=None)

    return tuple(
        Precision(
            str(dtype).removeprefix("torch."),
            _measured(ours, subject, found, dtype),
            None if other is None else _measured(other, subject, found, dtype),
        )
        for dtype in DTYPES
    )


def _native(subject: Case) -> Callable[[Tensor], Tensor] | None:
    if subject.definition.name not in NATIVE:
        return None
    function, names = NATIVE[subject.definition.name]
    if set(names) != set(subject.params):
        return None
    keywords = {names[name]: value for name, value in subject.params.items()}
    return lambda x: function(x, **keywords)


def _measured(
    function: Callable[[Tensor], Tensor], subject: Case, found: Shape, dtype: torch.dtype
) -> Measured:
    sides = {side: _side(function, subject, found, dtype, side) for side in (-1, 1)}
    return Measured(*(Edges(sides[-1][k], sides[1][k]) for k in range(4)))


Both = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""From the bits of |x| to x, the value and the gradient."""

Predicate = Callable[[Tensor, Tensor, Tensor], Tensor]


def _side(
    function: Callable[[Tensor], Tensor],
    subject: Case,
    found: Shape,
    dtype: torch.dtype,
    side: int,
) -> tuple[float | None, float | None, float | None, float | None]:
    def both(bits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # torch's loops round some functions otherwise in their scalar tail: fill the vectors.
        filled = torch.nn.functional.pad(bits, (0, -len(bits) % LANES))
        x = (side * filled.to(INTEGERS[dtype]).view(dtype)).requires_grad_()
        y = function(x)
        (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
        return tuple(t.detach()[: len(bits)] for t in (x, y, slope))  # type: ignore[return-value]

    def met(x: Tensor, y: Tensor, slope: Tensor) -> Tensor:
        line = (rise * x.double() + start).to(dtype)
        return (y == line) & torch.isfinite(line)

    last = int(torch.tensor([torch.finfo(dtype).max], dtype=dtype).view(INTEGERS[dtype]).item())
    bits = torch.arange(last + 1) if last < 1 << 16 else _spread(last)
    sampled = both(bits)

    def first(holds: Predicate) -> float | None:
        place = _first(holds, both, bits, holds(*sampled), f"{subject} in {dtype}")
        return None if place is None else both(torch.tensor([place]))[0].item() + 0.0

    end = first(lambda x, y, slope: slope == 0)
    # Where the slope is 0 in mathematics too, the format is not to blame.
    if end is not None and _flat_at(subject, found, end, side):
        end = None
    asymptote = found.asymptotes[0 if side < 0 else 1]
    meets = None
    if asymptote is not None:
        rise, start = asymptote
        try:
            meets = first(met)
        except AccuracyError:
            # Rounding takes the values off their asymptote and back again all along.
            meets = None
    value_lost = first(lambda x, y, slope: ~torch.isfinite(y))
    return end, meets, value_lost, first(lambda x, y, slope: ~torch.isfinite(slope))


def _spread(last: int) -> Tensor:
    """Numbers of every size, as many from each octave."""
    bits = np.unique(np.linspace(0, last, SAMPLES).astype(np.int64))
    bits[-1] = last
    return torch.from_numpy(bits)


def _flat_at(subject: Case, found: Shape, x: float, side: int) -> bool:
    beyond = math.nextafter(x, side * math.inf) if x else side * 1e-300
    if any(low <= beyond <= high for low, high in found.flat):
        return True
    return bool(exactly.is_flat(subject, beyond)) and not exactly.is_cut(
        subject, beyond, slopes=True
    )


def _first(holds: Predicate, both: Both, bits: Tensor, held: Tensor, who: str) -> int | None:
    """The bits of the smallest |x| from which a predicate holds for every larger one."""
    if not held[-1]:
        return None
    fails = torch.nonzero(~held)
    if not len(fails):
        return 0
    outside, inside = int(bits[fails[-1]]), int(bits[fails[-1] + 1])
    surely = inside
    for _ in range(TRIES):
        while inside - outside > 1:
            steps = torch.tensor(
                sorted({outside + (inside - outside) * k // 64 for k in range(65)})
            )
            here = holds(*both(steps))
            # The last failure counts: a function may meet its asymptote now and then before.
            place = int(torch.nonzero(~here)[-1]) if not here.all() else 0
            if place == len(steps) - 1:
                break
            outside, inside = int(steps[place]), int(steps[place + 1])
        beyond = _between(inside, surely)
        after = holds(*both(beyond))
        if after.all():
            return inside
        # It holds and fails in turn here: go on from the last failure.
        last = int(torch.nonzero(~after)[-1])
        if last + 1 >= len(beyond):
            break
        outside, inside = int(beyond[last]), int(beyond[last + 1])
    raise AccuracyError(
        f"{who}: no clear threshold near {float(both(torch.tensor([inside]))[0]):g}"
    )


def _between(first: int, last: int) -> Tensor:
    """All numbers between two, or many of them, the nearest to the first among them."""
    if last - first <= CHECKED:
        return torch.arange(first, last + 1)
    near = np.arange(first, first + NEIGHBOURS)
    spread = np.linspace(first, last, CHECKED // 4).astype(np.int64)
    return torch.from_numpy(np.unique(np.concatenate([near, spread[1:-1], [last]])))
