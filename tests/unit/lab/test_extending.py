"""The second look: twice the seeds where the first left something open, once."""

from __future__ import annotations

import pytest

from actlab.lab import conduct
from actlab.lab.extending import extended_in, recorded, with_second_look
from actlab.lab.study_file import load_study

STUDY = "claims-t04"


def seeds_of(study):
    return {part.name: part.seeds for part in study.part}


def test_only_the_parts_that_are_named_have_more_seeds():
    first = load_study(STUDY)
    second = with_second_look(first, ["digits"])
    before, after = seeds_of(first), seeds_of(second)
    assert after.pop("digits") == 2 * before.pop("digits")
    assert after == before


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_the_tier_stays(tier):
    first = load_study(STUDY, tier=tier)
    assert with_second_look(first, ["digits"]).tier == tier
    assert with_second_look(first, []) is first


@pytest.mark.parametrize("seeds", [5, 20, 37])
def test_every_cell_of_the_first_look_stays_in_the_second(seeds):
    study = load_study(STUDY, seeds=seeds)
    first = conduct.plan_study(study)
    second = conduct.plan_study(with_second_look(study, ["digits"]))
    assert {cell.id for cell in first.cells} < {cell.id for cell in second.cells}
    for part, count in seeds_of(study).items():
        per_arm: dict = {}
        for cell in second.places:
            if cell.part == part and cell.kind == "train":
                per_arm.setdefault((cell.regime, cell.contender), []).extend(cell.seeds)
        assert per_arm
        expected = list(range(2 * count if part == "digits" else count))
        assert all(sorted(found) == expected for found in per_arm.values())


def test_a_description_remembers_it():
    extended = {"b": ["y", "x"], "a": ["z"]}
    assert extended_in(recorded(extended)) == {"a": ["z"], "b": ["x", "y"]}
    assert recorded({}) == {}
    assert extended_in({"studies": []}) == {}


@pytest.mark.parametrize("wrong", [["a"], {"a": "b"}, {"a": [1]}, 3])
def test_a_description_of_another_form_is_refused(wrong):
    with pytest.raises(ValueError, match="must list parts by study"):
        extended_in({"extended": wrong})


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert conduct.second_look_of(tmp_path / "nowhere") == {}
