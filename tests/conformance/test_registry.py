"""The conformance suite over every registered activation and every backend that works here."""

import pytest

from actlab import names
from actlab.kernels.policy import BACKENDS, unavailable
from actlab.testing import check, conformance
from actlab.testing.suite import checks

WORKING = [backend for backend in BACKENDS if not unavailable(backend)]

IN_FULL = ("elu", "expolu", "powerlu", "ralu", "relu", "mish")
"""What every run shows to compilers too, check by check: the four, and two to compare with.

Compilers take seconds for a function and see the same primitives in all of them; the others
are shown to them by `make test-full`.
"""

REST = [name for name in names() if name not in IN_FULL]
GROUPS = list(dict.fromkeys(check.group for check in checks()))
SLOW_GROUPS = ("tracing", "exhaustive")

test_conformance = conformance(*IN_FULL, backends=WORKING, tiers=("default", "slow", "full"))

test_catalogue_in_full = pytest.mark.full(
    conformance(
        *REST, backends=WORKING, tiers=("default", "slow", "full"), groups=list(SLOW_GROUPS)
    )
)


@pytest.mark.parametrize("group", [group for group in GROUPS if group not in SLOW_GROUPS])
@pytest.mark.parametrize("backend", WORKING)
@pytest.mark.parametrize("name", REST)
def test_catalogue(name: str, backend: str, group: str) -> None:
    report = check(name, backend=backend, groups=[group])
    assert report.passed, f"\n{report}"
    if len(report.skipped) == len(report.outcomes):
        pytest.skip("; ".join(sorted({outcome.reason for outcome in report.skipped})))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_is_left_out_is_listed(backend: str) -> None:
    if backend not in WORKING:
        pytest.skip(f"conformance of backend {backend!r}: {unavailable(backend)}")
