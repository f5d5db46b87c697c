"""Numbers worked out from losses and outputs, against hand-made ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from actlab.lab.models.measure import (
    accuracy,
    capped,
    cross_entropy,
    log_area,
    root_mean_square,
    squared_error,
    thinned,
    weight_gradients,
)

LOGITS = torch.tensor([[[2.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])


def test_cross_entropy_and_accuracy_by_run():
    labels = torch.tensor([0, 0])
    wanted = [(math.log1p(math.exp(-2)) + math.log1p(math.exp(1))) / 2, math.log(2)]
    assert cross_entropy(LOGITS, labels).tolist() == pytest.approx(wanted, rel=1e-6)
    assert accuracy(LOGITS, labels).tolist() == [0.5, 1.0]
    assert accuracy(LOGITS, torch.tensor([[0, 1], [1, 1]])).tolist() == [1.0, 0.0]


def test_squared_error_by_run():
    outputs = torch.tensor([[[1.0], [3.0]], [[0.0], [0.0]]])
    assert squared_error(outputs, torch.tensor([[0.0], [1.0]])).tolist() == [2.5, 0.5]


def test_what_is_not_finite_counts_as_the_cap():
    losses = np.array([[0.5, np.nan, np.inf, 7.0]])
    assert capped(losses, 2.0).tolist() == [[0.5, 2.0, 2.0, 2.0]]


def test_the_area_is_the_mean_logarithm():
    assert log_area(np.array([[1.0, 0.1, 0.01]]), 1.0).tolist() == pytest.approx([-1.0])
    assert np.isfinite(log_area(np.zeros((1, 3)), 1.0)).all()


def test_thinning_keeps_both_ends():
    values = np.arange(1000.0)[None]
    at, kept = thinned(values, 11)
    assert at.tolist() == kept[0].tolist()
    assert (at[0], at[-1], len(at)) == (0.0, 999.0, 11)
    assert thinned(values[:, :3], 11)[0].tolist() == [0.0, 1.0, 2.0]


def test_tiny_gradients_do_not_underflow():
    assert root_mean_square(torch.full((2, 2), 1e-30)).item() == pytest.approx(1e-30)
    weight = torch.nn.Parameter(torch.ones(2, 3, 1))
    loss = (weight * torch.tensor([1e-25, 2.0])[:, None, None]).sum((1, 2))
    found = weight_gradients(loss, [weight])
    np.testing.assert_allclose(found, [[1e-25], [2.0]], rtol=1e-6)
