"""The explorer page as text: one file, no network, small, safe with hostile words."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import actlab.explore
from actlab import registry
from actlab.core import Domain
from actlab.explore.entries import entry, slider
from actlab.explore.page import SCRIPTS, embedded, render
from actlab.interpret.graph import UnprintableError

SHIPPED = registry.shipped()
TEMPLATES = Path(actlab.explore.__file__).parent / "templates"
LONGEST = 300


class Parsed(HTMLParser):
    """Tags with attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inside.append((self._open, data))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


@pytest.fixture(scope="module")
def text() -> str:
    return render(list(SHIPPED.values()))


def data_of(text: str) -> dict:
    for kind, inside in Parsed(text).inside:
        if kind == "script" and inside.startswith("{"):
            return json.loads(inside)
    raise AssertionError("no data")


def test_it_is_small_and_the_same_every_time(text: str) -> None:
    assert len(text.encode()) < 1_500_000
    assert render(list(SHIPPED.values())) == text


def test_nothing_is_fetched(text: str) -> None:
    page = Parsed(text)
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "object", "embed", "img", "base", "audio", "video")
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            if name in ("src", "href", "action", "srcset"):
                assert (value or "").startswith(("#", "data:,")), (tag, name, value)
    for kind, inside in page.inside:
        if not inside.startswith("{"):
            found = re.findall(r"https?://[^\s\"']+", inside)
            assert set(found) <= {"http://www.w3.org/2000/svg"}, kind
            assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", inside)
            assert "@import" not in inside
            assert "url(" not in inside


def test_the_policy_allows_this_script_and_style_only(text: str) -> None:
    page = Parsed(text)
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    hashes = {
        base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        for _, inside in page.inside
        if not inside.startswith("{")
    }
    assert len(hashes) == 2
    assert set(re.findall(r"'sha256-(.*?)'", policy)) == hashes


def test_every_definition_is_there(text: str) -> None:
    data = data_of(text)
    assert [one["name"] for one in data["activations"]] == list(SHIPPED)
    for one in data["activations"]:
        assert one["formula"].startswith("<math")
        assert SHIPPED[one["name"]].forward.__module__ in data["sources"]
    assert "def forward(m, x, *, p)" in data["sources"]["actlab.defs.powerlu"]


def test_hostile_words_stay_words() -> None:
    evil = "</script><script>alert(1)</script><!--\u2028"
    hostile = replace(
        SHIPPED["elu"], name="evil", title=evil, use=evil, notes=(evil,), aliases=(evil,)
    )
    text = render([hostile])
    assert [tag for tag, _ in Parsed(text).tags].count("script") == 2
    assert data_of(text)["activations"][0]["title"] == evil
    assert json.loads(embedded({"a": evil})) == {"a": evil}


@pytest.mark.parametrize("given", [[], [SHIPPED["elu"], replace(SHIPPED["elu"])]])
def test_none_and_two_of_a_name_are_refused(given: list) -> None:
    with pytest.raises(ValueError, match="at least one|two activations are named elu"):
        render(given)


def test_a_formula_without_a_form_is_named() -> None:
    wrong = replace(SHIPPED["elu"], forward=lambda m, x, *, alpha: m.zeta(x))
    with pytest.raises(UnprintableError, match=r"elu: m\.zeta"):
        render([wrong])


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_sliders_stay_inside_domains_and_hold_the_default(name: str) -> None:
    for param in SHIPPED[name].params:
        range_ = slider(param.default, param.domain)
        assert range_["low"] <= param.default <= range_["high"]
        assert range_["low"] < range_["high"]
        assert param.domain.contains(range_["low"])
        assert param.domain.contains(range_["high"])
        assert not range_["log"] or range_["low"] > 0
    assert len(entry(SHIPPED[name])["params"]) == len(SHIPPED[name].params)


def test_sliders_of_each_kind_of_domain() -> None:
    assert slider(2.0, Domain(0.0)) == {"low": 2 / 30, "high": 60.0, "log": True}
    assert slider(3.0, Domain()) == {"low": -3.0, "high": 9.0, "log": False}
    assert slider(1.0, Domain(0.0, closed_low=True)) == {"low": 0.0, "high": 3.0, "log": False}
    bounded = slider(0.25, Domain(0.0, 1.0, closed_low=True))
    assert bounded["low"] == 0
    assert 0.9 < bounded["high"] < 1


def test_scripts_are_listed_and_readable() -> None:
    assert {path.name for path in TEMPLATES.glob("*.js")} == set(SCRIPTS)
    for path in TEMPLATES.iterdir():
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST, path.name
