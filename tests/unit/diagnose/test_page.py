"""The page of a diagnosis: self-contained, escaped, small, and true to the report."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from actlab.diagnose.page import BY_UNIT, render, write_page
from actlab.diagnose.report import Verdict

from .made_reports import DEAD, EVERY, EVIL, dying, empty, healthy, large, make_report, make_site


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

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def data(self) -> dict:
        """What can be downloaded."""
        (uri,) = [v for _, n, v in self.attributes if n == "href" and v.startswith("data:")]
        return json.loads(base64.b64decode(uri.partition("base64,")[2]))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {make.__name__: render(make()) for make in EVERY}


@pytest.fixture(scope="module")
def big() -> str:
    return render(large())


NAMES = [make.__name__ for make in EVERY]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_and_nothing_runs(pages, name):
    page = Page(pages[name])
    banned = {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    assert not banned & set(page.tags)
    for tag, attribute, value in page.attributes:
        assert not attribute.startswith("on"), (tag, attribute)
        if attribute in ("href", "src", "xlink:href"):
            assert value.startswith(("#", "data:")), (tag, attribute, value[:60])
    for address in re.findall(r"url\(([^)]*)\)", pages[name]):
        assert address.startswith("#")
    assert not re.search(r"https?://(?!www\.w3\.org/)", pages[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_the_one_style_sheet_and_there_is_no_other(pages, name):
    page = Page(pages[name])
    (policy,) = [v for t, n, v in page.attributes if t == "meta" and "default-src" in v]
    (style,) = re.findall(r"<style>(.*?)</style>", pages[name], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert not [n for _, n, _ in page.attributes if n == "style"]


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_is_found(pages, name):
    page = Page(pages[name])
    ids = [value for _, attribute, value in page.attributes if attribute == "id"]
    assert len(ids) == len(set(ids))
    links = [v for _, n, v in page.attributes if n in ("href", "xlink:href")]
    wanted = {v[1:] for v in links if v.startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]*)\)", pages[name]))
    wanted |= {v for _, n, v in page.attributes if n == "aria-labelledby"}
    assert wanted <= set(ids)


def test_hostile_names_are_text(pages):
    page = Page(pages["hostile"])
    assert "<script" not in pages["hostile"]
    assert page.text.count("<script>alert(1)</script>") > 20
    assert "\u202e" not in pages["hostile"]
    assert "\x1b" not in pages["hostile"]
    assert page.data()["model"] == EVIL


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_data_is_the_report(pages, name):
    report = {make.__name__: make for make in EVERY}[name]()
    held = Page(pages[name]).data()
    whole = json.loads(report.to_json())
    for site in whole["sites"]:
        for field in (field for fields in BY_UNIT for field in fields):
            if held["sites"] and field not in held["sites"][0]:
                del site[field]
                assert field in pages[name]  # the page says what is missing
    assert held == whole


def test_small_reports_are_embedded_whole(pages):
    held = Page(pages["dying"]).data()
    assert len(held["sites"][1]["unit_mean"]) == 512
    assert len(held["sites"][1]["dead_units"]) == 61


def test_150_sites_of_4096_units_stay_below_a_megabyte(big):
    assert len(big.encode()) < 1_000_000
    page = Page(big)
    assert page.tags.count("details") >= 150
    held = page.data()
    assert len(held["sites"]) == 150
    assert "unit_mean" not in held["sites"][0]
    assert "report.to_json() has everything" in page.text


def test_faults_everywhere_stay_below_a_megabyte():
    found = (replace(DEAD, text=DEAD.text * 2),)
    sites = tuple(replace(site, verdicts=found) for site in large(150, 64).sites)
    assert len(render(make_report(sites)).encode()) < 1_000_000


def test_findings_name_site_cure_and_code(pages):
    page = Page(pages["dying"])
    for needed in ("2 alarms, 1 note", "61 of 512 units are dead", "Cure:", "61 (12 %)",
                   'actlab.swap(model, "leaky_relu", at="features.3")', "0.210 / 0.220",
                   "compiled code shows no single calls", "lost to 0", "torch", "2.13.0",
                   "12, one in 100", "1.3 %"):  # fmt: skip
        assert needed in page.text, needed
    assert ("a", "href", "#site-2") in page.attributes


def test_equal_findings_are_told_together_and_long_lists_folded():
    cured = Verdict("alarm", "dead", "It is dead.", "Revive it.")
    sites = tuple(make_site(f"act{k}", 4, verdicts=(cured,)) for k in range(20))
    page = Page(render(make_report(sites)))
    assert "Dead units at 20 sites" in page.text
    assert page.text.count("Revive it.") == 1
    assert "12 more" in page.text


def test_the_verdict_is_said_in_plain_words(pages):
    assert "Healthy Nothing is wrong at the 6 sites that ran." in Page(pages["healthy"]).text
    assert "Something is wrong: gradients or signals that grow with depth" in (
        Page(pages["exploding"]).text
    )
    assert "first in step 7" in Page(pages["broken"]).text
    assert "No activation ran" in Page(pages["empty"]).text
    assert "Healthy" not in Page(pages["empty"]).text


def test_what_was_not_measured_is_not_invented(pages):
    text = Page(pages["without_gradients"]).text
    assert "none was seen" in text
    assert "0.707, expected -" in text
    assert "too few passes to tell" in text
    assert "None" not in text


@pytest.mark.parametrize("name", NAMES)
def test_it_is_accessible_and_follows_the_reader(pages, name):
    page = Page(pages[name])
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    drawn = [v for t, n, v in page.attributes if (t, n) == ("div", "aria-label")]
    assert all(drawn)
    assert len(drawn) >= page.tags.count("svg")
    for needed in ("prefers-color-scheme: dark", "@media print", "max-width: 560px"):
        assert needed in pages[name]
    for term in ("dead", "saturated", "shift", "gain", "underflow"):
        assert f"<dt>{term}</dt>" in pages[name]


def test_writing_replaces_and_is_the_same_every_time(pages, tmp_path):
    target = tmp_path / "page.html"
    target.write_text("old")
    assert write_page(dying(), target) == target
    assert target.read_text("utf-8") == pages["dying"]
    assert list(tmp_path.iterdir()) == [target]
    assert empty().save_html(str(target)) == target
    assert target.read_text("utf-8") == pages["empty"]


def test_a_name_that_utf8_cannot_hold_is_written(tmp_path):
    target = write_page(make_report((make_site("\udc80"),), model="\udc80"), tmp_path / "a.html")
    assert "\\udc80" in target.read_text("utf-8")


def test_a_path_that_cannot_be_written_is_named_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("actlab.diagnose.page.render", lambda report: pytest.fail("rendered"))
    with pytest.raises(ValueError, match="must name a file.*" + re.escape(tmp_path.name)):
        write_page(healthy(), tmp_path)
    with pytest.raises(ValueError, match="folder of path must exist.*missing"):
        write_page(healthy(), tmp_path / "missing" / "page.html")
