"""The conformance suite: what actlab promises of every activation, checked, yours included.

Without a test framework::

    from actlab import testing
    print(testing.check("mymodule:my_activation"))

With pytest, in a file of your own::

    from actlab.testing import conformance
    test_my_activation = conformance("mymodule:my_activation")
"""

from actlab.testing.pytest_cases import conformance
from actlab.testing.subject import NotApplicableError, Subject
from actlab.testing.suite import Case, Check, Outcome, Report, cases, check, checks

__all__ = [
    "Case",
    "Check",
    "NotApplicableError",
    "Outcome",
    "Report",
    "Subject",
    "cases",
    "check",
    "checks",
    "conformance",
]
