"""What every estimate here is given with: an interval, of a sample that was checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = Sequence[float] | npt.NDArray[np.floating]
"""Numbers in a row, as a caller may have them."""


class Interval(NamedTuple):
    """A closed interval of real numbers."""

    low: float
    high: float


def as_sample(values: Values, least: int, *, name: str = "values") -> npt.NDArray[np.float64]:
    """The values as a one-dimensional float64 array.

    Raises:
        ValueError: not one-dimensional, fewer than ``least`` values, or a value that is not finite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {sample.shape}")
    if sample.size < least:
        raise ValueError(f"{name} must hold at least {least} number(s), got {sample.size}")
    if not np.isfinite(sample).all():
        raise ValueError(f"{name} must be finite, got {sample[~np.isfinite(sample)][0]}")
    return sample


def as_pairs(first: Values, second: Values, least: int) -> tuple[npt.NDArray, npt.NDArray]:
    """Two samples of one length: entry i of both comes from one seed.

    Raises:
        ValueError: one of them is no sample, or their lengths differ.
    """
    one, other = as_sample(first, least, name="first"), as_sample(second, least, name="second")
    if one.size != other.size:
        raise ValueError(f"pairs need equal lengths, got {one.size} and {other.size}")
    return one, other


def check_fraction(name: str, value: float) -> None:
    """Refuse what is not strictly between 0 and 1.

    Raises:
        ValueError: ``value`` is not in (0, 1).
    """
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), got {value!r}")


def check_smallest(smallest: float) -> None:
    """Refuse a smallest effect of interest that is none.

    Raises:
        ValueError: ``smallest`` is not above 0, or not finite.
    """
    if not 0.0 < smallest < float("inf"):
        raise ValueError(f"smallest must be above 0 and finite, got {smallest!r}")
