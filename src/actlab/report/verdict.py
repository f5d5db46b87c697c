"""The verdict: a sentence that follows from the numbers by a written rule.

Nothing here knows how the study comes out. The words for every outcome stand in tables; which of
them is printed is decided by counting runs, or by the paired comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from actlab.report.collect import Results
from actlab.report.counting import Outcome, conclude, outcome_of, successes
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
from actlab.stats.decision import FEWEST_SEEDS, SIGNIFICANT


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


def judge(results: Results) -> Verdict:
    """The verdict on the study's claim.

    By counting runs where the study says what a success is and its first part has both regimes,
    by the paired comparisons of its first part that has the contender otherwise.
    """
    first = [part for part in results.parts if part.name == results.parts[0].name]
    fitted = results.study.get("fitted")
    if fitted is not None and len(first) == len(REGIME_TITLES):
        return _counted(results, first, float(fitted))
    compared = [
        part
        for part in results.parts
        if part.of(results.contender) is not None and part.baseline != results.contender
    ]
    if compared:
        first = [part for part in compared if part.name == compared[0].name]
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
    return Verdict(
        word, (*sentences, conclusion), MappingProxyType(outcomes), _caution(seeds, counted=True)
    )


def _compared(results: Results, first: list[PartRuns]) -> Verdict:
    found = {part.regime: paired_in(part, results.contender) for part in first}
    words = {name: str(one.decision) if one else "missing" for name, one in found.items()}
    word = regime_word(words)
    # The regime whose word it is.
    part = next((p for p in first if p.regime == "fair"), first[0])
    text = _MEANINGS[word].format(a=results.contender, b=part.baseline, metric=part.metric.title)
    conclusion = f"{part.title}: {text}."
    seeds = max((len(one.seeds) for one in found.values() if one), default=0)
    compared = sum(row.paired is not None for row in make_rows(part))
    return Verdict(word, (*_tested(results, ""), conclusion), MappingProxyType({}),
                   _caution(seeds, compared))  # fmt: skip


AS_CLAIMED_ONLY = "supported as claimed only"
"""Supported where all functions share initialisation and learning rate, not where each has its
own: the difference is confounded by them."""

_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "supported": "{a} does better than {b} in {metric}, by no less than the smallest effect "
        "of interest",
        "weak": "{a} does better than {b} in {metric}, but by less than the smallest effect of "
        "interest",
        "negligible": "in {metric}, any difference between {a} and {b} is smaller than the "
        "smallest effect of interest",
        "reversed": "{a} does worse than {b} in {metric}, by no less than the smallest effect of "
        "interest",
        "undecided": "the runs so far do not tell {a} and {b} apart in {metric}",
        "missing": "there are no runs in which {a} and {b} can be compared",
        AS_CLAIMED_ONLY: "{a} does better than {b} in {metric} in the claimant's setting, and "
        "not where each has its own initialisation and learning rate",
    }
)


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
    """What the parts show: the contender against each part's baseline, tested over seeds."""
    sentences = []
    for part in results.parts:
        rows = make_rows(part)
        row = next((r for r in rows if r.runs.label == results.contender), None)
        if part.name == but or row is None or row.paired is None:
            continue
        paired = row.paired
        size = difference(abs(paired.estimate), part.metric)
        apart = f"is {size} {'better' if paired.estimate > 0 else 'worse'} than that of"
        if paired.estimate == 0.0:
            apart = "is the same as that of"
        count = sum(other.paired is not None for other in rows)
        holm = f" after Holm's correction over {count} functions" if count > 1 else ""
        sentences.append(
            f"{part.title} ({_regime(part)}), {plural(len(paired.seeds), 'paired seed')}: "
            f"{part.metric.title} of {results.contender} {apart} {part.baseline} "
            f"(difference {between(paired.interval)}, p = {p_value(paired.holm)}{holm}): "
            f"{paired.decision}.{_lost(part, results.contender)}"
        )
    return sentences


def _regime(part: PartRuns) -> str:
    return REGIME_TITLES[part.regime].partition(" (")[0]


def _lost(part: PartRuns, label: str) -> str:
    """What became of the planned runs of the two, where not all ended well."""
    texts = []
    for runs in (part.of(label), part.of(part.baseline)):
        if runs is not None and runs.troubles:
            counts = ", ".join(f"{count} {word}" for word, count in runs.troubles.items())
            texts.append(f"{runs.label} {counts}")
    return f" Of the planned runs: {'; '.join(texts)}." if texts else ""


def _seen(runs: Runs, part: PartRuns, fitted: float) -> str:
    if not runs.seeds:
        return f"{runs.label} has no run"
    count = successes(runs, part, fitted)
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


def _caution(seeds: int, compared: int = 1, counted: bool = False) -> str:
    if seeds == 0:
        return "There are no paired runs to test."
    least = smallest_sign_flip_p(seeds)
    if seeds < FEWEST_SEEDS:
        return (
            f"With {plural(seeds, 'paired seed')} no sign-flip test can give less than "
            f"p = {least:g}: "
            + (
                "the headline is a count of runs, not a significance test."
                if counted
                else "too few to call anything, whatever the size of the difference."
            )
        )
    text = f"With {seeds} paired seeds the smallest p-value a sign-flip test can give is {least:g}"
    if compared > 1 and least * compared >= SIGNIFICANT:
        text += (
            f"; corrected over {compared} functions that is {min(1.0, least * compared):.2g}, so "
            "nothing can be called at this number of seeds"
        )
    return f"{text}."
