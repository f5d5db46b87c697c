"""Federated averaging."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes
from actlab.lab.models.clients import FEWEST, deal, owners_of
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.federated import TASK, _average, client_spread, mean_cosine, unity

RELU = Arm("relu")


def labels_of(count: int = 1000) -> np.ndarray:
    return np.arange(count) % 10


def test_every_example_has_a_client_and_every_client_examples():
    owner = owners_of(np.random.default_rng(0), labels_of(), 5, 0.3)
    counts = np.bincount(owner, minlength=5)
    assert counts.sum() == 1000
    assert counts.min() >= FEWEST


def test_a_small_concentration_is_uneven_and_a_large_one_even():
    def unevenness(concentration: float) -> float:
        owner = owners_of(np.random.default_rng(1), labels_of(), 5, concentration)
        table = np.array([np.bincount(labels_of()[owner == k], minlength=10) for k in range(5)])
        return (table / table.sum(axis=1, keepdims=True)).std()

    assert unevenness(0.3) > 5 * unevenness(1000.0)


def test_partitions_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="clients must be at most 2 for 50 examples, got 5"):
        owners_of(np.random.default_rng(0), labels_of(50), 5, 0.3)
    with pytest.raises(ValueError, match="concentration must be larger"):
        owners_of(np.random.default_rng(0), labels_of(400), 20, 1e-3)


def test_clients_hold_their_examples_one_after_another():
    start = Start(RELU, (0, 1), copies=2)
    data = classes.load(start, "digits")
    clients = deal(start, data.train_y, 5, 0.3)
    assert torch.equal(clients.count.sum(1), torch.full((4,), data.train_y.shape[1]))
    assert torch.equal(clients.count[:2], clients.count[2:])
    assert torch.allclose(clients.shares.sum(-1), torch.ones(4, 5, dtype=torch.float64))
    begin, count = int(clients.first[1, 2]), int(clients.count[1, 2])
    held = data.train_y[1][clients.order[1, begin : begin + count]]
    found = torch.bincount(held, minlength=10) / count
    assert torch.allclose(found.double(), clients.shares[1, 2])


def test_equal_updates_are_united_and_opposite_ones_are_not():
    one = torch.tensor([3.0, 4.0], dtype=torch.float64)
    updates = torch.stack([
        torch.stack([one, one]),
        torch.stack([one, -one]),
        torch.stack([one, torch.tensor([-4.0, 3.0], dtype=torch.float64)]),
        torch.zeros(2, 2, dtype=torch.float64),
    ])  # fmt: skip
    assert mean_cosine(updates).tolist() == pytest.approx([1.0, -1.0, 0.0, 0.0])
    assert unity(updates).tolist() == pytest.approx([1.0, 0.0, 0.5**0.5, 0.0])


def test_the_spread_is_over_what_clients_meet():
    right = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    labels = torch.tensor([[0, 0, 1, 1]])  # class 0: all right; class 1: half
    shares = torch.zeros(1, 2, 10, dtype=torch.float64)
    shares[0, 0, 0], shares[0, 1, 1] = 1.0, 1.0
    assert client_spread(right, labels, shares).tolist() == pytest.approx([0.25])
    assert client_spread(right, labels, shares.roll(1, 1) * 0 + shares[:, :1]).tolist() == [0.0]


def test_the_common_network_is_the_mean_weighted_by_examples():
    whole, several = torch.nn.Module(), torch.nn.Module()
    whole.weight = torch.nn.Parameter(torch.zeros(2, 1, 1))
    several.weight = torch.nn.Parameter(torch.tensor([1.0, 5.0, 10.0, 20.0]).reshape(4, 1, 1))
    _average(whole, several, torch.tensor([[0.75, 0.25], [0.5, 0.5]]))
    assert whole.weight.flatten().tolist() == [2.0, 15.0]


def test_the_clients_learn_together():
    settings = TASK.settings(width=32, rounds=12, local_steps=15)
    for run in TASK.run(Batch(RELU, settings, (0, 1), (0.1,))):
        assert run.metrics["accuracy"] > 75.0
        assert run.curves["accuracy"][1][-1] > run.curves["accuracy"][1][0]
        assert 0.0 < run.metrics["unity"] < 1.0


def test_even_clients_pull_in_the_same_direction_more_than_uneven_ones():
    uneven, even = (
        TASK.run(
            Batch(RELU, TASK.settings(width=32, rounds=4, concentration=value), (0, 1), (0.1,))
        )
        for value in (0.3, 1e4)
    )
    for one, other in zip(uneven, even, strict=True):
        assert other.metrics["cosine"] > one.metrics["cosine"] + 0.1
        assert other.metrics["spread"] < one.metrics["spread"]
