"""Planted effects get the words they deserve, nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.claims.evidence import Evidence
from actlab.report.claims.finding import INCOMPLETE, NOT_RUN, find

from .results_by_hand import noisy, part, results, runs

BASE = {"claim": "E4", "study": "claims-t02", "part": "p", "regimes": ["fair"], "metric": "score"}


def evidence(kind="difference", **more) -> Evidence:
    fields = {"contender": "a", "baseline": "b", "delta": 0.5, **more}
    if kind in ("threshold", "rate"):
        fields.pop("baseline")
        fields.pop("delta")
    return Evidence.model_validate({**BASE, "kind": kind, **fields})


def word(one: Evidence, *parts, confidence=0.95) -> str:
    return find(one, results("claims-t02", *parts), "fair", confidence).word


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(1.0, "supported"), (0.2, "weak"), (0.0, "negligible"), (-1.0, "reversed")],
)
def test_differences(gap, expected):
    arms = part("p", {"a": noisy(gap, seed=1), "b": noisy(0.0, seed=2)})
    assert word(evidence(), arms) == expected


def test_on_a_logarithmic_scale_less_loss_is_better():
    arms = part("p", {"a": noisy(2.0, seed=1), "b": noisy(0.0, seed=2)})
    found = find(evidence(metric="loss"), results("s", arms), "fair", 0.95)
    assert found.word == "supported"
    assert found.estimate == pytest.approx(2.0, abs=0.15)  # decades


def test_noise_decides_nothing():
    arms = part("p", {"a": noisy(0.2, spread=3.0, seed=1), "b": noisy(0.0, spread=3.0, seed=2)})
    assert word(evidence(), arms) == "undecided"


def test_too_few_seeds_decide_nothing():
    arms = part("p", {"a": noisy(9.0, 5, seed=1), "b": noisy(0.0, 5, seed=2)})
    assert word(evidence(), arms) == "undecided"


@pytest.mark.parametrize(("gap", "expected"), [(0.0, "supported"), (3.0, "reversed")])
def test_equivalence(gap, expected):
    arms = part("p", {"a": noisy(gap, seed=1), "b": noisy(0.0, seed=2)})
    assert word(evidence("equivalence"), arms) == expected


def test_interactions_span_parts():
    terms = [
        {"weight": 1.0, "part": "with", "arm": "a"},
        {"weight": -1.0, "part": "with", "arm": "b"},
        {"weight": -1.0, "part": "without", "arm": "a"},
        {"weight": 1.0, "part": "without", "arm": "b"},
    ]
    one = Evidence.model_validate({**BASE, "kind": "interaction", "terms": terms, "delta": 0.5})
    closed = part("with", {"a": noisy(0.0, seed=1), "b": noisy(0.0, seed=2)})
    open_ = part("without", {"a": noisy(2.0, seed=3), "b": noisy(0.0, seed=4)})
    assert word(one, closed, open_) == "reversed"
    more = part("with", {"a": noisy(2.0, seed=3), "b": noisy(0.0, seed=4)})
    less = part("without", {"a": noisy(0.0, seed=1), "b": noisy(0.0, seed=2)})
    assert word(one, more, less) == "supported"


@pytest.mark.parametrize(
    ("middle", "expected"), [(2.0, "supported"), (0.5, "reversed"), (1.0, "undecided")]
)
def test_thresholds(middle, expected):
    arms = part("p", {"a": noisy(middle, seed=5)})
    assert word(evidence("threshold", limit=1.0), arms) == expected


@pytest.mark.parametrize(
    ("successes", "expected"), [(40, "supported"), (2, "reversed"), (36, "undecided")]
)
def test_rates(successes, expected):
    values = [1.0] * successes + [0.0] * (40 - successes)
    assert word(evidence("rate", limit=0.9), part("p", {"a": values})) == expected


def test_spread():
    generator = np.random.default_rng(0)
    steady, wild = generator.normal(0, 0.1, 40), generator.normal(0, 1.0, 40)
    arms = part("p", {"a": list(steady), "b": list(wild)})
    assert word(evidence("spread", limit=1.0), arms) == "supported"
    turned = part("p", {"a": list(wild), "b": list(steady)})
    assert word(evidence("spread", limit=1.0), turned) == "reversed"


@pytest.mark.parametrize(
    ("middle", "expected"), [(0.9, "supported"), (0.1, "reversed"), (0.5, "undecided")]
)
def test_mediation(middle, expected):
    arms = part("p", {"a": noisy(middle, seed=1), "b": noisy(0.0, seed=2), "c": noisy(1.0, seed=3)})
    one = evidence("mediation", target="c", limit=0.5)
    found = find(one, results("s", arms), "fair", 0.95)
    assert found.word == expected
    assert found.estimate == pytest.approx(middle, abs=0.12)


def test_no_gain_no_share():
    arms = part("p", {"a": noisy(0.5, seed=1), "b": noisy(0.0, seed=2), "c": noisy(0.0, seed=3)})
    found = find(evidence("mediation", target="c", limit=0.5), results("s", arms), "fair", 0.95)
    assert found.word == "undecided"
    assert "uncertain" in found.why


def test_what_was_not_run_says_so():
    one = evidence()
    assert find(one, None, "fair", 0.95).word == NOT_RUN
    missing = find(one, results("s", part("p", {"a": noisy(1.0)})), "fair", 0.95)
    assert missing.word == NOT_RUN
    assert "leaves out b in p" in missing.why
    empty = part("p", {"a": runs("a", [], planned=3), "b": noisy(0.0)})
    found = find(one, results("s", empty), "fair", 0.95)
    assert (found.word, found.failed) == (INCOMPLETE, 3)


def test_lost_runs_are_counted():
    arms = part("p", {"a": runs("a", noisy(1.0), planned=20), "b": noisy(0.0, seed=2)})
    found = find(evidence(), results("s", arms), "fair", 0.95)
    assert (found.failed, found.seeds, found.planned) == (8, 12, 20)


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [("difference", "delta"), ("threshold", "limit"), ("mediation", "target")],
)
def test_evidence_that_is_not_whole_is_refused(kind, lacking):
    with pytest.raises(ValueError, match=f"kind {kind} needs {lacking}"):
        Evidence.model_validate({**BASE, "kind": kind, "contender": "a", "baseline": "b"})


def test_a_baseline_that_does_not_vary_has_no_spread_to_compare_with():
    arms = part("p", {"a": noisy(0.0, seed=1), "b": [0.5] * 12})
    found = find(evidence("spread", limit=1.0), results("s", arms), "fair", 0.95)
    assert (found.word, found.seeds) == ("undecided", 12)
    assert "does not vary" in found.why
