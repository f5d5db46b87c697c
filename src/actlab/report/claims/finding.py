"""One comparison that measures a claim, read from the records: effect, interval, word."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from actlab.lab.claims.evidence import Evidence
from actlab.lab.task import Metric
from actlab.report.collect import Results
from actlab.report.runs import PartRuns, Runs
from actlab.stats import (
    Decision,
    Interval,
    bca_interval,
    clopper_pearson,
    contrast,
    decide,
    decide_equivalence,
    iqm,
    share_recovered,
    sign_flip_p,
    spread_ratio,
)
from actlab.stats.decision import FEWEST_SEEDS

NOT_RUN = "not run"
INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Finding:
    """What one comparison shows in one regime.

    Args:
        evidence: what was compared.
        regime: in which.
        word: a decision, ``not run`` or ``incomplete``.
        estimate: the effect, more being in favour of the claim; a ratio of standard deviations
            for ``spread``, a share for ``rate`` and ``mediation``, a value for ``threshold``.
        interval: of it.
        p: of the sign-flip test, where there is one; ``adjusted``: corrected over all claims.
        seeds: how many the comparison rests on; ``planned``: how many there should be.
        failed, diverged: runs among those compared without a result, and that diverged.
        values: by seed, what the estimate is taken from.
        metric: what was compared.
        why: why there is no result.
    """

    evidence: Evidence
    regime: str
    word: str
    estimate: float | None = None
    interval: Interval | None = None
    p: float | None = None
    adjusted: float | None = None
    seeds: int = 0
    planned: int = 0
    failed: int = 0
    diverged: int = 0
    values: tuple[float, ...] = ()
    metric: Metric | None = None
    why: str = ""


def find(evidence: Evidence, results: Results | None, regime: str, confidence: float) -> Finding:
    """What a study's records show about a comparison.

    Args:
        evidence: the comparison.
        results: the study, or None where it was not run.
        regime: one of the evidence's.
        confidence: of the intervals.
    """
    if results is None:
        return Finding(evidence, regime, NOT_RUN, why=f"{evidence.study} was not run")
    if evidence.terms:
        places = [
            (term.part or evidence.part, term.regime or regime, term.arm) for term in evidence.terms
        ]
    else:
        places = [(part, regime, arm) for part, arm in evidence.arms()]
    parts: list[PartRuns] = []
    arms: list[Runs] = []
    for part_name, where, label in places:
        part = results.part(part_name, where)
        runs = part.of(label) if part else None
        if part is None or runs is None:
            missing = f"{label} in {part_name}, {where}"
            return Finding(
                evidence, regime, NOT_RUN, why=f"this version of the study leaves out {missing}"
            )
        parts.append(part)
        arms.append(runs)
    if any(evidence.metric not in part.metrics for part in parts):
        return Finding(evidence, regime, NOT_RUN, why=f"the records have no {evidence.metric}")
    metric = parts[0].metrics[evidence.metric]
    base = Finding(
        evidence=evidence,
        regime=regime,
        word=INCOMPLETE,
        planned=max(runs.planned for runs in arms),
        failed=sum(runs.missing for runs in arms),
        diverged=sum(sum(runs.diverged) for runs in arms),
        metric=metric,
    )
    if any(not runs.seeds for runs in arms):
        return replace(base, why="an arm has no result")
    return _measured(base, metric, arms, confidence)


def _measured(base: Finding, metric: Metric, arms: list[Runs], confidence: float) -> Finding:
    evidence = base.evidence
    if evidence.kind == "threshold":
        return _threshold(base, metric, arms[0], confidence)
    if evidence.kind == "rate":
        return _rate(base, arms[0].values(metric.name), confidence)
    scores = [runs.by_seed(metric) for runs in arms]
    if evidence.kind == "spread":
        return _spread(base, scores[0], scores[1], confidence)
    if evidence.kind == "mediation":
        return _mediation(base, scores, confidence)
    weights = [term.weight for term in evidence.terms] or [1.0, -1.0]
    found = contrast(list(zip(weights, scores, strict=True)))
    if not found.seeds:
        return replace(base, why="the arms share no seed")
    values = np.array(found.differences)
    interval, p = bca_interval(values, confidence=confidence), sign_flip_p(values)
    measured = replace(
        base,
        estimate=iqm(values),
        interval=interval,
        p=p,
        seeds=len(found.seeds),
        values=tuple(values.tolist()),
    )
    return decided(measured, p, 1.0 - confidence)


def decided(finding: Finding, p: float, alpha: float) -> Finding:
    """A difference, interaction or equivalence with the word its p-value and interval earn.

    Args:
        finding: with estimate and interval.
        p: the p-value, corrected or not.
        alpha: level.
    """
    delta = finding.evidence.delta
    if finding.estimate is None or delta is None or finding.evidence.kind not in TESTED:
        return finding
    if finding.evidence.kind == "equivalence":
        word = decide_equivalence(finding.interval, delta, finding.seeds)
    else:
        word = decide(finding.estimate, finding.interval, delta, finding.seeds, p, alpha=alpha)
    return replace(finding, word=str(word), adjusted=p)


TESTED = ("difference", "interaction", "equivalence")
"""Kinds that are decided by a p-value and an interval of paired differences."""


def _threshold(base: Finding, metric: Metric, runs: Runs, confidence: float) -> Finding:
    limit = base.evidence.limit
    assert limit is not None
    scores = metric.score(runs.values(metric.name))
    wanted = float(metric.score([limit])[0])
    interval = bca_interval(scores - wanted, confidence=confidence)
    word = Decision.UNDECIDED
    if interval is not None and len(scores) >= FEWEST_SEEDS:
        if interval.low >= 0.0:
            word = Decision.SUPPORTED
        elif interval.high < 0.0:
            word = Decision.REVERSED
    return replace(
        base,
        word=str(word),
        estimate=iqm(scores - wanted),
        interval=interval,
        seeds=len(scores),
        values=tuple((scores - wanted).tolist()),
    )


def _rate(base: Finding, values: tuple[float, ...], confidence: float) -> Finding:
    limit = base.evidence.limit
    assert limit is not None
    successes = sum(value >= 0.5 for value in values)
    interval = clopper_pearson(successes, len(values), confidence=confidence)
    share = successes / len(values)
    if interval.low >= limit:
        word = Decision.SUPPORTED
    elif interval.high < limit:
        word = Decision.REVERSED
    else:
        word = Decision.UNDECIDED
    return replace(
        base, word=str(word), estimate=share, interval=interval, seeds=len(values), values=values
    )


def _spread(
    base: Finding, contender: dict[int, float], baseline: dict[int, float], confidence: float
) -> Finding:
    limit = base.evidence.limit
    assert limit is not None
    shared = [seed for seed in contender if seed in baseline]
    if len(shared) < 2:
        return replace(base, why="the arms share too few seeds")
    other = [baseline[s] for s in shared]
    if len(set(other)) == 1:
        # Nothing spreads less than what does not spread at all, such as runs that never learn.
        return replace(base, word=str(Decision.UNDECIDED), seeds=len(shared),
                       why="the baseline does not vary over the seeds")  # fmt: skip
    found = spread_ratio([contender[s] for s in shared], other, confidence=confidence)
    word = Decision.UNDECIDED
    if found.interval is not None:
        if found.interval.high < limit:
            word = Decision.SUPPORTED
        elif found.interval.low > max(limit, 1.0):
            word = Decision.REVERSED
    return replace(
        base,
        word=str(word),
        estimate=found.estimate,
        interval=found.interval,
        seeds=found.pairs,
    )


def _mediation(base: Finding, scores: list[dict[int, float]], confidence: float) -> Finding:
    limit = base.evidence.limit
    assert limit is not None
    part, baseline, whole = scores
    found = share_recovered(part, whole, baseline, confidence=confidence)
    # The share divides by a gain that may be uncertain; the contrast divides by nothing.
    test = contrast([(1.0, part), (-limit, whole), (limit - 1.0, baseline)])
    word = Decision.UNDECIDED
    if found.interval is not None and len(test.seeds) >= FEWEST_SEEDS:
        differences = np.array(test.differences)
        interval = bca_interval(differences, confidence=confidence)
        sign = 1.0 if found.gain is not None and found.gain.low > 0.0 else -1.0
        if interval is not None and sign_flip_p(differences) < 1.0 - confidence:
            word = Decision.SUPPORTED if sign * iqm(differences) > 0 else Decision.REVERSED
    why = "" if found.interval is not None else "the gain that is shared out is itself uncertain"
    return replace(
        base,
        word=str(word),
        estimate=found.share,
        interval=found.interval,
        seeds=len(found.seeds),
        why=why,
    )
