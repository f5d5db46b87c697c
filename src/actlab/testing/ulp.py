"""Floating-point formats, correct rounding into them, and errors in units in the last place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import mpmath
import torch
from mpmath import mpf

PRECISION = 400
"""Bits that differences are formed with; far more than the 50 digits of the oracle."""


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format.

    Args:
        dtype: the torch dtype.
        digits: bits of the significand, the hidden one included.
        emin, emax: exponents of the smallest and the largest normal binade.
    """

    dtype: torch.dtype
    digits: int
    emin: int
    emax: int

    @property
    def name(self) -> str:
        """The dtype's name without ``torch.``."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.digits), self.emax)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive normal number."""
        return math.ldexp(1.0, self.emin)

    @property
    def smallest(self) -> float:
        """The smallest positive number, subnormal."""
        return math.ldexp(1.0, self.emin - self.digits + 1)

    def unit_exponent(self, x: Any) -> int:
        """The exponent of the unit in the last place at ``x``, an ``mpf`` or a float."""
        _, man, exponent, bits = mpf(x)._mpf_
        top = exponent + bits - 1 if man else self.emin
        return min(max(top, self.emin), self.emax) - self.digits + 1


FORMATS: Mapping[torch.dtype, Format] = MappingProxyType(
    {
        torch.float64: Format(torch.float64, 53, -1022, 1023),
        torch.float32: Format(torch.float32, 24, -126, 127),
        torch.float16: Format(torch.float16, 11, -14, 15),
        torch.bfloat16: Format(torch.bfloat16, 8, -126, 127),
    }
)


def rounded(exact: Any, form: Format) -> float:
    """The number of the format nearest to an ``mpf``, ties to even; infinite on overflow.

    Args:
        exact: an ``mpf``, NaN and infinities included.
        form: the format.

    Returns:
        A Python float, which holds every number of every format here exactly.
    """
    exact = mpf(exact)
    sign, man, exponent, bits = exact._mpf_
    if not man:
        return float(exact)
    minus = -1.0 if sign else 1.0
    top = exponent + bits - 1
    if top > form.emax:
        return minus * math.inf
    if top < form.emin - form.digits:
        return minus * 0.0
    unit = form.unit_exponent(exact)
    shift = exponent - unit
    whole = _shifted_right(int(man), -shift) if shift < 0 else int(man) << shift
    if whole >= 1 << (form.emax - unit + 1):
        return minus * math.inf
    return minus * math.ldexp(whole, unit)


def _shifted_right(number: int, places: int) -> int:
    """``number / 2**places`` to the nearest integer, ties to even."""
    whole, rest = number >> places, number & ((1 << places) - 1)
    half = 1 << (places - 1)
    up = rest > half or (rest == half and whole & 1)
    return whole + bool(up)


def ulp_error(got: float, exact: Any, form: Format, scale: Any = None) -> float:
    """The distance of ``got`` from the exact result in units in the last place.

    An infinite ``got`` counts as the number that would follow the largest finite one, and so
    does every exact result beyond it.

    Args:
        got: a number of the format.
        exact: the exact result, an ``mpf``.
        form: the format.
        scale: a magnitude to take the unit at, where the result is a difference of larger
            terms; never smaller than the result itself. Default: the result.

    Returns:
        0 when both are NaN, ``inf`` when one is.
    """
    if mpmath.isnan(exact) or math.isnan(got):
        return 0.0 if mpmath.isnan(exact) and math.isnan(got) else math.inf
    with mpmath.workprec(PRECISION):
        beyond = mpf(2) ** (form.emax + 1)
        truth = min(max(_negligible_to_zero(mpf(exact), form), -beyond), beyond)
        held = min(max(mpf(got), -beyond), beyond)
        at = truth if scale is None else max(abs(truth), min(mpf(scale), beyond))
        return float(abs(held - truth) * mpf(2) ** -form.unit_exponent(at))


def _negligible_to_zero(exact: Any, form: Format) -> Any:
    """Zero in place of numbers too small to move any distance, whose shifts would be huge."""
    _, man, exponent, bits = exact._mpf_
    return mpf(0) if man and exponent + bits < form.emin - form.digits - 64 else exact


def steps(x: float, count: int, form: Format) -> float:
    """The number ``count`` units away from ``x`` in the format: its neighbour for ``1``."""
    at = torch.tensor(x, dtype=form.dtype)
    towards = torch.tensor(math.copysign(math.inf, count), dtype=form.dtype)
    for _ in range(abs(count)):
        at = torch.nextafter(at, towards)
    return at.item()
