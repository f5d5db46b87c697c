"""What is drawn of a part, and what is said about it."""

from __future__ import annotations

from actlab.figures.chart import COLOURS
from actlab.report.html import FULL, NOTHING, SPARE
from actlab.report.sections import budget, make_section, numbered

from .by_hand import ACCURACY, A, B, make_part, make_results, make_runs


def test_contender_and_baseline_have_the_first_colours_then_the_best():
    runs = [make_runs("bad", [0.9] * 3), make_runs("good", [1e-9] * 3), make_runs(B, [0.5] * 3),
            make_runs(A, [0.6] * 3)]  # fmt: skip
    numbers = numbered(make_results(make_part(runs)))
    assert numbers == {A: 0, B: 1, "good": 2, "bad": 3}


def test_a_function_keeps_its_number_in_every_part():
    first = make_part([make_runs(A, [0.1] * 3), make_runs(B, [0.2] * 3)])
    second = make_part([make_runs("z", [1e-9] * 3), make_runs(B, [0.2] * 3)], "second")
    assert numbered(make_results(first, second)) == {A: 0, B: 1, "z": 2}


def test_figures_follow_the_detail_that_is_asked_for(folder):
    study = folder.studies[0]
    part = study.parts[2]
    numbers = numbered(study)
    titles = [panel.title for panel in make_section(study, part, numbers, FULL).panels]
    assert titles == ["Paired differences", "Ranks", "Training loss", "Gradient",
                      "By learning rate"]  # fmt: skip
    titles = [panel.title for panel in make_section(study, part, numbers, SPARE).panels]
    assert titles == ["Training loss"]
    assert make_section(study, part, numbers, NOTHING).panels == ()


def test_the_legend_has_only_functions_with_a_colour():
    runs = [make_runs(f"f{k}", [0.1 * k + 0.1] * 3) for k in range(9)]
    part = make_part([make_runs(A, [0.1] * 3), make_runs(B, [0.2] * 3), *runs])
    results = make_results(part)
    section = make_section(results, part, numbered(results), FULL)
    assert len(section.legend) == COLOURS
    assert section.legend[0] == (A, 0)
    assert len(section.lines) == 11


def test_lines_say_in_how_many_seeds_a_function_is_better():
    part = make_part([make_runs(A, [2.0, 2.0, 0.0, 1.0], metric="accuracy"),
                      make_runs(B, [1.0] * 4, metric="accuracy")], metric=ACCURACY)  # fmt: skip
    results = make_results(part)
    section = make_section(results, part, numbered(results), NOTHING)
    line = next(one for one in section.lines if one.row.runs.label == A)
    assert line.better is not None
    assert line.better.estimate == 2.5 / 4


def test_the_budget_is_said_in_a_sentence():
    part = make_part([make_runs(A, [0.1]), make_runs(B, [0.1])])
    said = "Perceptron: depth 5, width 8, learning rate 0.001, 3 test seeds"
    assert budget(part) == said
    part.settings[A]["depth"] = 6
    assert "depth" not in budget(part)
