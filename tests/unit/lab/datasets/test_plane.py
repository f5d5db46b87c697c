"""The ring and the moons."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.datasets.plane import PIECES, shape


@pytest.mark.parametrize("name", ["ring", "moons"])
def test_every_piece_has_an_equal_share_of_the_points(name):
    made = shape(name)
    points = made.draw(np.random.default_rng(0), 20_000).astype(np.float64)
    distance, piece = made.nearest(points)
    shares = np.bincount(piece, minlength=PIECES) / len(points)
    np.testing.assert_allclose(shares, 1 / PIECES, atol=0.02)
    # Outside a circle of three deviations lies e^-4.5 of a Gaussian of the plane.
    assert (distance > 3 * made.deviation).mean() <= np.exp(-4.5) + 0.003


def test_the_ring_is_where_it_should_be():
    ring = shape("ring")
    np.testing.assert_allclose(np.linalg.norm(ring.support, axis=1), 2.0)
    gaps = np.linalg.norm(ring.support - np.roll(ring.support, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 4 * np.sin(np.pi / 8))


def test_the_moons_are_scikit_learns():
    from sklearn.datasets import make_moons

    points, _ = make_moons(400, noise=None)
    distance, _ = shape("moons").nearest(points)
    assert distance.max() < np.pi / 99 / 2 + 1e-9  # no further than half the gap between points
