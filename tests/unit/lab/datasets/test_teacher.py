"""Classes named by a random network, of dense and of sparse inputs."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.arm import Arm
from actlab.lab.datasets import classes, teacher
from actlab.lab.models.start import Start


def drawn(zeros: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return teacher.examples(np.random.default_rng(seed), zeros)


@pytest.mark.parametrize("zeros", [0.0, 0.95])
def test_inputs_have_mean_zero_and_variance_one_and_the_share_of_zeros_asked_for(zeros):
    x, _ = drawn(zeros)
    assert x.shape == (4000, 200)
    assert x.mean() == pytest.approx(0.0, abs=0.01)
    assert x.var() == pytest.approx(1.0, abs=0.02)
    assert (x == 0).mean() == pytest.approx(zeros, abs=0.001)


@pytest.mark.parametrize("zeros", [0.0, 0.95])
def test_no_class_is_rare(zeros):
    for seed in range(5):
        counts = np.bincount(drawn(zeros, seed)[1], minlength=10)
        assert counts.min() > 200
        assert counts.max() < 700


def test_dense_and_sparse_inputs_of_a_seed_come_from_the_same_draws():
    dense, sparse = drawn(0.0)[0], drawn(0.95)[0]
    kept = sparse != 0
    np.testing.assert_allclose(sparse[kept], dense[kept] * 20**0.5, rtol=1e-5)


def test_every_seed_has_data_of_its_own_and_every_rate_the_same():
    data = classes.load(Start(Arm("relu"), (0, 1), copies=2), "sparse")
    assert data.train_x.shape == (4, 3000, 200)
    assert data.test_x.shape == (4, 1000, 200)
    assert data.classes == 10
    assert np.array_equal(data.train_x[0], data.train_x[2])
    assert not np.array_equal(data.train_x[0], data.train_x[1])
