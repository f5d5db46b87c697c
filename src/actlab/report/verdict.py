"""The verdict: a sentence that follows from the numbers by a written rule.

Nothing here knows how the study comes out. The words for every outcome stand in the tables
below; which of them is printed is decided by counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from actlab.report.collect import Results, Runs
from actlab.report.tables import compare, make_rows
from actlab.report.words import REGIME_TITLES, between, loss, p_value, plural, sentence, share
from actlab.stats import smallest_sign_flip_p
from actlab.stats.decision import FEWEST_SEEDS


class Outcome(StrEnum):
    """Who fitted the pairs in one regime."""

    ONLY_CONTENDER = "only the contender"
    ONLY_BASELINE = "only the baseline"
    BOTH = "both"
    NEITHER = "neither"
    MIXED = "mixed"
    MISSING = "missing"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Verdict:
    """What the headline shows.

    Args:
        word: one or two words.
        sentences: what was seen in each regime, then the conclusion.
        outcomes: the outcome of each regime.
        caution: what the numbers cannot show.
    """

    word: str
    sentences: tuple[str, ...]
    outcomes: Mapping[str, Outcome]
    caution: str


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


def outcome_of(contender: Runs | None, baseline: Runs | None, fitted: float) -> Outcome:
    """Who fitted, by counting runs."""
    if contender is None or baseline is None or not contender.final or not baseline.final:
        return Outcome.MISSING
    if contender.missing or baseline.missing:
        return Outcome.MISSING
    a, b = (sum(v <= fitted for v in runs.final) for runs in (contender, baseline))
    all_a, all_b = a == len(contender.final), b == len(baseline.final)
    if all_a and all_b:
        return Outcome.BOTH
    if all_a and b == 0:
        return Outcome.ONLY_CONTENDER
    if all_b and a == 0:
        return Outcome.ONLY_BASELINE
    return Outcome.NEITHER if a == b == 0 else Outcome.MIXED


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


def judge(results: Results) -> Verdict:
    """The verdict on the study's claim, from its first part with both regimes."""
    fitted = float(results.study["fitted"])
    name = results.parts[0].name
    outcomes: dict[str, Outcome] = {}
    sentences = []
    seeds = 0
    for regime in REGIME_TITLES:
        part = results.part(name, regime)
        if part is None:
            outcomes[regime] = Outcome.NOT_ASKED
            continue
        a, b = part.of(results.contender), part.of(results.baseline)
        outcomes[regime] = outcome_of(a, b, fitted)
        if a is not None and b is not None:
            seeds = max(seeds, min(len(a.final), len(b.final)))
            seen = f"{_seen(a, fitted)}; {_seen(b, fitted)}{_gap(a, b)}."
            sentences.append(f"{sentence(REGIME_TITLES[regime])}: {seen}")
    word, conclusion = conclude(
        outcomes["as-claimed"], outcomes["fair"], results.contender, results.baseline
    )
    sentences += _tested(results)
    return Verdict(word, (*sentences, conclusion), MappingProxyType(outcomes), _caution(seeds))


def _tested(results: Results) -> list[str]:
    """What the other parts add: the same two functions, tested over more seeds."""
    sentences = []
    limits = float(results.study["fitted"]), float(results.study["smallest_effect"])
    for part in results.parts:
        contender = part.of(results.contender)
        rows = make_rows(part, results.baseline, *limits)
        paired = next((row.paired for row in rows if row.runs is contender), None)
        if part.name == results.parts[0].name or paired is None:
            continue
        direction = "below" if paired.estimate > 0 else "above"
        sentences.append(
            f"{sentence(part.name)}, {part.settings['width']} wide, {part.regime}, "
            f"{plural(len(paired.decades), 'paired seed')}: {results.contender} ends "
            f"{abs(paired.estimate):.1f} decades {direction} {results.baseline} "
            f"(difference {between(paired.interval)}, p = {p_value(paired.holm)} after Holm's "
            f"correction over {plural(sum(row.paired is not None for row in rows), 'function')}): "
            f"{paired.decision}."
        )
    return sentences


def _seen(runs: Runs, fitted: float) -> str:
    if not runs.final:
        return f"{runs.label} has no run"
    count = sum(value <= fitted for value in runs.final)
    median = loss(float(np.median(runs.final)))
    text = f"{runs.label} fits in {share(count, len(runs.final))} runs (median final loss {median}"
    diverged = sum(runs.diverged)
    text += f", {plural(diverged, 'run')} diverged" if diverged else ""
    text += f", {plural(runs.missing, 'run')} missing" if runs.missing else ""
    return text + ")"


def _gap(a: Runs, b: Runs) -> str:
    paired = compare(a, b, smallest=1.0)
    if paired is None:
        return ""
    lower = a.label if paired.estimate > 0 else b.label
    return f"; paired by seed, {lower} ends {abs(paired.estimate):.1f} decades lower"


def _caution(seeds: int) -> str:
    if seeds == 0:
        return "There are no paired runs to test."
    least = smallest_sign_flip_p(seeds)
    if seeds < FEWEST_SEEDS:
        return (
            f"With {plural(seeds, 'paired seed')} no sign-flip test can give less than "
            f"p = {least:g}: the headline is a count of runs, not a significance test."
        )
    return f"With {seeds} paired seeds the smallest p-value a sign-flip test can give is {least:g}."
