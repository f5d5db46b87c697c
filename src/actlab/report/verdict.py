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

from actlab.report.collect import Results
from actlab.report.runs import PartRuns, Runs
from actlab.report.tables import Paired, compare, make_rows
from actlab.report.words import (
    REGIME_TITLES,
    between,
    difference,
    p_value,
    plural,
    sentence,
    share,
    value,
)
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


def outcome_of(
    contender: Runs | None, baseline: Runs | None, part: PartRuns, fitted: float
) -> Outcome:
    """Who reached the study's limit, by counting runs."""
    if contender is None or baseline is None or not contender.seeds or not baseline.seeds:
        return Outcome.MISSING
    if contender.missing or baseline.missing:
        return Outcome.MISSING
    a, b = (_successes(runs, part, fitted) for runs in (contender, baseline))
    all_a, all_b = a == len(contender.seeds), b == len(baseline.seeds)
    if all_a and all_b:
        return Outcome.BOTH
    if all_a and b == 0:
        return Outcome.ONLY_CONTENDER
    if all_b and a == 0:
        return Outcome.ONLY_BASELINE
    return Outcome.NEITHER if a == b == 0 else Outcome.MIXED


def _successes(runs: Runs, part: PartRuns, fitted: float) -> int:
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


def judge(results: Results) -> Verdict:
    """The verdict on the study's claim.

    By counting runs where the study says what a success is and its first part has both regimes,
    by the paired comparisons of its first part otherwise.
    """
    first = [part for part in results.parts if part.name == results.parts[0].name]
    fitted = results.study.get("fitted")
    if fitted is not None and len(first) == len(REGIME_TITLES):
        return _counted(results, first, float(fitted))
    return _compared(results, first)


def _counted(results: Results, first: list[PartRuns], fitted: float) -> Verdict:
    outcomes: dict[str, Outcome] = dict.fromkeys(REGIME_TITLES, Outcome.NOT_ASKED)
    sentences = []
    seeds = 0
    for part in first:
        a, b = part.of(results.contender), part.of(results.baseline)
        outcomes[part.regime] = outcome_of(a, b, part, fitted)
        if a is not None and b is not None:
            seeds = max(seeds, min(len(a.seeds), len(b.seeds)))
            seen = f"{_seen(a, part, fitted)}; {_seen(b, part, fitted)}{_gap(a, b, part)}."
            sentences.append(f"{sentence(REGIME_TITLES[part.regime])}: {seen}")
    word, conclusion = conclude(
        outcomes["as-claimed"], outcomes["fair"], results.contender, results.baseline
    )
    sentences += _tested(results, results.parts[0].name)
    return Verdict(word, (*sentences, conclusion), MappingProxyType(outcomes), _caution(seeds))


def _compared(results: Results, first: list[PartRuns]) -> Verdict:
    words = {}
    seeds = 0
    for part in first:
        paired = paired_in(part, results.contender)
        words[part.regime] = str(paired.decision) if paired else "missing"
        seeds = max(seeds, len(paired.seeds) if paired else 0)
    word = regime_word(words)
    conclusion = f"{sentence(results.contender)} against {results.baseline}: {word}."
    sentences = _tested(results, "")
    return Verdict(word, (*sentences, conclusion), MappingProxyType({}), _caution(seeds))


AS_CLAIMED_ONLY = "supported as claimed only"
"""Supported where all functions share initialisation and learning rate, not where each has its
own: the difference is confounded by them."""


def regime_word(words: Mapping[str, str]) -> str:
    """One word from those of the regimes: the fair one decides, where there is one.

    Args:
        words: a decision, or ``missing``, by regime.
    """
    fair, claimed = words.get("fair"), words.get("as-claimed")
    if fair is None:
        return claimed or "missing"
    if claimed == "supported" and fair not in ("supported", "missing"):
        return AS_CLAIMED_ONLY
    return fair


def paired_in(part: PartRuns, label: str) -> Paired | None:
    """A function's row of a part's table, corrected over that table."""
    return next((row.paired for row in make_rows(part) if row.runs.label == label), None)


def _tested(results: Results, but: str) -> list[str]:
    """What the parts show: the same two functions, tested over seeds."""
    sentences = []
    for part in results.parts:
        rows = make_rows(part)
        paired = next((r.paired for r in rows if r.runs.label == results.contender), None)
        if part.name == but or paired is None:
            continue
        direction = "better" if paired.estimate > 0 else "worse"
        count = sum(row.paired is not None for row in rows)
        sentences.append(
            f"{part.title} ({part.regime}), {plural(len(paired.seeds), 'paired seed')}: "
            f"{part.metric.title} of {results.contender} is "
            f"{difference(abs(paired.estimate), part.metric)} {direction} than that of "
            f"{part.baseline} (difference {between(paired.interval)}, p = {p_value(paired.holm)} "
            f"after Holm's correction over {plural(count, 'function')}): {paired.decision}."
        )
    return sentences


def _seen(runs: Runs, part: PartRuns, fitted: float) -> str:
    if not runs.seeds:
        return f"{runs.label} has no run"
    count = _successes(runs, part, fitted)
    median = value(float(np.median(runs.values(part.metric.name))), part.metric)
    text = f"{runs.label} fits in {share(count, len(runs.seeds))} runs"
    text += f" (median {part.metric.title} {median}"
    diverged = sum(runs.diverged)
    text += f", {plural(diverged, 'run')} diverged" if diverged else ""
    text += f", {plural(runs.missing, 'run')} missing" if runs.missing else ""
    return text + ")"


def _gap(a: Runs, b: Runs, part: PartRuns) -> str:
    paired = compare(a, b, part.metric, part.smallest)
    if paired is None:
        return ""
    ahead = a.label if paired.estimate > 0 else b.label
    return f"; paired by seed, {ahead} is ahead by {difference(abs(paired.estimate), part.metric)}"


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
