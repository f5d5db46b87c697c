"""The pieces of exact checks: words from cases, facts with tolerances, thresholds of formats."""

from __future__ import annotations

import math

import pytest
import torch

from actlab.lab.claims.exact import formats, written
from actlab.lab.claims.exact.depth import elu_maps
from actlab.lab.claims.exact.depth_ralu import closed_moments
from actlab.lab.claims.exact.functions import Functions, beside
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    at_least,
    at_most,
    close,
    quantified,
    read,
    same,
    settled,
)

NAN = math.nan


def test_a_claim_about_cases_is_true_conditional_or_false() -> None:
    assert quantified([True, True]) == "true"
    assert quantified([True, False]) == "conditional"
    assert quantified([False, False]) == "false"
    with pytest.raises(ValueError, match="no case at all"):
        quantified([])


def test_a_claim_whose_readings_differ_is_vague() -> None:
    assert read([True, False]) == "vague"
    assert read([True, True]) == "true"
    assert read([False]) == "false"
    assert (settled(True), settled(False)) == ("true", "false")


def test_facts_disagree_beyond_their_tolerance_and_with_nan() -> None:
    assert close("a", 1.0 + 1e-10, 1.0).agrees
    assert not close("a", 1.0 + 1e-8, 1.0).agrees
    assert close("a", math.inf, math.inf).agrees
    assert not close("a", 1e-12, 0.0).agrees
    assert close("a", 1e-12, 0.0, absolute=1e-11).agrees
    for fact in (close("a", NAN, 1.0), at_most("a", NAN, 1.0), at_least("a", NAN, 1.0)):
        assert not fact.agrees
    assert same("a", "odd", "odd").agrees
    assert not same("a", False, True).agrees
    assert at_most("a", 2.0, 1.0).expected == "at most 1"


def test_one_wrong_fact_makes_the_verdict_disagree() -> None:
    facts = (same("a", True, True), same("b", 1, 2))
    assert not ExactVerdict("E1", "true", "So.", facts).agrees
    assert ExactVerdict("E1", "true", "So.", facts[:1]).agrees


@pytest.mark.parametrize("dtype", formats.FORMATS)
@pytest.mark.parametrize("side", [-1, 1])
def test_the_first_number_of_a_format_is_found_to_the_last_bit(
    dtype: torch.dtype, side: int
) -> None:
    edge = torch.tensor(3.14159, dtype=dtype)
    found = formats.first(lambda x: x.abs() >= edge, dtype, side)
    assert found == side * float(edge)
    assert formats.first(lambda x: torch.zeros_like(x, dtype=torch.bool), dtype, side) is None


def test_a_threshold_that_is_none_is_refused() -> None:
    def flickers(x: torch.Tensor) -> torch.Tensor:
        return (x > 100) | ((x > 1) & (x.view(torch.int32) % 2 == 0))

    with pytest.raises(ArithmeticError, match="no clear threshold in float32"):
        formats.first(flickers, torch.float32, 1)


def test_all_numbers_of_a_short_format_are_looked_at() -> None:
    half = formats.sizes(torch.float16)
    assert len(half) == 31 * 1024 - 1
    assert float(half[0]) == 2.0**-24
    assert float(half[-1]) == 65504.0
    assert torch.isfinite(formats.sizes(torch.float64)).all()
    assert float(formats.sizes(torch.float64)[-1]) == torch.finfo(torch.float64).max


def test_rounding_outwards_never_comes_nearer_to_zero() -> None:
    assert formats.rounded_out(-6.238, torch.bfloat16) == -6.25
    assert formats.rounded_out(-92.88, torch.bfloat16) == -93.0
    assert formats.rounded_out(0.5, torch.float16) == 0.5
    assert formats.rounded_out(11.0866, torch.float16) == 11.09375


def test_shares_of_unequal_elements_take_nan_for_equal() -> None:
    left, right = torch.tensor([1.0, NAN, 2.0, 3.0]), torch.tensor([1.0, NAN, 2.5, 3.0])
    assert formats.share_unequal(left, right) == 0.25


def test_formulas_as_written_are_those_of_the_sources() -> None:
    x = torch.tensor([-2.0, 0.0, 0.5, 3.0], dtype=torch.float64)
    assert torch.allclose(written.elu(x), torch.nn.functional.elu(x), atol=1e-15)
    assert written.powerlu(x, 2.0).tolist() == [0.0, 0.25, 0.5625, 3.0]
    assert written.ralu(x, 1.0).tolist() == x.tolist()
    assert torch.allclose(written.ralu(x, 3.0), written.ralu_as_sum(x, 3.0), atol=1e-15)
    slope = written.gradient(lambda at: written.ralu(at, 3.0), x)
    assert torch.allclose(slope, written.ralu_slope(x, 3.0), atol=1e-14)


def test_a_point_beside_a_joint_is_not_the_joint() -> None:
    for side in (-1, 1):
        assert (beside(1.0, side) - 1) * side > 0
        assert float(beside(1.0, side)) == 1.0


def test_closed_forms_agree_with_quadrature() -> None:
    functions = Functions()
    for alpha in (0.25, 3.0, 9.0):
        square, slope_square = closed_moments(alpha)
        at = functions.moments("ralu", alpha=alpha)
        assert at.square == pytest.approx(square, rel=1e-12)
        assert at.slope_square == pytest.approx(slope_square, rel=1e-12)
    variances, gradients = elu_maps(2.0, 0.0, 1)
    at = functions.moments("elu")
    assert variances[1] == pytest.approx(2 * at.square, rel=1e-12)
    assert gradients[1] == pytest.approx(math.log10(2 * at.slope_square), rel=1e-12)
