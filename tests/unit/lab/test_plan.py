"""The plan is a pure function: same study, same cells; more seeds, more cells."""

from __future__ import annotations

from dataclasses import replace

from actlab.lab.contenders import resolve
from actlab.lab.plan import make_plan
from actlab.lab.study import parse_study
from actlab.records import content_id

FACTS = {"task": "twenty-one-pairs", "version": 1, "data": "x"}


def unit(name: str, **params: float) -> tuple[float, float]:
    return 1.0, 0.0


def plan_of(text: str, **changes):
    study = parse_study(text, "tiny.toml")
    parts = [part.model_copy(update=changes) for part in study.part]
    study = study.model_copy(update={"part": parts})
    contenders = {
        part.name: [resolve(spec, unit) for spec in part.contenders] for part in study.part
    }
    return make_plan(study, contenders, FACTS)


def test_same_study_same_cells(tiny):
    assert plan_of(tiny) == plan_of(tiny)


def test_ids_are_the_hash_of_the_key(tiny):
    plan = plan_of(tiny)
    assert all(cell.id == content_id(cell.key) for cell in plan.cells)
    assert len({cell.id for cell in plan.cells}) == len(plan.cells)


def test_counts(tiny):
    cells = plan_of(tiny).cells
    kinds = [(cell.part, cell.kind) for cell in cells]
    assert kinds.count(("headline", "train")) == 2 * 2 * 2
    assert kinds.count(("table", "tune")) == 3
    assert kinds.count(("table", "train")) == 3 * 2  # blocks of ten and of two
    assert kinds.count(("", "shape")) == 4


def test_test_runs_wait_for_their_learning_rate(tiny):
    plan = plan_of(tiny)
    by_id = {cell.id: cell for cell in plan.cells}
    for cell in plan.cells:
        if cell.part == "table" and cell.kind == "train":
            (tune,) = cell.needs
            assert by_id[tune].contender == cell.contender
            assert cell.key["learning_rate"] == {"chosen_by": tune}
            assert by_id[tune].key["role"] != cell.key["role"]


def test_more_seeds_keep_the_cells_there_are(tiny):
    few = {cell.id for cell in plan_of(tiny, seeds=10).cells}
    many = {cell.id for cell in plan_of(tiny, seeds=20).cells}
    assert few < many


def test_anything_that_matters_changes_the_names(tiny):
    names = {cell.id for cell in plan_of(tiny).cells if cell.kind != "shape"}
    for change in ({"width": 7}, {"depth": 4}, {"rounds": 6}):
        assert not names & {cell.id for cell in plan_of(tiny, **change).cells}


def test_an_edited_formula_is_another_cell(tiny):
    study = parse_study(tiny, "tiny.toml")
    contender = resolve("relu", unit)
    edited = replace(contender, source="0" * 64)
    parts = {part.name: [contender] for part in study.part}
    before = make_plan(study, parts, FACTS)
    after = make_plan(study, {name: [edited] for name in parts}, FACTS)
    assert not {c.id for c in before.cells} & {c.id for c in after.cells}


def test_a_computed_gain_is_rounded_before_it_names_a_cell():
    a = resolve("relu", lambda name: (1.0 + 2**-52, 0.0))
    b = resolve("relu", lambda name: (1.0, 0.0))
    assert a == b


def test_title_and_timeout_do_not_matter_to_the_outcome(tiny):
    before = plan_of(tiny)
    after = plan_of(tiny, title="Another", timeout=1.0)
    assert [c.id for c in before.cells] == [c.id for c in after.cells]
