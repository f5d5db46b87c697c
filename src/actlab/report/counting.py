"""The rule that counts runs: a claim that one function fits and the other does not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from actlab.report.runs import PartRuns, Runs


class Outcome(StrEnum):
    """Who fitted the pairs in one regime."""

    ONLY_CONTENDER = "only the contender"
    ONLY_BASELINE = "only the baseline"
    BOTH = "both"
    NEITHER = "neither"
    MIXED = "mixed"
    MISSING = "missing"
    NOT_ASKED = "not asked"


RULE = (
    "A run has fitted the pairs when its final loss is at most {fitted:g}. In each regime a "
    "function fits when every run did, and does not when no run did; anything between is mixed. "
    "The claim counts as reproduced when, in the claimant's own setting, the contender fits and "
    "the baseline does not. It counts as a matter of the function when the fair setting shows "
    "the same, as a matter of initialisation when the baseline fits there too, and as undecided "
    "otherwise. Diverged runs count as not fitted; with runs missing nothing is concluded."
)

_CONCLUSIONS: Mapping[tuple[Outcome, Outcome], tuple[str, str]] = MappingProxyType(
    {
        (Outcome.ONLY_CONTENDER, Outcome.ONLY_CONTENDER): (
            "supported",
            "{a} fits in both regimes and {b} in neither: the difference is not explained by "
            "initialisation.",
        ),
        (Outcome.ONLY_CONTENDER, Outcome.BOTH): (
            "a matter of initialisation",
            "The claim is reproduced in the claimant's setting, and it is a matter of "
            "initialisation: started for itself, {b} fits as well.",
        ),
        (Outcome.ONLY_CONTENDER, Outcome.ONLY_BASELINE): (
            "reversed",
            "The claim is reproduced in the claimant's setting, and it turns round in the fair "
            "one: there {b} fits and {a} does not.",
        ),
        (Outcome.ONLY_CONTENDER, Outcome.NEITHER): (
            "undecided",
            "The claim is reproduced in the claimant's setting; in the fair one neither function "
            "fits within the budget, so the cause stays open.",
        ),
        (Outcome.ONLY_CONTENDER, Outcome.MIXED): (
            "undecided",
            "The claim is reproduced in the claimant's setting; in the fair one the runs "
            "disagree, so the cause stays open.",
        ),
        (Outcome.BOTH, Outcome.BOTH): (
            "not reproduced",
            "Both functions fit in both regimes: the claim that {b} cannot is not reproduced.",
        ),
        (Outcome.ONLY_BASELINE, Outcome.ONLY_BASELINE): (
            "reversed",
            "In both regimes {b} fits and {a} does not: the opposite of the claim.",
        ),
    }
)

_OTHERWISE: Mapping[Outcome, tuple[str, str]] = MappingProxyType(
    {
        Outcome.BOTH: (
            "not reproduced",
            "In the claimant's setting both functions fit: the claim is not reproduced.",
        ),
        Outcome.ONLY_BASELINE: (
            "not reproduced",
            "In the claimant's setting {b} fits and {a} does not: the claim is not reproduced.",
        ),
        Outcome.NEITHER: (
            "not reproduced",
            "In the claimant's setting neither function fits: the claim is not reproduced.",
        ),
        Outcome.MIXED: (
            "undecided",
            "In the claimant's setting the runs disagree, so the claim is neither reproduced "
            "nor refuted.",
        ),
    }
)


def outcome_of(
    contender: Runs | None, baseline: Runs | None, part: PartRuns, fitted: float
) -> Outcome:
    """Who reached the study's limit, by counting runs."""
    if contender is None or baseline is None or not contender.seeds or not baseline.seeds:
        return Outcome.MISSING
    if contender.missing or baseline.missing:
        return Outcome.MISSING
    a, b = (successes(runs, part, fitted) for runs in (contender, baseline))
    all_a, all_b = a == len(contender.seeds), b == len(baseline.seeds)
    if all_a and all_b:
        return Outcome.BOTH
    if all_a and b == 0:
        return Outcome.ONLY_CONTENDER
    if all_b and a == 0:
        return Outcome.ONLY_BASELINE
    return Outcome.NEITHER if a == b == 0 else Outcome.MIXED


def successes(runs: Runs, part: PartRuns, fitted: float) -> int:
    """How many runs reached the study's limit."""
    limit = float(part.metric.score([fitted])[0])
    return int(np.count_nonzero(part.metric.score(runs.values(part.metric.name)) >= limit))


def conclude(claimed: Outcome, fair: Outcome, contender: str, baseline: str) -> tuple[str, str]:
    """The word and the concluding sentence for a pair of outcomes.

    Args:
        claimed: the outcome in the claimant's setting.
        fair: the outcome with each function's own initialisation.
        contender: label of the function the claim is about.
        baseline: label of the function it is compared with.
    """
    if Outcome.NOT_ASKED in (claimed, fair):
        return "none", "The study does not run both regimes, so nothing is concluded."
    if Outcome.MISSING in (claimed, fair):
        return "incomplete", "Some runs are missing, so nothing is concluded."
    word, text = _CONCLUSIONS.get((claimed, fair)) or _OTHERWISE[claimed]
    return word, text.format(a=contender, b=baseline)
