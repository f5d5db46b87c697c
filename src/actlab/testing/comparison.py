"""Results against the oracle: limits in ulp, and messages that show the worst element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import torch
from torch import Tensor

from actlab.core import Activation
from actlab.testing.oracle import exact
from actlab.testing.subject import Subject
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS, Format, rounded, ulp_error

HALF_TYPES = (torch.float16, torch.bfloat16)

UNSEEN = 2.0**-38
"""In ulp of a half type: results are computed in double and rounded once, so that a tie which
double precision cannot tell from a near-tie may go either way."""

THROUGH_FLOAT32 = 0.501
"""In ulp: what rounding a half type through float32 can give, as torch's own conversions and the
GPU kernels do."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One element that is wrong."""

    x: float
    got: float
    want: Any
    nearest: float
    error: float

    def __str__(self) -> str:
        return (
            f"at x = {self.x!r} ({self.x.hex()}): got {self.got!r}, expected {self.nearest!r} "
            f"(exactly {mpmath.nstr(self.want, 20)}), {self.error:.4g} ulp off"
        )


def allowed_ulp(activation: Activation, what: str, dtype: torch.dtype) -> float:
    """The error promised for a result: 1 ulp for float32 values, 2 for its derivatives.

    Half types are promised half a unit: correct rounding.
    """
    if dtype in HALF_TYPES:
        return 0.5
    if dtype == torch.float64:
        return activation.float64_ulp
    return 1.0 if what == "value" else 2.0


def promised_ulp(subject: Subject, what: str, dtype: torch.dtype) -> float:
    """The error promised for a result on a backend."""
    if dtype in HALF_TYPES and subject.backend == "triton":
        return THROUGH_FLOAT32
    return allowed_ulp(subject.activation, what, dtype)


def halves_by_terms(subject: Subject) -> bool:
    """Whether a backend computes half types in single precision, where terms may cancel."""
    return subject.backend == "triton"


def misses(
    inputs: Sequence[float],
    got: Tensor,
    truth: Callable[[float], Any],
    form: Format,
    limit: float,
    scale: Callable[[float], Any] = lambda x: None,
    halves_by_terms: bool = False,
) -> list[Miss]:
    """The elements further than ``limit`` ulp from the truth, worst first.

    Where terms cancel, ``scale`` gives the magnitude of their sum, whose ulp counts. Half types
    that are computed in double need none of that.
    """
    found = []
    for x, value in zip(inputs, got.detach().cpu().double().tolist(), strict=True):
        want = truth(x)
        nearest = rounded(want, form)
        if value == nearest:
            continue
        if math.isnan(nearest):
            # Only NaN has no exact result; a formula that finds none elsewhere is wrong.
            found.append(Miss(x, value, want, nearest, math.inf))
            continue
        error = ulp_error(value, want, form)
        if error > (limit + UNSEEN if form.dtype in HALF_TYPES else limit):
            strict = form.dtype in HALF_TYPES and not halves_by_terms
            magnitude = None if strict else scale(x)
            if magnitude is not None:
                error = ulp_error(value, want, form, magnitude)
                if error <= limit:
                    continue
            found.append(Miss(x, value, want, nearest, error))
    return sorted(found, key=lambda miss: -miss.error)


def report(found: list[Miss], count: int, heading: str) -> None:
    """Raise for the misses of one comparison, showing the worst of them."""
    if found:
        worst = "\n  ".join(str(miss) for miss in found[:3])
        raise AssertionError(f"{heading}: {len(found)} of {count} wrong, the worst\n  {worst}")


def compare(
    subject: Subject,
    what: str,
    inputs: Sequence[float],
    got: Tensor,
    params: Mapping[str, float],
    *,
    how: str = "",
    limit: float | None = None,
    terms: str | None = None,
) -> None:
    """Raise unless results are as near to the oracle as the library promises.

    Args:
        subject: what is tested.
        what: ``"value"``, ``"slope"``, ``"curvature"`` or ``"d/dNAME"``.
        inputs: the elements.
        got: the results for them, in the dtype under test.
        params: every parameter as a number.
        how: the way the results came about, for the message.
        limit: in ulp; the promised one unless given.
        terms: the result whose terms set the scale where they cancel; ``what`` unless given.

    Raises:
        AssertionError: naming the worst elements.
    """
    activation, form = subject.activation, FORMATS[got.dtype]
    if got.numel() != len(inputs):
        raise AssertionError(
            f"{subject.label(params)} {form.name} {what} {how}: "
            f"{got.numel()} results for {len(inputs)} inputs"
        )
    if limit is None:
        limit = promised_ulp(subject, what, got.dtype)
    found = misses(
        inputs,
        got.reshape(-1),
        lambda x: exact(activation, what, x, params),
        form,
        limit,
        lambda x: magnitude_of_terms(activation, terms or what, x, params),
        halves_by_terms=halves_by_terms(subject),
    )
    within = "correctly rounded" if limit == 0.5 else f"within {limit:g} ulp"
    report(found, len(inputs), f"{subject.label(params)} {form.name} {what} {how} ({within})")


def same_bits(left: Tensor, right: Tensor) -> bool:
    """Equal to the last bit, NaN and the signs of zeros included."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    width = {8: torch.int64, 4: torch.int32, 2: torch.int16}[left.element_size()]
    pairs = (t.detach().contiguous().view(-1).view(width) for t in (left, right))
    return torch.equal(*pairs)


def expect_same_bits(left: Tensor, right: Tensor, heading: str) -> None:
    """Raise, showing the first element that differs."""
    if same_bits(left, right):
        return
    if left.dtype != right.dtype or left.shape != right.shape:
        raise AssertionError(
            f"{heading}: {left.dtype} {tuple(left.shape)} against "
            f"{right.dtype} {tuple(right.shape)}"
        )
    one, other = left.detach().reshape(-1), right.detach().reshape(-1)
    differing = [
        k
        for k, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True))
        if not (a == b and math.copysign(1, a) == math.copysign(1, b)) and not (a != a and b != b)
    ]
    first = (
        f"first at {differing[0]}: {one[differing[0]].item()!r} against "
        f"{other[differing[0]].item()!r}"
        if differing
        else "in the bits of NaNs"
    )
    raise AssertionError(f"{heading}: {len(differing)} of {one.numel()} differ, {first}")
