"""The page, the plot, the raw lines and the terminal, from numbers made by hand."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from actlab.bench.cells import Grid, chunks, duration, number
from actlab.bench.settings import make_settings
from actlab.bench.summary import Timing
from actlab.figures.ratios import draw_sheet
from actlab.report import bench_page
from actlab.report.bench_terminal import print_bench
from unit.bench.bench_results import make_results


@pytest.fixture(scope="module")
def page(full) -> str:
    return bench_page.render(full)


def printed(results, width: int) -> list[str]:
    text = io.StringIO()
    print_bench(results, Console(file=text, width=width))
    return text.getvalue().splitlines()


def test_the_page_stands_alone(page):
    assert len(page.encode()) < 1_000_000
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|<iframe|https?://(?!www\.w3\.org)", page)
    assert "default-src 'none'" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_page_says_every_target_and_every_part(page):
    assert "Targets: 11 reached" in page
    for text in ("Kept for backward", "Whole training steps", "Threads", "A parameter per channel",
                 "Other ways to compute the same", "forward + backward, bfloat16, 2 threads",
                 "actlab bench", "a cpu"):  # fmt: skip
        assert text in page
    assert page.count("<svg") == 4


def test_there_are_panels_for_measure_and_dtype(full):
    panels = bench_page.figures_of(full)
    assert [panel.title for panel in panels] == [
        "forward, float32", "forward + backward, float32",
        "forward, bfloat16", "forward + backward, bfloat16",
    ]  # fmt: skip
    first = panels[0]
    assert [curve.label for curve in first.curves] == list(full.settings["activations"])
    assert first.curves[0].sizes.tolist() == full.settings["sizes"]
    assert first.curves[0].ratios == pytest.approx([1.1] * 9)
    assert first.floor is not None
    assert (2.0**18, 2.0**24, 1.15) in first.goals
    assert draw_sheet(panels, "x").startswith(b"\x89PNG")


def test_raw_lines_hold_every_timing(full):
    lines = [json.loads(line) for line in bench_page.raw_lines(full).splitlines()]
    assert len(lines) == sum(len(o.timings) + len(o.memory) for o in full.outcomes)
    assert {len(line["seconds"]) for line in lines if line["part"] == "pointwise"} == {5}
    assert {"part", "measure", "shape", "dtype", "threads", "contender", "status"} <= set(lines[0])


def test_names_from_users_are_escaped(full):
    one = full.part("pointwise")[0]
    bad = replace(one.timings[2].contender, activation="m:<b>")
    timings = (*one.timings[:2], Timing(bad, "failed", "<script>alert(1)</script>", ()))
    page = bench_page.render(replace(full, outcomes=(replace(one, timings=timings),)))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_run_without_anything_timed_can_be_shown(full):
    empty = replace(full, outcomes=())
    assert "This report is incomplete: 0 of" in bench_page.render(empty)
    assert any("Incomplete: 0 of" in line for line in printed(empty, 80))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_loses_no_number(full, width):
    lines = printed(full, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert text.count("reached") >= 11
    assert "…" not in text
    for size in full.settings["sizes"]:
        assert f"2^{size.bit_length() - 1}" in text


def test_a_table_is_cut_between_columns_and_keeps_its_labels():
    grid = Grid("t", ("name", "a", "bb", "ccc"), (("x", "11111", "22222", "33333"),), "note")
    pieces = list(chunks(grid, 20))
    assert [piece.head for piece in pieces] == [("name", "a", "bb"), ("name", "ccc")]
    assert [piece.rows[0] for piece in pieces] == [("x", "11111", "22222"), ("x", "33333")]
    assert [piece.note for piece in pieces] == ["", "note"]
    assert list(chunks(grid, 200)) == [grid]


def test_a_function_against_another_revision_is_shown_with_what_it_was(full):
    from actlab.bench.against import make_scenes, narrowed
    from actlab.bench.summary import Outcome

    settings = narrowed(make_settings(activations="powerlu", sizes="64"), usual_sizes=False)
    outcomes = tuple(
        Outcome(
            scene,
            tuple(
                Timing(one, "done", "", (seconds, seconds))
                for one, seconds in zip(scene.contenders, (1e-6, 5e-7), strict=True)
            ),
            2,
            1.0,
        )
        for scene in make_scenes(settings)
    )
    about = make_results(settings, []).about | {
        "against": {"ref": "v1", "commit": "0" * 40, "old": "formulas", "new": "compiled kernels",
                    "note": "its kernels could not be built: no compiler"}
    }  # fmt: skip
    results = replace(full, about=about, outcomes=outcomes, planned=len(outcomes))
    page, text = bench_page.render(results), "\n".join(printed(results, 90))
    for found in (page, text):
        assert "Against v1" in found
        assert "0.50" in found
        assert "no compiler" in found
        assert "torch.relu" in found
        assert "Targets" not in found


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.0123, "12.3 ms"), (1.5e-6, "1.50 µs"), (4e-9, "4.00 ns"),
     (float("nan"), "-")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1.149, "1.15"), (12.34, "12.3"), (123.4, "123")]
)
def test_numbers(value, text):
    assert number(value) == text
