"""The conformance suite over every registered activation and every backend that works here."""

from actlab import names
from actlab.kernels.policy import BACKENDS, unavailable
from actlab.testing import conformance

WORKING = [backend for backend in BACKENDS if not unavailable(backend)]

test_conformance = conformance(*names(), backends=WORKING, tiers=("default", "slow", "full"))
