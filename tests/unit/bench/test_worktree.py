"""A revision in a worktree that is gone afterwards, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actlab.bench import worktree as module
from actlab.bench.worktree import RevisionError, Side, build, checkout, resolve, worktree


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of something that looks like actlab; worktrees go below tmp_path."""
    root = tmp_path / "project"
    package = root / "src" / "actlab"
    package.mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main", str(root))
    for number in (1, 2):
        (package / "__init__.py").write_text(f"NUMBER = {number}\n")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", str(number))
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    return root


def leftovers(repository: Path) -> list[str]:
    listed = git(repository, "worktree", "list", "--porcelain").split("\n\n")
    folders = [path.name for path in repository.parent.iterdir() if path.name != "project"]
    return [*listed[1:], *folders]


def test_the_files_of_the_revision_are_there_and_then_gone(repository):
    commit = resolve(repository, "HEAD~1")
    with worktree(repository, commit) as tree:
        assert (tree / "src" / "actlab" / "__init__.py").read_text() == "NUMBER = 1\n"
    assert leftovers(repository) == []
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_it_is_gone_after_an_error_as_well(repository, error):
    def fail() -> None:
        with worktree(repository, resolve(repository, "HEAD")) as tree:
            (tree / "new").write_text("x")
            raise error

    with pytest.raises(error):
        fail()
    assert leftovers(repository) == []


def test_it_is_gone_after_sigterm(repository):
    def terminate() -> None:
        with worktree(repository, resolve(repository, "HEAD")):
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        terminate()
    assert signal.getsignal(signal.SIGTERM) is before
    assert leftovers(repository) == []


def test_a_revision_without_actlab_is_refused(repository):
    git(repository, "rm", "-rq", "src")
    git(repository, "commit", "-q", "-m", "empty")
    with (
        pytest.raises(RevisionError, match="holds no src/actlab"),
        worktree(repository, resolve(repository, "HEAD")),
    ):
        pass  # fmt: skip
    assert leftovers(repository) == []


@pytest.mark.parametrize("ref", ["nosuch", "", "--all", "HEAD~9", "HEAD:src"])
def test_an_unknown_revision_is_named(repository, ref):
    with pytest.raises(RevisionError, match="such as HEAD~1 or a tag; got ") as caught:
        resolve(repository, ref)
    assert repr(ref) in str(caught.value)


def test_an_installed_package_is_no_checkout(monkeypatch, tmp_path, repository):
    lonely = tmp_path / "site" / "actlab"
    lonely.mkdir(parents=True)
    foreign = repository / "venv" / "actlab"
    foreign.mkdir(parents=True)
    for place, words in ((lonely, "is in none"), (foreign, "is another project")):
        monkeypatch.setattr(module, "PACKAGE", place)
        with pytest.raises(RevisionError, match=words):
            checkout()
    monkeypatch.setattr(module, "PACKAGE", repository / "src" / "actlab")
    assert checkout() == repository


def test_without_git_it_says_so(monkeypatch, repository):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match="git cannot be run"):
        checkout()


def test_a_revision_without_kernels_builds_nothing(repository):
    assert build(repository) == "it has no compiled kernels to build"


def test_a_failing_build_says_why(repository):
    package = repository / "src" / "actlab"
    (package / "cli").mkdir()
    (package / "cli" / "build.py").touch()
    (package / "__main__.py").write_text("raise SystemExit('no compiler found')\n")
    assert build(repository) == "its kernels could not be built: no compiler found"


def test_a_process_of_another_actlab_is_refused(repository, monkeypatch):
    monkeypatch.setattr(module, "environment", lambda tree, own: dict(os.environ))
    with pytest.raises(RevisionError, match="wanted the actlab of"):
        Side(repository, own=False)


def test_a_process_that_dies_is_an_error(repository, tmp_path, monkeypatch):
    script = tmp_path / "dies.py"
    script.write_text("raise SystemExit(3)\n")
    monkeypatch.setattr(module, "WORKER", script)
    with pytest.raises(RevisionError, match="exit code 3"):
        Side(repository, own=False)


def test_a_process_times_the_revision_it_was_given():
    root = Path(sys.modules["actlab"].__file__ or "").resolve().parents[2]
    case = {"activation": "powerlu", "dtype": "float32", "size": 16, "measure": "both",
            "threads": 1}  # fmt: skip
    with Side(root, own=True) as side:
        loaded = side.ask({"do": "load", "case": case, "slice": 1e-4})
        assert loaded["trouble"] == ""
        assert loaded["repeats"] >= 1
        assert 0 < side.ask({"do": "time"})["seconds"] < 1
        bad = side.ask({"do": "load", "case": case | {"activation": "nosuch"}, "slice": 1e-4})
        assert "nosuch" in bad["trouble"]
