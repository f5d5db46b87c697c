"""What the second look extends, and when it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.lab.claims.evidence import Evidence
from actlab.report.claims import verdicts
from actlab.report.claims.page import render
from actlab.report.claims.second_look import left_open
from actlab.report.claims.terminal import as_json
from actlab.report.claims.verdicts import judge_claims

from .results_by_hand import folder, noisy, part, results
from .test_verdicts import control_study

OPEN = noisy(0.3, spread=2.0, seed=5)
SETTLED = noisy(3.0, seed=6)
NONE = noisy(0.0, seed=7)


def comparison(claim: str, where: str, **more) -> Evidence:
    return Evidence.model_validate({
        "claim": claim, "study": "claims-t02", "part": where, "regimes": ["fair"],
        "metric": "score", "kind": "difference", "contender": "a", "baseline": "b", "delta": 0.5,
        **more,
    })  # fmt: skip


@pytest.fixture
def first_look(monkeypatch):
    """Four claims: undecided, settled, and two whose comparison spans two parts."""
    terms = [
        {"weight": 1.0, "arm": "a"},
        {"weight": -1.0, "arm": "b", "part": "elsewhere"},
    ]
    found = (
        comparison("E4", "open"),
        comparison("E5", "settled"),
        comparison("E6", "wide", kind="interaction", contender="", baseline="", terms=terms),
    )
    monkeypatch.setattr(verdicts, "evidence", lambda: found)

    def make(tier="full", **controls):
        study = results(
            "claims-t02",
            part("open", {"a": OPEN, "b": NONE}),
            part("settled", {"a": SETTLED, "b": NONE}),
            part("wide", {"a": OPEN, "b": NONE}),
            part("elsewhere", {"a": NONE, "b": NONE}),
            tier=tier,
        )
        return folder(replace(control_study(**controls), tier=tier), study)

    return make


def test_what_is_undecided_is_extended_with_every_part_it_is_measured_in(first_look):
    assert left_open(judge_claims(first_look())) == {"claims-t02": ["elsewhere", "open", "wide"]}


def test_the_quick_tier_has_no_second_look(first_look):
    with pytest.raises(ValueError, match=r"second look \(full\), got quick"):
        left_open(judge_claims(first_look("quick")))


def test_without_records_there_is_nothing_to_extend(first_look):
    with pytest.raises(ValueError, match="no study of claims"):
        left_open(judge_claims(None))


def test_controls_come_first(first_look):
    with pytest.raises(ValueError, match="controls"):
        left_open(judge_claims(first_look(gap=0.0)))


def test_an_unfinished_look_is_finished_first(first_look):
    found = first_look()
    some = tuple(replace(one, cells=4) for one in found.studies)
    with pytest.raises(ValueError, match="6 of its cells were not run"):
        left_open(judge_claims(replace(found, studies=some)))


def test_page_and_json_tell_whether_it_was_taken(first_look):
    found = first_look()
    before, after = (
        judge_claims(replace(found, extended=taken))
        for taken in ({}, {"claims-t02": ["open", "wide"]})
    )
    assert "has not been taken" in render(before)
    assert "2 parts in which a claim was undecided have" in render(after)
    assert as_json(after)["extended"] == {"claims-t02": ["open", "wide"]}
    assert as_json(after)["looks"] == 2
    assert "Two looks" not in render(judge_claims(first_look("quick")))
