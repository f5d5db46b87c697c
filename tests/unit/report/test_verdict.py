"""The verdict follows from the numbers: other numbers, other words."""

from __future__ import annotations

from itertools import product

import pytest

from actlab.report.verdict import Outcome, conclude, judge, outcome_of

from .conftest import A, B, make_results, make_runs

FIT, STUCK = [1e-6, 1e-5, 1e-7], [0.952, 0.952, 0.952]
SOME = [1e-6, 0.952, 1e-7]


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        (FIT, STUCK, Outcome.ONLY_CONTENDER),
        (STUCK, FIT, Outcome.ONLY_BASELINE),
        (FIT, FIT, Outcome.BOTH),
        (STUCK, STUCK, Outcome.NEITHER),
        (SOME, STUCK, Outcome.MIXED),
        (FIT, SOME, Outcome.MIXED),
        ([], FIT, Outcome.MISSING),
    ],
)
def test_outcomes_are_counts(a, b, outcome):
    assert outcome_of(make_runs(A, a), make_runs(B, b), 1e-3) is outcome


def test_a_loss_at_the_threshold_has_fitted_and_one_above_has_not():
    stuck = make_runs(B, STUCK)
    assert outcome_of(make_runs(A, [1e-3] * 3), stuck, 1e-3) is Outcome.ONLY_CONTENDER
    assert outcome_of(make_runs(A, [1.001e-3] * 3), stuck, 1e-3) is Outcome.NEITHER


def test_missing_runs_forbid_a_conclusion():
    one = make_runs(A, FIT, planned=4)
    assert outcome_of(one, make_runs(B, STUCK), 1e-3) is Outcome.MISSING


@pytest.mark.parametrize(
    ("claimed", "fair", "word"),
    [
        (Outcome.ONLY_CONTENDER, Outcome.BOTH, "a matter of initialisation"),
        (Outcome.ONLY_CONTENDER, Outcome.ONLY_CONTENDER, "supported"),
        (Outcome.ONLY_CONTENDER, Outcome.ONLY_BASELINE, "reversed"),
        (Outcome.ONLY_CONTENDER, Outcome.NEITHER, "undecided"),
        (Outcome.ONLY_CONTENDER, Outcome.MIXED, "undecided"),
        (Outcome.BOTH, Outcome.BOTH, "not reproduced"),
        (Outcome.BOTH, Outcome.MIXED, "not reproduced"),
        (Outcome.NEITHER, Outcome.BOTH, "not reproduced"),
        (Outcome.ONLY_BASELINE, Outcome.ONLY_BASELINE, "reversed"),
        (Outcome.MIXED, Outcome.BOTH, "undecided"),
        (Outcome.MISSING, Outcome.BOTH, "incomplete"),
        (Outcome.NOT_ASKED, Outcome.BOTH, "none"),
    ],
)
def test_words(claimed, fair, word):
    assert conclude(claimed, fair, A, B)[0] == word


def test_every_pair_of_outcomes_has_a_sentence():
    for claimed, fair in product(Outcome, Outcome):
        word, sentence = conclude(claimed, fair, A, B)
        assert word
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_the_verdict_turns_with_the_numbers():
    seen = set()
    for claimed_b, fair_b in product((FIT, STUCK), repeat=2):
        results = make_results(
            [make_runs(A, FIT), make_runs(B, claimed_b)],
            [make_runs(A, FIT), make_runs(B, fair_b)],
        )
        seen.add(judge(results).word)
    assert seen == {"a matter of initialisation", "supported", "not reproduced"}


def test_sentences_hold_the_counts_and_medians(results):
    verdict = judge(results)
    assert f"{A} fits in 3 of 3 runs (median final loss 1.0e-6)" in verdict.sentences[0]
    assert f"{B} fits in 0 of 3 runs (median final loss 0.952)" in verdict.sentences[0]
    assert "10 paired seeds" in verdict.sentences[2]
    assert verdict.sentences[2].endswith("supported.")


def test_diverged_and_missing_runs_are_told():
    claimed = [
        make_runs(A, [0.952, 1e-6, 1e-6], diverged=[True, False, False]),
        make_runs(B, STUCK, planned=4),
    ]
    verdict = judge(make_results(claimed, [make_runs(A, FIT), make_runs(B, FIT)]))
    assert "1 run diverged" in verdict.sentences[0]
    assert "1 run missing" in verdict.sentences[0]
    assert verdict.word == "incomplete"


def test_three_seeds_are_said_to_be_too_few(results):
    assert "3 paired seeds no sign-flip test can give less than p = 0.25" in judge(results).caution


def test_a_study_of_one_regime_concludes_nothing():
    results = make_results(None, [make_runs(A, FIT), make_runs(B, STUCK)])
    assert judge(results).word == "none"
