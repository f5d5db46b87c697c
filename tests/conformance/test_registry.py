"""The conformance suite over every registered activation and every backend that works here."""

import pytest
import torch

from actlab import get
from actlab.kernels.policy import BACKENDS, unavailable
from actlab.testing import Report, Subject, cases, checks, conformance
from actlab.testing.suite import run_case
from conformance.examined import IN_FULL, REST, WORKING

OF_A_FORMULA = {
    "formula": ("definition", "traits", "special", "saving", "modules"),
    "native": ("accuracy", "special", "saving"),
}
if "native" not in WORKING:
    OF_A_FORMULA["formula"] += ("accuracy",)
"""Groups of checks that look at what a definition says, by backend.

Both backends compute the same text, so its accuracy is shown by the quicker one.

The others look at what all definitions share: layouts, threads, transforms, messages.
`make test-full` runs them for each definition; every run does for those above.
"""

DTYPES = {
    "formula": (torch.float64,),
    "native": (torch.float32,),
}
"""In double nothing is hidden by rounding, and float32 is what most kernels are called for.

The oracle takes as long for every other dtype: those are left to `make test-full` and to the four
above.
"""

test_conformance = conformance(*IN_FULL, backends=WORKING, tiers=("default", "slow", "full"))


@pytest.mark.parametrize(
    ("backend", "group"), [(b, g) for b in WORKING for g in OF_A_FORMULA.get(b, ())]
)
@pytest.mark.parametrize("name", REST)
def test_catalogue(name: str, backend: str, group: str) -> None:
    subject = Subject(get(name), backend)
    chosen = [case for case in cases(groups=[group]) if case.dtype in (None, *DTYPES[backend])]
    report = Report(subject, tuple(run_case(case, subject) for case in chosen))
    assert report.passed, f"\n{report}"
    if len(report.skipped) == len(report.outcomes):
        pytest.skip("; ".join(sorted({outcome.reason for outcome in report.skipped})))


def test_groups_exist() -> None:
    known = {check.group for check in checks()}
    assert all(set(groups) < known for groups in OF_A_FORMULA.values())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_that_is_left_out_is_listed(backend: str) -> None:
    if backend not in WORKING:
        pytest.skip(f"conformance of backend {backend!r}: {unavailable(backend) or 'tests/gpu'}")
