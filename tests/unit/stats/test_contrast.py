"""Linear contrasts over shared seeds."""

from __future__ import annotations

import pytest

from actlab.stats import Contrast, contrast


def test_a_difference_over_the_seeds_both_have_in_order():
    result = contrast([(1, {7: 1.0, 0: 5.0, 3: 2.0}), (-1, {3: 0.5, 0: 1.0, 9: 4.0})])
    assert result == Contrast(seeds=(0, 3), differences=(4.0, 1.5), missing=(7, 9))


def test_an_interaction_is_a_difference_of_differences():
    relu, elu = {0: 0.90, 1: 0.91}, {0: 0.93, 1: 0.95}
    relu_norm, elu_norm = {0: 0.95, 1: 0.96}, {0: 0.96, 1: 0.98}
    terms = [(1, elu), (-1, relu), (-1, elu_norm), (1, relu_norm)]
    assert contrast(terms).differences == pytest.approx((0.02, 0.02))


def test_a_term_of_weight_zero_still_needs_its_seeds():
    result = contrast([(1, {0: 1.0, 1: 2.0}), (0, {1: 5.0})])
    assert (result.seeds, result.differences, result.missing) == ((1,), (2.0,), (0,))


def test_no_shared_seed_is_an_empty_contrast():
    assert contrast([(1, {0: 1.0}), (-1, {1: 1.0})]) == Contrast((), (), (0, 1))


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        ([], "at least one weight"),
        ([(1, {0: 1.0}), (float("nan"), {0: 1.0})], r"terms\[1\]: the weight"),
        ([(1, {0: 1.0, 4: float("inf")})], r"terms\[0\]: seed 4 must be finite, got inf"),
    ],
)
def test_what_is_no_contrast_is_refused(terms, word):
    with pytest.raises(ValueError, match=word):
        contrast(terms)
