"""The conformance suite over every registered activation and every backend that works here."""

import pytest

from actlab import names
from actlab.kernels.policy import BACKENDS, unavailable
from actlab.testing import conformance
from actlab.testing.suite import checks

WORKING = [backend for backend in BACKENDS if not unavailable(backend)]

TRACED_HERE = ("elu", "expolu", "powerlu", "ralu", "relu", "mish")
"""What compilers are shown in every run: the four, and one of each other kind of formula.

Compilers take seconds for a function and see the same primitives in all of them; the others
are shown to them by `make test-full`.
"""

REST = [name for name in names() if name not in TRACED_HERE]
GROUPS = {check.group for check in checks()}

test_conformance = conformance(*TRACED_HERE, backends=WORKING, tiers=("default", "slow", "full"))
test_catalogue = conformance(
    *REST, backends=WORKING, tiers=("default", "slow", "full"), groups=GROUPS - {"tracing"}
)
test_catalogue_traced = pytest.mark.full(
    conformance(*REST, backends=("formula",), tiers=("default", "slow"), groups=["tracing"])
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_is_left_out_is_listed(backend: str) -> None:
    if backend not in WORKING:
        pytest.skip(f"conformance of backend {backend!r}: {unavailable(backend)}")
