"""The page: self-contained, escaped, small, and true to the records."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from actlab.report.html import render, write_page

from .conftest import A, B, make_results, make_runs

EVIL = "<script>alert(1)</script>\"'&\u202e../../x"


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


@pytest.fixture(scope="module")
def text(results) -> str:
    return render(results)


def test_nothing_is_fetched_and_nothing_runs(text):
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "embed", "img", "base"} & set(page.tags)
    policy = [v for t, n, v in page.attributes if t == "meta" and "default-src" in v]
    assert policy
    assert policy[0].startswith("default-src 'none'")
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("href", "src", "xlink:href"):
            assert value.startswith(("#", "data:")), (tag, name, value[:60])
    for address in re.findall(r"url\(([^)]*)\)", text):
        assert address.startswith("#")


def test_every_reference_inside_a_drawing_is_found(text):
    page = Page(text)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {v[1:] for _, n, v in page.attributes if n == "xlink:href" and v.startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]*)\)", text))
    assert wanted <= set(ids)


def test_hostile_names_are_text(results):
    claimed = [make_runs(EVIL, [1e-6] * 3), make_runs(B, [0.9] * 3, planned=4)]
    hostile = replace(
        make_results(claimed, claimed, claimed),
        contender=EVIL,
        command=f"actlab run {EVIL}",
        study={**results.study, "title": EVIL, "claim": EVIL},
        contenders={EVIL: {"weight": 1.0, "bias": 0.0}},
        environments=({"cpu": EVIL},),
        damaged=(EVIL,),
        shapes=(replace(results.shapes[0], label=EVIL),),
    )
    text = render(hostile)
    page = Page(text)
    assert "script" not in page.tags
    assert "<script" not in text
    assert any("<script>alert(1)</script>" in word for word in page.words)


def test_it_is_accessible_and_says_what_it_must(text):
    page = Page(text)
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    assert "title" in page.tags
    drawings = [v for t, n, v in page.attributes if (t, n) == ("div", "aria-label")]
    assert len([d for d in drawings if d]) >= page.tags.count("svg") > 6
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    everything = " ".join(page.words)
    for needed in ("actlab run tiny", "a cpu", "Adam", "0.9524", "Verdict:", "Holm"):
        assert needed in everything, needed


def test_quick_and_incomplete_are_said_loudly(results, text):
    page = render(replace(results, quick=True, cells=9))
    assert "quick version, 8 units wide" in page
    assert "This report is incomplete: 9 cells are planned" in page
    assert "incomplete" not in text


def test_the_data_can_be_downloaded(text):
    files = {}
    attributes = Page(text).attributes
    for (_, name, value), (_, other, uri) in pairwise(attributes):
        if name == "download":
            assert other == "href"
            files[value] = base64.b64decode(uri.partition("base64,")[2]).decode()
    rows = list(csv.DictReader(io.StringIO(files["tiny-runs.csv"])))
    assert len(rows) == 3 * 4 + 20
    assert {row["function"] for row in rows} == {A, B}
    assert float(rows[0]["final"]) == 1e-6
    curves = list(csv.DictReader(io.StringIO(files["tiny-curves.csv"])))
    assert len(curves) == 2 * 2 * 6
    about = json.loads(files["tiny.json"])
    assert about["verdict"]["word"] == "a matter of initialisation"
    assert about["tables"][2]["rows"][0]["decision"] == "supported"


def test_the_same_results_give_the_same_page(results, text, tmp_path):
    target = tmp_path / "report.html"
    write_page(results, target)
    assert target.read_text("utf-8") == text
    before = target.stat().st_mtime_ns
    write_page(results, target)
    assert target.stat().st_mtime_ns == before


@pytest.mark.parametrize("lost", ["a function", "everything"])
def test_a_page_can_be_made_of_what_there_is(results, lost):
    empty = [make_runs(A, [], planned=3), make_runs(B, [], planned=3)]
    some = [make_runs(A, [], planned=3), make_runs(B, [0.5] * 3)]
    runs = some if lost == "a function" else empty
    page = render(replace(make_results(runs, runs, runs), shapes=(), environments=()))
    assert "3 missing" in page
    assert "Verdict: incomplete" in page


def test_diverged_curves_are_drawn_and_counted(results):
    wild = make_runs(A, [20 / 21] * 3, diverged=[True] * 3)
    losses = wild.losses.copy()
    losses[:, 2:] = np.nan
    fits = np.full_like(wild.fits, np.nan)
    runs = [replace(wild, losses=losses, fits=fits), make_runs(B, [0.5] * 3)]
    assert "3 diverged" in render(make_results(runs, runs, runs))


def test_a_page_of_many_seeds_stays_small():
    many = [make_runs(A, [1e-6] * 40), make_runs(B, [1e-5] * 40)]
    assert len(render(make_results(many, many, many)).encode()) < 1_000_000
