"""The plan is a pure function: same study, same cells; more seeds, more cells."""

from __future__ import annotations

from dataclasses import replace

from actlab.lab.arm import Init
from actlab.lab.conduct import plan_study
from actlab.lab.contenders import arm_of, resolve
from actlab.lab.plan import PartTask, blocks, make_plan, merged
from actlab.lab.study_file import parse_study
from actlab.records import content_id

KEY = {"task": "twenty-one-pairs", "version": 1, "code": "c", "data": "x"}


def unit(contender, scheme) -> Init:
    return Init() if scheme == "default" else Init(scheme, 1.0, 0.0)


def plan_of(text: str, *, initialise=unit, task=KEY, block=10, **changes):
    study = parse_study(text, "tiny.toml")
    parts = [part.model_copy(update=changes) for part in study.part]
    study = study.model_copy(update={"part": parts})
    contenders = {part.name: [resolve(spec) for spec in part.contenders] for part in study.part}
    tasks = {
        part.name: PartTask(
            task,
            {c.label: {**part.settings, **c.settings} for c in contenders[part.name]},
            block,
            {c.label: 1.0 for c in contenders[part.name]},
        )
        for part in study.part
    }
    return make_plan(study, contenders, tasks, initialise)


def test_same_study_same_cells(tiny):
    assert plan_of(tiny) == plan_of(tiny)


def test_ids_are_the_hash_of_the_key(tiny):
    plan = plan_of(tiny)
    assert all(cell.id == content_id(cell.key) for cell in plan.cells)
    assert len({cell.id for cell in plan.cells}) == len(plan.cells)


def test_counts(tiny):
    cells = plan_of(tiny).cells
    kinds = [(cell.part, cell.kind) for cell in cells]
    assert kinds.count(("headline", "train")) == 2 * 2
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


def test_a_rate_beside_a_grid_is_for_the_claimants_setting(tiny):
    both = plan_of(tiny, regimes=["as-claimed", "fair"], learning_rate=0.5,
                   learning_rates=[1e-3, 1e-2], tuning_seeds=2)  # fmt: skip
    for cell in both.cells:
        if cell.kind == "train":
            fixed = cell.key["learning_rate"] == 0.5
            assert fixed == (cell.regime == "as-claimed")
            assert fixed != bool(cell.needs)


def test_more_seeds_keep_the_cells_there_are(tiny):
    few = {cell.id for cell in plan_of(tiny, seeds=10).cells}
    many = {cell.id for cell in plan_of(tiny, seeds=20).cells}
    assert few < many


def test_seeds_come_in_blocks():
    assert blocks(12, 10) == [list(range(10)), [10, 11]]
    assert blocks(2, 1) == [[0], [1]]
    assert blocks(6, 4, 3) == [[0, 1, 2], [3, 4, 5]]
    assert blocks(7, 2, 3) == [[0, 1], [2], [3, 4], [5, 6]]


def test_anything_that_matters_changes_the_names(tiny):
    names = {cell.id for cell in plan_of(tiny).cells if cell.kind != "shape"}
    changes = [
        {"settings": {"width": 7}},
        {"init": "he"},
        {"task": {**KEY, "version": 2}},
        {"task": {**KEY, "code": "d"}},
        {"task": {**KEY, "data": "y"}},
    ]
    for change in changes:
        others = {c.id for c in plan_of(tiny, **change).cells if c.kind != "shape"}
        assert not names & others, change


def test_the_regime_decides_the_initialisation_unless_the_part_or_the_function_does(tiny):
    schemes = {c.regime: c.key["init"]["scheme"] for c in plan_of(tiny).cells if c.part}
    assert schemes == {"as-claimed": "default", "fair": "own"}
    assert {c.key["init"]["scheme"] for c in plan_of(tiny, init="he").cells if c.part} == {"he"}
    own = tiny.replace('"relu"]\n\n[[part]]', '{ name = "relu", init = "lecun" }]\n\n[[part]]', 1)
    found = {
        (c.contender, c.key["init"]["scheme"]) for c in plan_of(own).cells if c.part == "headline"
    }
    assert ("relu, init=lecun", "lecun") in found


def test_an_edited_formula_is_another_cell(tiny):
    study = parse_study(tiny, "tiny.toml")
    contender = resolve("relu")
    edited = replace(contender, source="0" * 64)
    names = [part.name for part in study.part]
    task = PartTask(KEY, {"relu": {}}, 10, {"relu": 1.0})
    before, after = (
        make_plan(study, {name: [one] for name in names}, dict.fromkeys(names, task), unit)
        for one in (contender, edited)
    )
    assert not {c.id for c in before.cells} & {c.id for c in after.cells}


def test_title_and_timeout_do_not_matter_to_the_outcome(tiny):
    before = plan_of(tiny)
    after = plan_of(tiny, title="Another", timeout=1.0, smallest_effect=9.0)
    assert [c.id for c in before.cells] == [c.id for c in after.cells]


def test_cells_that_two_studies_share_are_run_once(tiny):
    plan = plan_of(tiny)
    assert merged([plan, plan_of(tiny, title="Another")]) == list(plan.cells)


def test_the_arm_of_a_key_is_the_arm_of_its_contender(tiny):
    text = tiny.replace('"relu", "tanh"', '{ name = "ralu", learn = "unit" }, "tanh"', 1)
    study = parse_study(text, "tiny.toml")
    for cell in plan_study(study).cells:
        if cell.kind == "train":
            arm = arm_of(cell.key, cell.contender)
            assert arm.label == cell.contender
            assert arm.init.key == cell.key["init"]
            assert arm.learn == cell.key["activation"].get("learn", "")


def test_parts_that_ask_the_same_share_cells_and_both_have_them(tiny):
    twin = tiny.replace('name = "table"', 'name = "twin"', 1)
    part = twin[twin.index('[[part]]\nname = "twin"') : twin.index("[quick")]
    plan = plan_of(tiny.replace("[quick.table]", part + "\n[quick.table]"))
    alone = plan_of(tiny)
    assert [cell.id for cell in plan.cells] == [cell.id for cell in alone.cells]
    of = {name: {c.id for c in plan.places if c.part == name} for name in ("table", "twin")}
    assert of["table"] == of["twin"] != set()
