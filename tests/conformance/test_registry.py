"""The conformance suite over every registered activation and every backend that works here."""

import pytest

from actlab import names
from actlab.kernels.policy import BACKENDS, unavailable
from actlab.testing import conformance

WORKING = [backend for backend in BACKENDS if not unavailable(backend)]

test_conformance = conformance(*names(), backends=WORKING, tiers=("default", "slow", "full"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_is_left_out_is_listed(backend: str) -> None:
    if backend not in WORKING:
        pytest.skip(f"conformance of backend {backend!r}: {unavailable(backend)}")
