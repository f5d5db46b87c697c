"""A git revision in a worktree of its own for a while, and processes that run it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

BUILD_SECONDS = 900
PACKAGE = Path(__file__).resolve().parents[1]
WORKER = Path(__file__).with_name("revision_worker.py")


class RevisionError(ValueError):
    """A revision cannot be compared with; the message says why."""


def checkout() -> Path:
    """The git checkout that this actlab is imported from.

    Raises:
        RevisionError: it is not imported from one, or git is not there.
    """
    try:
        top = Path(_git(PACKAGE, "rev-parse", "--show-toplevel")).resolve()
    except RevisionError as error:
        raise RevisionError(
            f"against needs actlab run from a git checkout; {PACKAGE} is in none ({error})"
        ) from error
    if top / "src" / "actlab" != PACKAGE:
        raise RevisionError(
            f"against needs actlab run from its own git checkout; {PACKAGE} is installed, and "
            f"{top} is another project"
        )
    return top


def resolve(root: Path, ref: str) -> str:
    """The commit that a name stands for.

    Raises:
        RevisionError: there is no such commit.
    """
    try:
        return _git(
            root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
        )
    except RevisionError:
        raise RevisionError(
            f"against must be a git revision of {root}, such as HEAD~1 or a tag; got {ref!r}"
        ) from None


@contextmanager
def worktree(root: Path, commit: str) -> Iterator[Path]:
    """The files of a commit in a folder that is removed afterwards, whatever happens."""
    with _termination_as_exit():
        place = Path(tempfile.mkdtemp(prefix="actlab-against-"))
        tree = place / "tree"
        try:
            _git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit)
            if not (tree / "src" / "actlab" / "__init__.py").is_file():
                raise RevisionError(f"against: {commit[:12]} holds no src/actlab")
            yield tree
        finally:
            _remove(root, place, tree)


def build(tree: Path) -> str:
    """Compile the kernels of a revision, if it has any; why it has none now, or nothing."""
    if not (tree / "src" / "actlab" / "cli" / "build.py").is_file():
        return "it has no compiled kernels to build"
    try:
        result = subprocess.run(
            [sys.executable, "-P", "-m", "actlab", "build"],
            cwd=tree,
            env=environment(tree, own=False),
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"its kernels were not built within {BUILD_SECONDS} s"
    if result.returncode == 0:
        return ""
    lines = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
    return f"its kernels could not be built: {lines[-1]}"


def environment(tree: Path, *, own: bool) -> dict[str, str]:
    """Variables for a process that runs the actlab of a tree.

    Args:
        tree: a checkout.
        own: whether it is the one at hand, to which settings of kernels apply.
    """
    variables = dict(os.environ)
    if not own:
        variables.pop("ACTLAB_KERNELS", None)  # those are the kernels of another revision
    # The user's folder comes last, as it does for the command itself.
    variables["PYTHONPATH"] = os.pathsep.join([str(tree / "src"), os.getcwd()])
    return variables


class Side(AbstractContextManager["Side"]):
    """A process that times one revision.

    Args:
        tree: the checkout to run.
        own: whether it is the one at hand.

    Raises:
        RevisionError: the process does not run that revision, or does not run at all.
    """

    def __init__(self, tree: Path, *, own: bool) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(tree, own=own),
        )
        try:
            answer = self.ask({"do": "hello"})
            if "trouble" in answer:
                raise RevisionError(f"against: {tree.name} cannot be imported: {answer['trouble']}")
            home = Path(answer["file"])
            if tree.resolve() not in home.parents:
                raise RevisionError(f"against: wanted the actlab of {tree}, Python found {home}")
        except BaseException:
            self.close()
            raise
        self.native = bool(answer["native"])

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code = self._process.wait()
            raise RevisionError(f"against: a timing process ended by itself, exit code {code}")
        return json.loads(line)

    def close(self) -> None:
        """End the process and wait for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def _remove(root: Path, place: Path, tree: Path) -> None:
    """Take the worktree away; Ctrl-C meanwhile waits."""
    with _without_interrupts():
        # One that was never finished cannot be removed so; what there is of it goes below.
        with suppress(RevisionError):
            _git(root, "worktree", "remove", "--force", "--force", str(tree))
        shutil.rmtree(place, ignore_errors=True)
        with suppress(RevisionError):
            _git(root, "worktree", "prune")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _termination_as_exit() -> Iterator[None]:
    """Being told to end as an exception, so that what has to be removed is removed."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _git(folder: Path, *words: str) -> str:
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise RevisionError(f"git cannot be run: {error.strerror}") from error
    if result.returncode != 0:
        raise RevisionError((result.stderr.strip().splitlines() or ["git failed"])[-1])
    return result.stdout.strip()
