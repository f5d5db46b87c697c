"""The page: self-contained, escaped, and true to the records."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from actlab.report.html import render, write_page
from actlab.report.runs import Lost

from .by_hand import (
    EVIL,
    A,
    B,
    both_regimes,
    make_folder,
    make_part,
    make_results,
    make_runs,
    points,
    record,
)  # fmt: skip


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, other, value in self.attributes if other == name]


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_nothing_is_fetched_and_only_the_one_script_runs(text, page):
    assert not {"link", "iframe", "object", "embed", "img", "base"} & set(page.tags)
    assert page.tags.count("script") == 1
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [v for t, n, v in page.attributes if t == "meta" and "default-src" in v]
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "http" not in re.sub(r"https?-equiv", "", text.replace("http-equiv", ""))
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("href", "src", "xlink:href"):
            assert value.startswith(("#", "data:")), (tag, name, value[:60])
    assert "url(" not in text
    assert "style" not in {name for _, name, _ in page.attributes}


def test_ids_are_unique_and_every_reference_is_found(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    wanted = {v[1:] for v in page.values("href") if v.startswith("#")}
    assert wanted | set(page.values("aria-labelledby")) <= set(ids)


def test_every_part_and_regime_has_its_address(page):
    assert {"tiny-headline-as-claimed", "tiny-headline-fair", "tiny-table-fair"} <= set(
        page.values("id")
    )


def test_ids_stay_unique_when_names_run_into_each_other():
    runs = [make_runs(A, [1e-3] * 3), make_runs(B, [1e-2] * 3)]
    studies = [
        make_results(make_part(runs, "b-c"), name="a"),
        make_results(make_part(runs, "c"), name="a-b"),
        make_results(make_part(runs, "runs"), name="a-b-c-fair"),
    ]
    ids = Page(render(make_folder(*studies))).values("id")
    assert len(ids) == len(set(ids))
    assert {"a-b-c-fair", "a-b-c-fair-2", "a-b-c-fair-3", "a-b-c-fair-runs-fair"} <= set(ids)


def test_hostile_names_are_text():
    lost = {3: Lost("failed", EVIL)}
    runs = [make_runs(EVIL, [1e-6] * 3), make_runs(B, [0.9] * 3, planned=4, lost=lost)]
    study = replace(
        both_regimes(runs, runs),
        contender=EVIL,
        study={**both_regimes(runs, runs).study, "title": EVIL, "claim": EVIL, "note": EVIL},
        environments=({"cpu": EVIL},),
        damaged=(EVIL,),
    )
    text = render(make_folder(study, command=f"actlab run {EVIL}", name=EVIL))
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert any("<script>alert(1)</script>" in word for word in page.words)
    assert any("\\u202e" in word for word in page.words)


def test_it_is_accessible_and_says_what_it_must(text, page):
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    drawings = [(t, n, v) for t, n, v in page.attributes if (t, n) == ("div", "aria-label") and v]
    assert len([1 for _, n, v in page.attributes if (n, v) == ("role", "img")]) == page.tags.count(
        "svg"
    )
    assert len(drawings) >= page.tags.count("svg") > 10
    assert page.values("aria-hidden").count("true") == page.tags.count("svg")
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    everything = " ".join(page.words)
    for needed in ("actlab run tiny", "a cpu", "Verdict:", "Holm", "rows", "1797",
                   "learning rate chosen from 0.001, 0.01", "better than relu"):  # fmt: skip
        assert needed in everything, needed


def test_failures_are_counted_in_the_table_and_told_with_their_cause(page):
    everything = " ".join(" ".join(page.words).split())
    assert "1 diverged 1 failed 1 timed out" in everything
    assert "failed, ValueError: boom" in everything
    assert "timeout, took over 60 s" in everything


def test_the_table_of_runs_has_every_run_and_troubled_ones_first(text):
    rows = re.findall(r"<tr><td>(.*?)(?=<tr|</tbody)", text[text.index('id="_runs"') :], re.DOTALL)
    assert len(rows) == 2 * 6 + 30
    assert [("class=" in row) for row in rows[:4]] == [True, True, True, False]
    assert "ValueError: boom" in rows[1]


def test_smaller_versions_and_incomplete_studies_are_said_loudly(folder, text):
    study = replace(folder.studies[0], tier="quick", cells=9)
    page = render(make_folder(study))
    assert "This is the quick version" in page
    assert "This report is incomplete: 9 cells are planned" in page
    assert "incomplete" not in text


def test_the_same_results_give_the_same_page(folder, text, tmp_path):
    target = tmp_path / "report.html"
    write_page(folder, target)
    assert target.read_text("utf-8") == text
    before = target.stat().st_mtime_ns
    write_page(folder, target)
    assert target.stat().st_mtime_ns == before


@pytest.mark.parametrize("lost", ["a function", "everything"])
def test_a_page_can_be_made_of_what_there_is(lost):
    empty = [make_runs(A, [], planned=3), make_runs(B, [], planned=3)]
    some = [make_runs(A, [], planned=3), make_runs(B, [0.5] * 3)]
    runs = some if lost == "a function" else empty
    page = render(make_folder(replace(both_regimes(runs, runs), shapes=(), environments=())))
    assert "3 missing" in page
    assert "Verdict: incomplete" in page


def test_curves_that_are_not_finite_are_drawn_and_counted():
    wild = make_runs(A, [20 / 21] * 3, diverged=[True] * 3)
    steps = {**wild.curves.rows[0][0].arrays}
    steps["loss"] = steps["loss"].copy()
    steps["loss"][:, 2:] = np.nan
    steps["gradient"] = np.full_like(steps["gradient"], np.inf)
    steps["fit"] = np.full_like(steps["fit"], np.nan)
    curves = replace(wild.curves, rows=tuple((record(steps), row) for row in range(3)))
    runs = [replace(wild, curves=curves), make_runs(B, [0.5] * 3)]
    for part in (make_part(runs), points(make_part(runs))):
        page = render(make_folder(make_results(part)))
        assert "3 diverged" in page
        assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", page))


def test_records_from_several_machines_are_told_apart(folder):
    other = {"cpu": "another cpu", "libraries": {"torch": "2"}}
    study = replace(folder.studies[0], environments=(*folder.studies[0].environments, other))
    page = render(make_folder(study))
    assert "Not all records were made so" in page
    assert "another cpu" in page
