"""Every 1031st float32 number through the kernels, against the formula in double precision.

1031 is prime to every power of two: each exponent is met by 8136 or so significands, and by
every pattern of low bits. A full run takes every 257th. Double precision is 2^29 times finer than
the units that are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

import actlab.functional as F
from actlab.kernels import native
from unit.kernels.native_results import apart, results

STEP, FINE_STEP, PART = 1031, 257, 2**21

Scale = Callable[[Tensor], Tensor]

NOTHING: Scale = torch.zeros_like

# The sums of the magnitudes of the terms, where a result is a difference of them.
TERMS: dict[str, tuple[Scale, Scale]] = {
    "powerlu": (NOTHING, NOTHING),
    "expolu": (lambda x: torch.where(x > 1, x + 5, 0.0), NOTHING),
    "ralu": (NOTHING, lambda x: 1 + 2 * (1 - x * x).abs() / (1 + x * x) ** 2),
    "elu": (NOTHING, NOTHING),
}


def numbers(step: int) -> Iterator[Tensor]:
    """Bit patterns at equal steps, in parts; infinities and NaNs as they come."""
    for start in range(-(2**31), 2**31, step * PART):
        bits = torch.arange(start, min(start + step * PART, 2**31), step)
        yield bits.to(torch.int32).view(torch.float32)


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("step", [STEP, pytest.param(FINE_STEP, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", TERMS)
def test_single_precision_is_accurate_over_its_whole_range(name: str, step: int) -> None:
    of_value, of_slope = TERMS[name]
    worst = {"value": 0.0, "slope": 0.0}
    count = 0
    for x in numbers(step):
        got = results(name, x, {}, backend="native", save="input")
        wide = x.double()
        want = results(name, wide, {}, backend="formula", save="input")
        finite = x.isfinite()
        ours, theirs = got.value[finite], want.value[finite]
        worst["value"] = max(worst["value"], apart(ours, theirs, of_value(wide[finite])))
        ours, theirs = got.slope[finite], want.slope[finite]
        worst["slope"] = max(worst["slope"], apart(ours, theirs, of_slope(wide[finite])))
        assert torch.equal(got.value.isnan(), x.isnan())
        assert torch.equal(got.slope.isnan(), x.isnan())
        count += x.numel()
    assert count > 2**32 // step
    assert worst["value"] <= 1, worst
    assert worst["slope"] <= 2, worst


@pytest.mark.usefixtures("kernels")
def test_these_are_the_kernels() -> None:
    # What is measured above must not be the formula under another name.
    x = torch.linspace(-4, 4, 10_001)
    native_ones, formula = (F.ralu(x, backend=backend) for backend in ("native", "formula"))
    if native.library().instruction_set == "default":
        pytest.skip("without fused multiply-add, kernels round double precision as formulas do")
    assert not torch.equal(native_ones, formula)
