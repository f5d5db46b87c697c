"""Statistics for paired comparisons over few seeds: estimates, intervals, exact tests, verdicts."""

from actlab.stats.decision import Decision, decide
from actlab.stats.estimate import Interval, bca_interval, iqm
from actlab.stats.exact import (
    clopper_pearson,
    holm,
    sign_flip_p,
    smallest_sign_flip_p,
)

__all__ = [
    "Decision",
    "Interval",
    "bca_interval",
    "clopper_pearson",
    "decide",
    "holm",
    "iqm",
    "sign_flip_p",
    "smallest_sign_flip_p",
]
