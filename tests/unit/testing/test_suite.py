"""The suite as an API: enumeration, reports, and what happens without pytest."""

import subprocess
import sys

import pytest

from actlab import testing
from actlab.testing.suite import Case, Check, run_case


def failing(subject):
    raise AssertionError("worst element at x = 1")


def crashing(subject):
    raise ZeroDivisionError("inside")


def not_applicable(subject):
    raise testing.NotApplicableError("there is nothing to check")


def test_checks_have_names_of_their_own():
    names = [check.name for check in testing.checks()]
    assert len(names) == len(set(names))
    assert all("." in name for name in names)


def test_cases_are_chosen_by_tier_and_group():
    default = testing.cases()
    assert all(case.check.tier == "default" for case in default)
    assert {case.check.group for case in testing.cases(groups=["saving"])} == {"saving"}
    assert {case.check.tier for case in testing.cases(["full"])} == {"full"}
    assert len({case.name for case in default}) == len(default)


@pytest.mark.parametrize(
    ("run", "status", "reason"),
    [
        (lambda subject: None, "passed", ""),
        (failing, "failed", "worst element at x = 1"),
        (crashing, "failed", "ZeroDivisionError: inside"),
        (not_applicable, "skipped", "there is nothing to check"),
    ],
)
def test_outcomes(run, status, reason):
    from actlab import get

    outcome = run_case(Case(Check("unit.case", run)), testing.Subject(get("relu")))
    assert (outcome.status, outcome.reason) == (status, reason)


def test_a_report_says_what_passed_and_what_did_not_apply():
    report = testing.check("relu", groups=["definition", "errors"])
    assert report.passed
    assert "0 failed" in str(report)
    assert "skipped errors.domains: it has no parameters" in str(report)


def test_it_works_without_pytest():
    program = (
        "import sys; sys.modules['pytest'] = None\n"
        "from actlab import testing\n"
        "print(testing.check('tanh', groups=['definition']).passed)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["True"]


def test_pytest_cases_are_named_after_what_they_check():
    test = testing.conformance("relu", groups=["definition"])
    marks = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    assert marks[0].args[1][0].id == "relu-formula-definition.declared_derivative"
