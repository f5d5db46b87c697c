"""The verdict follows from the numbers: other numbers, other words."""

from __future__ import annotations

from itertools import product

import pytest

from actlab.report.counting import Outcome, conclude, outcome_of
from actlab.report.runs import Lost
from actlab.report.verdict import AS_CLAIMED_ONLY, judge, regime_word

from .by_hand import ACCURACY, A, B, both_regimes, make_part, make_results, make_runs, spread

FIT, STUCK = [1e-6, 1e-5, 1e-7], [0.952, 0.952, 0.952]
SOME = [1e-6, 0.952, 1e-7]


def outcome(a, b) -> Outcome:
    part = make_part([a, b])
    return outcome_of(a, b, part, 1e-3)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
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
def test_outcomes_are_counts(a, b, expected):
    assert outcome(make_runs(A, a), make_runs(B, b)) is expected


def test_a_loss_at_the_limit_has_fitted_and_one_above_has_not():
    stuck = make_runs(B, STUCK)
    assert outcome(make_runs(A, [1e-3] * 3), stuck) is Outcome.ONLY_CONTENDER
    assert outcome(make_runs(A, [1.001e-3] * 3), stuck) is Outcome.NEITHER


def test_where_more_is_better_a_success_is_a_value_above_the_limit():
    mine = make_runs(A, [95.0, 96.0], metric="accuracy")
    theirs = make_runs(B, [94.9, 90.0], metric="accuracy")
    part = make_part([mine, theirs], metric=ACCURACY)
    assert outcome_of(mine, theirs, part, 95.0) is Outcome.ONLY_CONTENDER


def test_missing_runs_forbid_a_conclusion():
    assert outcome(make_runs(A, FIT, planned=4), make_runs(B, STUCK)) is Outcome.MISSING


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
def test_words_of_the_counting_rule(claimed, fair, word):
    assert conclude(claimed, fair, A, B)[0] == word


def test_every_pair_of_outcomes_has_a_sentence():
    for claimed, fair in product(Outcome, Outcome):
        word, sentence = conclude(claimed, fair, A, B)
        assert word
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_the_counted_verdict_turns_with_the_numbers():
    seen = set()
    for claimed_b, fair_b in product((FIT, STUCK), repeat=2):
        results = both_regimes(
            [make_runs(A, FIT), make_runs(B, claimed_b)], [make_runs(A, FIT), make_runs(B, fair_b)]
        )
        seen.add(judge(results).word)
    assert seen == {"a matter of initialisation", "supported", "not reproduced"}


def test_sentences_hold_counts_medians_and_the_other_parts(folder):
    verdict = judge(folder.studies[0])
    assert f"{A} fits in 3 of 3 runs (median final loss 1.0e-6)" in verdict.sentences[0]
    assert f"{B} fits in 0 of 3 runs (median final loss 0.952)" in verdict.sentences[0]
    assert "10 paired seeds" in verdict.sentences[2]
    assert verdict.sentences[2].endswith("supported.")
    assert "3 paired seeds no sign-flip test can give less than p = 0.25" in verdict.caution
    assert "count of runs" in verdict.caution


def test_diverged_and_missing_runs_are_told():
    claimed = [
        make_runs(A, [0.952, 1e-6, 1e-6], diverged=[True, False, False]),
        make_runs(B, STUCK, planned=4),
    ]
    verdict = judge(both_regimes(claimed, [make_runs(A, FIT), make_runs(B, FIT)]))
    assert "1 run diverged" in verdict.sentences[0]
    assert "1 run missing" in verdict.sentences[0]
    assert verdict.word == "incomplete"


@pytest.mark.parametrize(
    ("gain", "word", "said"),
    [
        (2.0, "supported", "does better than relu in test accuracy, by no less than"),
        (0.3, "weak", "but by less than the smallest effect"),
        (-2.0, "reversed", "does worse than relu"),
        (0.0, "negligible", "any difference between"),
    ],
)
def test_without_a_limit_the_paired_comparison_of_the_first_part_decides(gain, word, said):
    part = make_part(
        [make_runs(A, spread(90.0 + gain, 8, 0.05), metric="accuracy"),
         make_runs(B, [90.0] * 8, metric="accuracy")],
        metric=ACCURACY,
        smallest=0.5,
    )  # fmt: skip
    verdict = judge(make_results(part))
    assert verdict.word == word
    assert said in verdict.sentences[-1]
    assert verdict.outcomes == {}


def test_a_noisy_comparison_is_undecided_and_says_so():
    part = make_part(
        [make_runs(A, [80.0, 99.0, 91.0, 89.0, 70.0, 95.0], metric="accuracy"),
         make_runs(B, [90.0] * 6, metric="accuracy")],
        metric=ACCURACY,
    )  # fmt: skip
    verdict = judge(make_results(part))
    assert verdict.word == "undecided"
    assert "do not tell" in verdict.sentences[-1]


def test_too_many_functions_for_so_few_seeds_is_said():
    many = [make_runs(f"f{k}", spread(91.0 + k, 6), metric="accuracy") for k in range(4)]
    runs = [make_runs(A, spread(95.0, 6), metric="accuracy"),
            make_runs(B, [90.0] * 6, metric="accuracy"), *many]  # fmt: skip
    verdict = judge(make_results(make_part(runs, metric=ACCURACY)))
    assert verdict.word == "undecided"
    assert "nothing can be called at this number of seeds" in verdict.caution
    assert "after Holm's correction over 5 functions" in verdict.sentences[0]


def test_the_parts_own_baseline_is_named_and_equal_runs_are_called_the_same():
    runs = [make_runs(A, [90.0] * 6, metric="accuracy"),
            make_runs("gelu", [90.0] * 6, metric="accuracy")]  # fmt: skip
    verdict = judge(make_results(make_part(runs, metric=ACCURACY, baseline="gelu")))
    assert "is the same as that of gelu" in verdict.sentences[0]
    assert "relu " not in verdict.sentences[-1]


def test_lost_runs_are_told_beside_the_comparison():
    lost = {6: Lost("failed", "boom")}
    runs = [make_runs(A, [1e-3] * 6, planned=7, lost=lost), make_runs(B, [1e-1] * 7)]
    verdict = judge(make_results(make_part(runs)))
    assert f"Of the planned runs: {A} 1 failed." in verdict.sentences[0]


def test_nothing_to_compare_is_missing():
    verdict = judge(make_results(make_part([make_runs(A, [], planned=3), make_runs(B, STUCK)])))
    assert verdict.word == "missing"
    assert verdict.caution == "There are no paired runs to test."


def test_parts_without_the_contender_do_not_decide():
    flat = make_runs(B, [90.0] * 6, metric="accuracy")
    low = make_runs("gelu", spread(50.0, 6), metric="accuracy")
    high = make_runs(A, spread(95.0, 6), metric="accuracy")
    others = make_part([low, flat], "others", metric=ACCURACY)
    pair = make_part([high, flat], "pair", metric=ACCURACY)
    assert judge(make_results(others, pair)).word == judge(make_results(pair)).word == "supported"


def test_a_limit_without_both_regimes_falls_back_to_comparing():
    part = make_part([make_runs(A, [1e-6] * 6), make_runs(B, [0.9] * 6)])
    assert judge(make_results(part, fitted=1e-3)).word == "supported"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ({"fair": "weak"}, "weak"),
        ({"as-claimed": "reversed"}, "reversed"),
        ({"as-claimed": "supported", "fair": "supported"}, "supported"),
        ({"as-claimed": "supported", "fair": "negligible"}, AS_CLAIMED_ONLY),
        ({"as-claimed": "supported", "fair": "missing"}, "missing"),
        ({"as-claimed": "undecided", "fair": "supported"}, "supported"),
        ({}, "missing"),
    ],
)
def test_the_fair_regime_decides(words, word):
    assert regime_word(words) == word
