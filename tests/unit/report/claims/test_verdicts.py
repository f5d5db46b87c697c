"""The word for a claim: controls first, then regimes, then several comparisons together."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from actlab.lab.claims.evidence import Evidence
from actlab.report.claims import verdicts
from actlab.report.claims.controls import controls, passed
from actlab.report.claims.page import render
from actlab.report.claims.terminal import as_json, print_claims
from actlab.report.claims.verdicts import combined, judge_claims

from .results_by_hand import folder, noisy, part, results, runs

SAME = noisy(0.5, seed=9)


def control_study(same=True, tie=0.0, gap=3.0):
    other = SAME if same else [SAME[0] + 1e-9, *SAME[1:]]
    return results(
        "claims-t00",
        part("identity-pair", {"b": SAME, "a": other}),
        part("nothing", {"b": noisy(0.0, seed=1), "a": noisy(tie, seed=2)}),
        part("positive", {"b": noisy(0.0, seed=3), "a": noisy(gap, seed=4)}),
    )


@pytest.fixture
def measured(monkeypatch):
    """One claim with one comparison in two regimes, in place of the ledger's evidence."""
    one = Evidence.model_validate({
        "claim": "E4", "study": "claims-t02", "part": "p", "regimes": ["as-claimed", "fair"],
        "metric": "score", "kind": "difference", "contender": "a", "baseline": "b", "delta": 0.5,
    })  # fmt: skip
    monkeypatch.setattr(verdicts, "evidence", lambda: (one,))

    def study(claimed: float, fair: float):
        return results("claims-t02", *(
            part("p", {"a": noisy(gap, seed=1), "b": noisy(0.0, seed=2)}, regime)
            for regime, gap in (("as-claimed", claimed), ("fair", fair))
        ))  # fmt: skip

    return study


def word_of(ledger, claim="E4") -> str:
    return next(v.word for v in ledger.verdicts if v.claim.id == claim)


def test_controls_that_come_out_right():
    found = controls(control_study())
    assert len(found) == 3
    assert passed(found)
    assert "identical to the last bit" in found[0].seen


@pytest.mark.parametrize("change", [{"same": False}, {"tie": 2.0}, {"gap": 0.0}])
def test_controls_that_come_out_wrong(change):
    found = controls(control_study(**change))
    assert not passed(found)
    assert sum(not control.passed for control in found) == 1


def test_equal_numbers_with_another_curve_are_not_identical():
    bent = runs("a", SAME, curve=np.outer(SAME, np.ones(4)) + np.eye(12, 4))
    found = controls(results("claims-t00", part("identity-pair", {"b": SAME, "a": bent})))
    assert not passed(found)


def test_without_controls_nothing_is_concluded(measured):
    ledger = judge_claims(folder(measured(1.0, 1.0)))
    assert word_of(ledger) == "withheld"
    broken = judge_claims(folder(control_study(same=False), measured(1.0, 1.0)))
    assert word_of(broken) == "withheld"
    assert not broken.controlled


@pytest.mark.parametrize(
    ("claimed", "fair", "expected"),
    [
        (1.0, 1.0, "supported"),
        (1.0, 0.0, "supported as claimed only"),
        (0.0, 1.0, "supported"),
        (1.0, -1.0, "supported as claimed only"),
        (0.0, -1.0, "reversed"),
        (0.0, 0.0, "negligible"),
    ],
)
def test_the_fair_regime_decides(measured, claimed, fair, expected):
    assert word_of(judge_claims(folder(control_study(), measured(claimed, fair)))) == expected


def test_p_values_are_corrected_over_all_comparisons(measured):
    ledger = judge_claims(folder(control_study(), measured(1.0, 0.0)))
    (verdict,) = [v for v in ledger.verdicts if v.claim.id == "E4"]
    claimed, fair = verdict.findings
    assert claimed.adjusted == pytest.approx(2 * claimed.p)
    assert fair.adjusted == pytest.approx(fair.p)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "weak"], "weak"),
        (["supported", "undecided"], "undecided"),
        (["supported", "reversed"], "mixed"),
        (["supported", "negligible"], "mixed"),
        (["reversed", "negligible"], "reversed"),
    ],
)
def test_a_claim_is_as_good_as_its_weakest_comparison(words, expected):
    assert combined(words) == combined(words[::-1]) == expected


def test_without_records_exact_checks_stand_and_the_rest_is_not_run(measured):
    ledger = judge_claims(None)
    words = {verdict.claim.id: verdict.word for verdict in ledger.verdicts}
    assert words["E4"] == "not run"
    assert words["E13"] == "conditional"
    assert words["R2"] == "true"


def test_terminal_and_json_and_page_say_the_same(measured):
    ledger = judge_claims(folder(control_study(), measured(1.0, 0.0)), ["E4", "E13"])
    console = Console(record=True, width=100)
    print_claims(ledger, console, whole=True)
    said = console.export_text()
    assert "E4  supported as claimed only" in said
    assert "control passed" in said
    data = as_json(ledger)
    assert [claim["verdict"] for claim in data["claims"]] == ["supported as claimed only",
                                                              "conditional"]  # fmt: skip
    page = render(ledger, "report.html")
    assert 'href="report.html#claims-t02-p-fair"' in page
    assert 'data-word="supported as claimed only"' in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_unknown_kinds_and_words_are_refused(measured):
    ledger = judge_claims(None)
    with pytest.raises(ValueError, match="unknown kind of claim 'mathematic'"):
        print_claims(ledger, Console(), kind="mathematic")
    with pytest.raises(ValueError, match="unknown verdict 'ture'"):
        print_claims(ledger, Console(), word="ture")
