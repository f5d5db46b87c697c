"""`actlab explore`: what it writes, for whom, and what it refuses."""

from __future__ import annotations

import json
import re
import sys
import webbrowser
from pathlib import Path

import pytest

from actlab import registry
from actlab.cli.app import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


def shown(page: Path) -> list[str]:
    """The names of the functions on a page."""
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return [one["name"] for one in json.loads(found[1])["activations"]]


def test_it_shows_everything(tmp_path: Path, capsys: Capture) -> None:
    assert main(["explore"]) == 0
    assert shown(tmp_path / "explorer.html") == registry.names()
    out = capsys.readouterr().out
    assert re.search(rf"wrote explorer.html: {len(registry.names())} activations, 0\.\d+ MB", out)
    assert [path.name for path in tmp_path.iterdir()] == ["explorer.html"]


def test_it_shows_what_is_named_once(tmp_path: Path) -> None:
    assert main(["explore", "swish", "elu", "silu", "--output", "two.html"]) == 0
    assert shown(tmp_path / "two.html") == ["silu", "elu"]


def test_an_activation_of_ones_own_is_shown_like_any_other(tmp_path: Path) -> None:
    assert main(["new", "neat_step", "--no-test"]) == 0
    assert main(["explore", "neat_step:NEAT_STEP", "relu"]) == 0
    page = tmp_path / "explorer.html"
    assert shown(page) == ["neat_step", "relu"]
    text = page.read_text("utf-8")
    assert 'F.call(\\"neat_step:NEAT_STEP\\", x' in text
    assert 'nn.Activation(\\"neat_step:NEAT_STEP\\", ' in text
    assert "NEAT_STEP = Activation(" in text


def test_it_opens_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert main(["explore", "relu", "--open"]) == 0
    assert opened == [(tmp_path / "explorer.html").as_uri()]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reluu"], "reluu"),
        (["relu", "--output", "missing/page.html"], "--output must be a file in an existing"),
        (["relu", "--output", "."], "--output must be a file in an existing folder"),
    ],
)
def test_what_it_refuses(tmp_path: Path, capsys: Capture, words: list[str], message: str) -> None:
    assert main(["explore", *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
