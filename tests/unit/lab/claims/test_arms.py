"""Functions that only claims need."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from actlab import testing
from actlab.analysis.gain import at_variance, case, centred_gain
from actlab.functional import call
from actlab.lab.claims import arms
from actlab.lab.contenders import resolve
from actlab.lab.study import ContenderSpec

X = torch.linspace(-12.0, 12.0, 481, dtype=torch.float64)
ALL = (arms.OFFSET_ELU, arms.CLIPPED_ELU, arms.KINKED_RALU)


def test_they_are_elu_plus_a_constant_and_elu_below_a_bound():
    torch.testing.assert_close(call(arms.OFFSET_ELU, X, offset=-0.16), functional.elu(X) - 0.16)
    torch.testing.assert_close(call(arms.CLIPPED_ELU, X), functional.elu(X).clamp(max=6.0))


def test_the_twin_of_ralu_has_its_slopes_and_meets_at_its_bends():
    x = X.clone().requires_grad_(True)
    y = call(arms.KINKED_RALU, x, alpha=3.0, bend=0.5)
    (slope,) = torch.autograd.grad(y.sum(), x)
    expected = torch.where(X.abs() <= 0.5, 3.0, 1.0).double()
    assert torch.equal(slope, expected)
    torch.testing.assert_close(y.detach(), X + 2.0 * X.clamp(-0.5, 0.5))


def test_means_and_mean_squares_are_those_of_the_functions_they_stand_for():
    relu = at_variance(case("relu", {}))
    assert at_variance(case(arms.OFFSET_ELU, {})).mean == pytest.approx(relu.mean, abs=1e-12)
    centred = at_variance(case(arms.OFFSET_ELU, {"offset": -0.16052057226688}))
    assert centred.mean == pytest.approx(0.0, abs=1e-12)
    assert at_variance(case("frelu", {})).mean == pytest.approx(0.0, abs=1e-12)
    smooth, kinked = (at_variance(case(one, p)) for one, p in (("ralu", {"alpha": 3.0}),
                                                               (arms.KINKED_RALU, {})))  # fmt: skip
    assert kinked.square == pytest.approx(smooth.square, rel=1e-10)


def test_a_constant_does_not_change_the_centred_gain():
    assert centred_gain(arms.OFFSET_ELU) == pytest.approx(centred_gain("elu"), rel=1e-9)
    assert centred_gain("frelu") == pytest.approx(centred_gain("relu"), rel=1e-9)


@pytest.mark.parametrize("name", ["OFFSET_ELU", "CLIPPED_ELU", "KINKED_RALU"])
def test_a_study_finds_them(name):
    found = resolve(ContenderSpec(name=f"actlab.lab.claims.arms:{name}"))
    assert found.label.startswith(name.lower())


@pytest.mark.full
@pytest.mark.parametrize("activation", ALL, ids=lambda one: one.name)
def test_they_keep_every_promise_of_an_activation(activation):
    report = testing.check(activation)
    assert report.passed, str(report)
