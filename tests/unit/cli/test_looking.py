"""`actlab list`, `show` and `doctor`: what they say."""

from __future__ import annotations

import json
import re

import pytest

import actlab
from actlab.cli.app import main
from actlab.cli.list import formula_line, list_activations

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal without colours, as far as rich can tell."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


def said(capsys: Capture, *words: str) -> str:
    """What a command prints, without bold and dim."""
    assert main(words) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_list_in_a_pipe_is_one_line_each(capsys: Capture) -> None:
    lines = said(capsys, "list").splitlines()
    assert [line.split("\t")[0] for line in lines] == actlab.names()
    assert lines[actlab.names().index("ralu")].split("\t") == [
        "ralu",
        "x (x^2 + alpha)/(x^2 + 1)",
        "alpha=3 in (-inf, inf)",
        "monotone, odd, smooth, learnable",
        "rational",
        "2025",
    ]


def test_a_formula_on_one_line() -> None:
    assert formula_line(actlab.get("powerlu")) == (
        "0 for x < -1; ((x + 1)/2)^p for x <= 1; x otherwise"
    )


@pytest.mark.usefixtures("terminal")
def test_list_in_a_terminal_is_a_table(capsys: Capture) -> None:
    out = said(capsys, "list")
    assert "name and parameters" in out
    assert "a=1, b=1, p=2" in out
    assert "(x + b)^p/a        for x <= b" in out
    assert f"{len(actlab.names())} activations" in out


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_table_keeps_to_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, said(capsys, "list").splitlines())) <= columns


@pytest.mark.usefixtures("terminal")
def test_nothing_found_is_said(capsys: Capture) -> None:
    assert said(capsys, "list", "--odd", "--convex") == "No activation is all of that.\n"


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        (["--monotone"], {"monotone": True}),
        (["--no-monotone", "--smooth"], {"monotone": False, "smooth": True}),
        (["--convex", "--no-dead"], {"convex": True, "dead": False}),
        (["--odd", "--learnable"], {"odd": True, "learnable": True}),
        (["--bounded"], {"bounded": True}),
    ],
)
def test_list_filters(capsys: Capture, words: list[str], filters: dict[str, bool]) -> None:
    found = json.loads(said(capsys, "list", "--json", *words))
    assert [entry["name"] for entry in found] == actlab.names(**filters)


def test_list_offers_every_filter_there_is() -> None:
    filters = set(actlab.names.__kwdefaults__)
    assert set(list_activations.__kwdefaults__) == filters | {"json"}


def test_list_json_has_the_facts(capsys: Capture) -> None:
    by_name = {entry["name"]: entry for entry in json.loads(said(capsys, "list", "--json"))}
    assert by_name["powerlu"]["parameters"] == {
        "p": {"default": 2.0, "domain": "(0, inf)", "meaning": "exponent of the ramp"}
    }
    assert by_name["silu"]["aliases"] == list(actlab.get("silu").aliases)
    assert by_name["tanh"]["bounded"] is True


def test_show_tells_everything(capsys: Capture) -> None:
    out = said(capsys, "show", "powerlu")
    for expected in (
        "PowerLU: zero, then a power ramp on [-1, 1], then the identity",
        "((x + 1)/2)^p  for x <= 1",
        "p/2 ((x + 1)/2)^(p - 1)  for x <= 1",
        "p = 2 in (0, inf): exponent of the ramp",
        "at x = 1 the slope is taken as p/2 = 1",
        "monotone; convex; C^1; range [0, inf); Lipschitz constant 1",
        "keeps the output",
        "arXiv:2010.09931",
        "f(x)   ╌╌ f'(x)",
    ):
        assert expected in out
    assert "at the defaults" not in out


def test_show_takes_parameters(capsys: Capture) -> None:
    out = said(capsys, "show", "expolu", "-p", "p=3", "--set", "b=0.5")
    assert "p = 3 (default 2) in (0, inf)" in out
    assert "at x = -b = -0.5 the slope is taken as 0" in out
    assert "at x = b = 0.5 the slope is taken as (p/a) (2b)^(p-1) = 3" in out
    assert "(at the defaults)" in " ".join(out.split())


def test_show_tells_of_learning_and_aliases(capsys: Capture) -> None:
    assert "learned by its module" in said(capsys, "show", "ralu")
    assert ", ".join(["silu", *actlab.get("silu").aliases]) in said(capsys, "show", "swish")


@pytest.mark.parametrize("name", actlab.names())
def test_show_shows_every_activation(capsys: Capture, name: str) -> None:
    out = said(capsys, "show", name)
    assert actlab.get(name).title in out
    assert all(len(line) <= 100 for line in out.splitlines())


@pytest.mark.parametrize("columns", [20, 30, 60])
def test_show_on_a_narrow_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = said(capsys, "show", "relu")
    assert max(map(len, out.splitlines())) <= columns
    assert ("╌╌ f'(x)" in out) == (columns >= 24)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["powrlu"], "did you mean 'powerlu'"),
        (["powerlu", "-p", "q=1"], "powerlu has no parameter 'q'; its parameters: p"),
        (["powerlu", "-p", "p=-3"], "powerlu: p must be a finite number in (0, inf), got -3.0"),
        (["powerlu", "-p", "p=nan"], "powerlu: p must be a finite number in (0, inf), got nan"),
        (["powerlu", "-p", "p=two"], "powerlu: p must be a finite number in (0, inf), got 'two'"),
        (["powerlu", "-p", "p"], "a parameter is set as NAME=NUMBER, such as p=2; got 'p'"),
    ],
)
def test_show_refuses_nonsense(capsys: Capture, words: list[str], message: str) -> None:
    assert main(["show", *words]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
