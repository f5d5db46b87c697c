"""Rounding once, fixed-order sums, block-wise evaluation."""

import math
from fractions import Fraction

import pytest
import torch

from actlab.kernels.formula import BLOCK, all_finite, blockwise, ordered_sum, rounded


@pytest.mark.parametrize(("dtype", "digits"), [(torch.float16, 11), (torch.bfloat16, 8)])
def test_halves_round_once(dtype, digits):
    # A hair above the middle between two halves: float32 rounds it onto the middle, and from
    # there ties to even would go down.
    middle = 1 + 2.0**-digits
    values = torch.tensor(
        [middle + 2.0**-40, middle, middle - 2.0**-40, -middle - 2.0**-40], dtype=torch.float64
    )
    up = 1 + 2.0 ** (1 - digits)
    assert rounded(values, dtype).tolist() == [up, 1.0, 1.0, -up]
    assert values.to(dtype)[0] == 1.0, "torch now rounds once: this detour can go"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rounding_is_to_nearest_even_everywhere(dtype):
    generator = torch.Generator().manual_seed(0)
    bits = torch.randint(-(2**15), 2**15, (4000,), generator=generator).to(torch.int16)
    low = bits.view(dtype)
    low = low[torch.isfinite(low)].double()
    high = torch.nextafter(low.to(dtype).float(), torch.tensor(math.inf)).double()
    for weight in (0.0, 0.3, 0.5, 0.7):
        wide = low + weight * (high - low) * (2.0**16 if dtype is torch.bfloat16 else 2.0**13)
        wide = wide[wide.abs() < 3e38]
        for value, half in zip(wide.tolist(), rounded(wide, dtype).tolist(), strict=True):
            if math.isinf(half):
                assert abs(value) > torch.finfo(dtype).max
                continue
            error = abs(Fraction(half) - Fraction(value))
            for other in (-1, 1):
                neighbour = _step(half, other, dtype)
                if math.isfinite(neighbour):
                    assert error <= abs(Fraction(neighbour) - Fraction(value))


def _step(value, by, dtype):
    bits = int(torch.tensor(value, dtype=dtype).view(torch.int16).item())
    if value == 0:
        bits, by = (0, 1) if by > 0 else (-(2**15), 1)
    elif value < 0:
        by = -by
    return torch.tensor(bits + by, dtype=torch.int16).view(dtype).item()


def test_special_values_round_to_themselves():
    special = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e300], dtype=torch.float64)
    for dtype in (torch.float16, torch.bfloat16):
        result = rounded(special, dtype)
        assert result[:2].tolist() == [math.inf, -math.inf]
        assert result[2].isnan()
        assert result[5] == math.inf
        assert torch.equal(torch.signbit(result[3:5]), torch.tensor([False, True]))


@pytest.mark.parametrize("length", [1, 2, 63, 1023, 1024, 1025, 70001])
def test_sums_have_one_order_for_every_thread_count(length):
    generator = torch.Generator().manual_seed(1)
    terms = torch.randn(3, length, generator=generator, dtype=torch.float64)
    before = torch.get_num_threads()
    sums = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            sums.append(ordered_sum(terms))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(sums[0], other) for other in sums)
    exact = torch.tensor([math.fsum(row.tolist()) for row in terms], dtype=torch.float64)
    assert torch.allclose(sums[0], exact, rtol=1e-12, atol=1e-10)
    alone = torch.cat([ordered_sum(row[None]) for row in terms])
    assert torch.equal(sums[0], alone), "a row's sum depends on its neighbours"


def test_sums_of_nothing_are_zero():
    assert ordered_sum(torch.empty(2, 0, dtype=torch.float64)).tolist() == [0.0, 0.0]


def test_blocks_cover_everything_and_are_full():
    x = torch.arange(BLOCK + 5, dtype=torch.float64)
    out = torch.full_like(x, -1)
    seen = []

    def step(block):
        seen.append(block.numel())
        return (block + 1,)

    blockwise(step, [x], [out])
    assert torch.equal(out, x + 1)
    assert seen == [BLOCK, 64]


def test_finiteness_is_never_claimed_wrongly():
    assert all_finite(torch.zeros(3))
    for bad in (math.inf, -math.inf, math.nan):
        assert not all_finite(torch.tensor([0.0, bad, 1.0]))
    assert not all_finite(torch.tensor([math.inf, -math.inf]))
