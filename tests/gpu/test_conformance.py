"""The conformance suite on the Triton backend: on a GPU, or in the interpreter on the CPU."""

from __future__ import annotations

import pytest
import torch

from actlab import get, names
from actlab.kernels.gpu import backend
from actlab.testing import Report, Subject, cases, checks, conformance
from actlab.testing.suite import run_case

pytestmark = pytest.mark.skipif(
    bool(backend.problem()), reason=f"backend 'triton': {backend.problem()}"
)

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
FOUR = ("elu", "expolu", "powerlu", "ralu")
OF_A_FORMULA = ("accuracy", "special", "saving")
REST = [name for name in names() if name not in FOUR]

GROUPS = tuple(dict.fromkeys(check.group for check in checks()))
IN_THE_INTERPRETER = tuple(group for group in GROUPS if group not in ("traits", "definition"))
"""What a definition says is shown by other backends: here it takes thousands of kernels a check."""

test_the_four = conformance(
    *FOUR,
    backends=["triton"],
    device=DEVICE,
    groups=GROUPS if DEVICE == "cuda" else IN_THE_INTERPRETER,
)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.full) for n in REST])
def test_the_catalogue(name: str) -> None:
    subject = Subject(get(name), "triton", DEVICE)
    report = Report(subject, tuple(run_case(case, subject) for case in cases(groups=OF_A_FORMULA)))
    assert report.passed, f"\n{report}"


if DEVICE == "cpu":  # in the interpreter it takes a quarter of an hour
    test_the_four = pytest.mark.full(test_the_four)
