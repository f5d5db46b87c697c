"""The application: its help, its exit codes, and errors as one line."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actlab.cli import app
from actlab.core import BackendUnavailableError
from actlab.records import ForeignFolderError

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line; exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("ACTLAB_DEBUG", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        code = app.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `actlab show` fail with an error."""

    def make(error: BaseException) -> None:
        def show() -> None:
            raise error

        monkeypatch.setattr("actlab.cli.show.show", show)

    return make


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_names_every_command(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    for name, _, summary in app.COMMANDS:
        assert f" {name} " in out
        assert summary in out


@pytest.mark.parametrize(("name", "place", "summary"), app.COMMANDS)
def test_the_summary_is_that_of_the_docstring(name: str, place: str, summary: str) -> None:
    module, _, function = place.partition(":")
    written = inspect.getdoc(getattr(importlib.import_module(module), function))
    assert written is not None
    assert written.splitlines()[0].startswith(summary)


@pytest.mark.parametrize("name", [name for name, _, _ in app.COMMANDS])
def test_help_of_a_command_is_its_docstring(run: Run, name: str) -> None:
    place = {name: place for name, place, _ in app.COMMANDS}[name]
    module, _, function = place.partition(":")
    command = getattr(importlib.import_module(module), function)
    code, out, _ = run(name, "--help")
    assert code == 0
    assert (command.__doc__ or "").splitlines()[0] in out
    for parameter in inspect.signature(command).parameters.values():
        if parameter.annotation is not parameter.empty and parameter.name != "assignments":
            assert parameter.name.lower().replace("_", "-") in out.lower().replace("_", "-")


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"{app.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lst",), 'Unknown command "lst". Did you mean "list"?'),
        (("show",), 'Command "show" parameter NAME requires an argument. See actlab show --help.'),
        (("show", "relu", "--frob"), "Unknown option: --frob. See actlab show --help."),
        (("list", "--json=maybe"), "maybe"),
    ],
)
def test_usage_errors_are_one_line(run: Run, words: tuple[str, ...], message: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("actlab: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        ValueError("p must be positive"),
        TypeError("x must be a tensor"),
        ImportError("no such thing"),
        PermissionError(13, "Permission denied"),
        BackendUnavailableError("not built"),
        ForeignFolderError("this folder is not ours"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_2(
    run: Run, failing: Callable[[BaseException], None], error: Exception
) -> None:
    failing(error)
    assert run("show") == (2, "", f"actlab: {error}\n")


def test_a_bug_is_1_and_says_how_to_see_more(
    run: Run, failing: Callable[[BaseException], None]
) -> None:
    failing(ZeroDivisionError("division by zero"))
    code, _, err = run("show")
    assert code == 1
    assert err == (
        "actlab: ZeroDivisionError: division by zero (run again with --debug for the traceback)\n"
    )


def test_ctrl_c_is_130(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(KeyboardInterrupt())
    assert run("show") == (130, "", "actlab: stopped\n")


def test_debug_shows_the_traceback(
    run: Run, failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(ValueError("wrong"))
    for words in (("--debug", "show"), ("show", "--debug")):
        code, _, err = run(*words)
        assert code == 2
        assert "Traceback" in err
        assert "ValueError: wrong" in err
    monkeypatch.setenv("ACTLAB_DEBUG", "1")
    assert "Traceback" in run("show")[2]
    monkeypatch.setenv("ACTLAB_DEBUG", "0")
    assert "Traceback" not in run("show")[2]


def test_the_current_folder_comes_last_on_the_path(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("--version")
    assert sys.path[-1] == str(tmp_path)
    run("--version")
    assert sys.path.count(str(tmp_path)) == 1
