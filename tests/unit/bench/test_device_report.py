"""Targets, tables, page and terminal of a GPU's run, from numbers made by hand."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from actlab.bench.scenes import COPY
from actlab.bench.settings import make_settings
from actlab.bench.summary import Results, Timing, problems, warnings
from actlab.bench.tables import device_method, long_grids, relu_grids
from actlab.bench.targets import checks
from actlab.bench.traffic import gigabytes_per_second
from actlab.report import bench_page
from actlab.report.bench_terminal import print_bench
from unit.bench.bench_results import make_device_results


@pytest.fixture(scope="module")
def page(device_run) -> str:
    return bench_page.render(device_run)


def printed(results: Results, width: int) -> str:
    text = io.StringIO()
    print_bench(results, Console(file=text, width=width))
    return text.getvalue()


def check(results: Results, *words: str):
    return next(c for c in checks(results) if all(word in c.target.name for word in words))


def test_a_run_that_reaches_everything(device_run):
    found = checks(device_run)
    assert [one.status for one in found] == ["reached"] * 7
    assert not any(one.missing for one in found)
    forward = check(device_run, "forward against torch.relu")
    assert forward.target.goal == "at most 1.05"
    assert len(forward.points) == 4 * 3 * 2  # functions, sizes, dtypes
    assert warnings(device_run) == []


def test_a_slow_function_misses_time_and_bandwidth(device_settings):
    results = make_device_results(device_settings, ralu=1.2)
    for words in (("forward against",), ("backward against",), ("forward: share",)):
        found = check(results, *words)
        assert found.status == "missed"
        assert found.worst.where.startswith("ralu, ")
    assert check(results, "forward: share").worst.value == pytest.approx(
        0.98 / 1.02 / 1.2, rel=0.03
    )
    assert check(results, "forward: share").worst.where.endswith(" GB/s")


def test_bandwidth_is_counted_in_bytes_and_not_in_time(device_run):
    """Backward moves three tensors where the copy moves two."""
    one = next(o for o in device_run.part("pointwise")
               if o.scene.measure == "backward" and o.scene.size == 2**28)  # fmt: skip
    ours, copy = one.of("powerlu"), one.of("copy")
    found = check(device_run, "backward: share")
    point = next(p for p in found.points if p.where.startswith(f"powerlu, {one.scene.dtype} 2^28"))
    assert ours.median / copy.median == pytest.approx(1.5, rel=0.1)
    expected = gigabytes_per_second(one.scene, ours) / gigabytes_per_second(one.scene, copy)
    assert point.value == pytest.approx(expected)


@pytest.mark.usefixtures("gpu")
def test_a_quick_run_says_which_sizes_it_lacks():
    results = make_device_results(make_settings(device="cuda", quick=True))
    assert check(results, "forward against").note == "8 of 8; not at 2^26, 2^28"
    assert check(results, "backward against torch.relu", "backward").status != "missed"


def test_what_did_not_fit_is_missing_and_not_missed(device_run):
    def skipped(one):
        if one.scene.size < 2**28:
            return one
        row = tuple(replace(t, status="skipped", reason="it needs", seconds=())
                    for t in one.timings)  # fmt: skip
        return replace(one, timings=row)

    results = replace(device_run, outcomes=tuple(map(skipped, device_run.outcomes)))
    found = check(results, "forward against torch.relu")
    assert (found.status, found.missing) == ("reached", ("2^28",))
    assert "skipped" in printed(results, 200)
    assert any("it needs" in line for line in problems(results))
    assert "skipped" in bench_page.render(results)


def test_a_copy_that_failed_leaves_bandwidth_unknown(device_run):
    def broken(one):
        row = tuple(Timing(COPY, "failed", "no", ()) if t.contender == COPY else t
                    for t in one.timings)  # fmt: skip
        return replace(one, timings=row)

    results = replace(device_run, outcomes=tuple(map(broken, device_run.outcomes)))
    assert check(results, "forward: share").status == "missed"
    assert "could not be timed" in check(results, "forward: share").worst.where
    assert check(results, "forward against torch.relu").status == "reached"


def test_tables_show_gigabytes_per_second_beside_the_ratio(device_run):
    (grid, *_) = relu_grids(device_run)
    assert grid.title == "forward, float32"
    row = next(row for row in grid.rows if row[0] == "powerlu")
    assert re.fullmatch(r"1\.0\d, 3\d\d\d GB/s", row[-1])
    (gated, *_) = long_grids(device_run, "gated")
    assert gated.title == "halves of one tensor, forward, float32, 4096x8192"
    assert gated.head[-1] == "GB/s"
    steps, _ = long_grids(device_run, "steps")
    assert steps.head[-1] == "peak memory"
    assert steps.rows[0][-1] == "3.00 GiB"
    assert all(grid.head[-1] == "quartiles" for grid in long_grids(device_run, "overhead"))


def test_the_page_says_what_was_measured_and_how(page, device_run):
    assert ("Stand-in 9000, torch 2, driver 570.1, cuda 12.8, triton 3.8.0, 2026-11-30") in page
    for text in ("Targets: 7 reached", "Gated units", "What a call costs the program",
                 "The L2 cache (50 MiB) is not emptied", "Kept for backward", "peak memory",
                 "liger is not installed", "cuda:0"):  # fmt: skip
        assert text in page
    assert "thread" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    assert len(page.encode()) < 1_500_000
    assert not re.search(r"<script|<link|<iframe|https?://(?!www\.w3\.org)", page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert device_method(device_run)


def test_the_page_of_a_cpu_says_nothing_of_gpus(full):
    text = bench_page.render(full)
    assert "GB/s" not in text
    assert device_method(full) == ()
    assert bench_page.place_of(full) == "a cpu, torch 2, 1 and 2 threads"


def test_goals_of_the_figures_are_those_of_the_device(device_run):
    first = bench_page.figures_of(device_run)[0]
    assert first.goals == ((2.0**24, 2.0**28, 1.05),)
    assert first.floor is not None


def test_the_file_of_medians_has_rates_and_memory(page, device_run):
    link = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert link is not None
    head, *rows = base64.b64decode(link[1]).decode().splitlines()
    assert head.endswith(",gigabytes_per_s,peak_bytes")
    step = next(row for row in rows if row.startswith("steps,"))
    assert step.endswith(f",,{3 * 2**30}")
    lines = [json.loads(line) for line in bench_page.raw_lines(device_run).splitlines()]
    assert {line.get("peak_bytes") for line in lines if line["part"] == "steps"} == {3 * 2**30}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_loses_no_number(device_run, width):
    text = printed(device_run, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.startswith("Stand-in 9000")
    assert "…" not in text
    for size in device_run.settings["sizes"]:
        assert f"2^{size.bit_length() - 1}" in text


def test_records_of_skipped_comparisons_keep_their_reasons():
    from actlab.bench.scenes import RELU, Scene
    from actlab.bench.summary import outcome
    from actlab.records import Record, Status

    scene = Scene("pointwise", "forward", (8,), "float32", 0, (RELU, COPY))
    row = {"status": "skipped", "reason": "it needs 9 GiB", "repeats": 1, "seconds": []}
    summary = {"results": {"torch relu": row, "copy": row}, "rounds": 0, "cpu_share": 1.0}
    record = Record("0", {"scene": scene.describe()}, Status.SKIPPED, "it needs", summary)
    assert [t.reason for t in outcome(record).timings] == ["it needs 9 GiB"] * 2
