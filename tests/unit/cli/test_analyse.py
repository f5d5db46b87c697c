"""`actlab analyse`: what it says, at every width, and what it refuses."""

from __future__ import annotations

import json
import re

import pytest

from actlab.cli.app import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def said(capsys: Capture, *words: str) -> str:
    """What a command prints, without bold and dim."""
    assert main(words) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_it_tells_everything(capsys: Capture) -> None:
    out = said(capsys, "analyse", "elu", "-p", "alpha=0.5")
    for expected in (
        "ELU: the exponential linear unit",
        "at alpha = 0.5",
        r"E f²\s+0\.536236\s+mean squared output",
        r"forward\s+1\.36559",
        r"backward\s+1\.35828",
        r"critical\s+1\.3583, 0\.1033",
        r"stability\s+stable \(0\.967\)",
        r"PyTorch\s+10\^-20\.7",
        r"own gain\s+10\^\+0\.1",
        r"direction\s+increasing\s+never falls",
        r"smoothness\s+C\^0",
        r"range\s+\(-0\.5, inf\)",
        r"kink at 0\s+0\.5 to 1",
        r"inverse\s+bijection",
        r"float32\s+gradient 0 x <= -10[23]\.\d+",
        r"value\s+one transcendental",
    ):
        assert re.search(expected, out), expected


@pytest.mark.full
def test_it_is_honest_about_what_there_is_not(capsys: Capture) -> None:
    out = said(capsys, "analyse", "powerlu", "--set", "p=0.5")
    assert re.search(r"critical\s+none", out)
    assert re.search(r"E f'²\s+unbounded", out)
    assert re.search(r"Lipschitz\s+unbounded", out)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("terminal", [True, False])
def test_it_keeps_to_the_width(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int, terminal: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TTY_COMPATIBLE", str(int(terminal)))
    monkeypatch.setenv("TERM", "xterm")
    out = said(capsys, "analyse", "gelu")
    assert max(map(len, out.splitlines())) <= columns
    assert "mean squared output" in " ".join(out.split())


def test_plain_text_has_no_colours(capsys: Capture) -> None:
    assert main(["analyse", "relu"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_json_has_everything(capsys: Capture) -> None:
    found = json.loads(said(capsys, "analyse", "ralu", "--json", "-p", "alpha=2"))
    assert found["name"] == "ralu"
    assert found["params"] == {"alpha": 2.0}
    assert found["gains"]["forward"] == pytest.approx(0.73635, abs=5e-6)
    assert found["shape"]["low"] == "-inf"
    assert set(found) >= {"moments", "propagation", "precision", "cost", "missing"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["powrlu"], "did you mean 'powerlu'"),
        (["elu", "-p", "alpha=-1"], "elu: alpha must be a finite number in (0, inf), got -1.0"),
        (["elu", "-p", "beta=1"], "elu has no parameter 'beta'"),
        (["elu", "-p", "alpha"], "a parameter is set as NAME=NUMBER"),
    ],
)
def test_it_refuses_nonsense(capsys: Capture, words: list[str], message: str) -> None:
    assert main(["analyse", *words]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
