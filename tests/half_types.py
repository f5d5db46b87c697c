"""Every number of a half type, and results for them against double precision."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from actlab import get
from actlab.interpret.forms import formulas
from actlab.interpret.numpy_ import evaluate
from actlab.testing.comparison import THROUGH_FLOAT32
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS


def every_number(dtype: torch.dtype) -> Tensor:
    """All 65536 of a half type, NaNs and infinities included."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def units(size: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """The unit in the last place at every size."""
    form = FORMATS[dtype]
    _, exponent = np.frexp(size)
    least = form.emin - form.digits + 1
    return np.ldexp(1.0, np.maximum(exponent - form.digits, least))


def wrong(
    name: str, what: str, x: Tensor, got: Tensor, exact: np.ndarray, params: dict[str, float]
) -> list[tuple[float, float, float]]:
    """Inputs, results and exact results that are further apart than is promised."""
    form, results = FORMATS[x.dtype], got.double().numpy()
    with np.errstate(all="ignore"):  # of infinities
        beyond = form.largest + 2.0 ** (form.emax - form.digits)  # from here on it is infinite
        exact = np.where(np.abs(exact) >= beyond, np.copysign(np.inf, exact), exact)
        same = (results == exact) | (np.isnan(results) & np.isnan(exact))
        near = np.abs(results - exact) <= THROUGH_FLOAT32 * units(np.abs(exact), x.dtype)
        # Either side of where it becomes infinite.
        edge = np.isclose(np.abs(exact), beyond, rtol=1e-6) & (np.abs(results) >= form.largest)
        found = []
        for i in np.flatnonzero(~(same | near | edge)):
            terms = magnitude_of_terms(get(name), what, float(x[i]), params)
            size = np.array(max(float(terms or 0), abs(exact[i])))
            if not abs(results[i] - exact[i]) <= THROUGH_FLOAT32 * units(size, x.dtype):
                found.append((float(x[i]), results[i], exact[i]))
    return found


def in_double(name: str, key: str, x: Tensor, params: dict[str, float]) -> np.ndarray:
    return evaluate(formulas(get(name))[key], x.double().numpy(), params)
