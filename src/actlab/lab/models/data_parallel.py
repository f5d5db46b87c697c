"""Training by two processes that share their gradients, asked for and waited for.

``python -m actlab.lab.models.data_parallel`` reads the paths of folders, line by line, and has two
processes do what ``job.json`` in each says: a program of its own, because the worker processes of
an engine may not have children of the multiprocessing kind. It imports torch once and forks. It
ends when its input ends, so nothing outlives the process that started it.
"""

from __future__ import annotations

import atexit
import functools
import json
import multiprocessing
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any

RANKS = 2
POLL = 0.02
JOB, RESULT, ENDED, ERRORS = "job.json", "result.json", "ended", "errors"
"""Files of a folder: what to do, what came out, the exit code, what a process had to say."""


@dataclass(frozen=True)
class Job:
    """What the two processes are to do.

    Args:
        arm: the function and its initialisation, as ``dataclasses.asdict`` gives it.
        seeds, rates, role: as in :class:`actlab.lab.task.Batch`.
        depth, width, batch: of the networks; ``batch`` examples for each process and step.
        steps: counted steps of each network.
        rounds: turns in which the two networks make them.
        timeout: seconds that a process waits for the other.
    """

    arm: Mapping[str, Any]
    seeds: tuple[int, ...]
    rates: tuple[float, ...]
    role: str
    depth: int
    width: int
    batch: int
    steps: int
    rounds: int
    timeout: float


def measured(job: Job, limit: float, tick: Callable[[], None]) -> list[dict[str, Any]]:
    """What the first of the two processes saw, run by run.

    Args:
        job: what to do.
        limit: seconds after which it is given up.
        tick: called while it is waited for; what it raises ends the processes as well.

    Returns:
        For each run ``bytes`` sent by a process in a step, ``loss`` at the end, and seconds by
        round of the exchange and of the whole step: ``comm``, ``step``, and ``comm_reference``,
        ``step_reference`` for the network of the reference.

    Raises:
        RuntimeError: a process failed, or the limit has passed.
    """
    with tempfile.TemporaryDirectory(prefix="actlab-parallel-") as name:
        folder = Path(name)
        (folder / JOB).write_text(json.dumps(asdict(job)), encoding="utf-8")
        launcher = _launcher()
        try:
            launcher.send(name)
            code = launcher.wait(folder / ENDED, limit, tick)
        except BaseException:
            launcher.stop()
            raise
        if code is None:
            launcher.stop()
            raise RuntimeError(f"two processes that share gradients took more than {limit:g} s")
        if code != 0:
            told = _last_error(folder / ERRORS) or launcher.complaint()
            raise RuntimeError(f"a process that shares gradients failed (exit code {code}): {told}")
        return json.loads((folder / RESULT).read_text(encoding="utf-8"))


class _Launcher:
    """The program that starts the two processes: begun when it is needed, and kept."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._owner = os.getpid()

    def send(self, folder: str) -> None:
        """Ask for what the folder says."""
        pipe = self._alive().stdin
        assert pipe is not None
        pipe.write(folder.encode() + b"\n")
        pipe.flush()

    def wait(self, ended: Path, limit: float, tick: Callable[[], None]) -> int | None:
        """The exit code, or None where the limit has passed."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            died = self._process is None or self._process.poll() is not None
            if ended.exists():
                return int(ended.read_text(encoding="utf-8"))
            if died:
                return -1
            tick()
            time.sleep(POLL)
        return None

    def complaint(self) -> str:
        """What the program itself had to say."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return _last_line(self._errors.read().decode("utf-8", "replace"))

    def stop(self) -> None:
        """End it, and what it has started."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()
        if self._errors is not None:
            self._errors.close()
        self._process = self._errors = None

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():
            # A fork has copied it; the pipe belongs to the process it was copied from.
            self._process, self._owner = None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
            self._process = subprocess.Popen(
                [sys.executable, "-m", "actlab.lab.models.data_parallel"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=_environment(),
            )
        return self._process


@functools.cache
def _launcher() -> _Launcher:
    made = _Launcher()
    atexit.register(made.stop)
    return made


def _environment() -> dict[str, str]:
    """Ours, with the modules we can import and one thread; both processes are on this machine."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    env["OMP_NUM_THREADS"] = "1"
    if sys.platform == "linux":
        env.setdefault("GLOO_SOCKET_IFNAME", "lo")
    return env


def _last_error(file: Path) -> str:
    return _last_line(file.read_text("utf-8", "replace")) if file.exists() else ""


def _last_line(text: str) -> str:
    """The last line that names an error, or the last one that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ([""] + lines + [line for line in lines if "Error" in line])[-1]


def main() -> None:
    """Serve folders until the input ends."""
    from actlab.lab.models import shared_gradients

    shared_gradients.prepare()
    waiting = b""
    while True:
        given = os.read(0, 4096)
        if not given:
            return
        *lines, waiting = (waiting + given).split(b"\n")
        for line in lines:
            _serve(Path(line.decode()))


def _serve(folder: Path) -> None:
    """Start the two processes of a folder, wait for them and write how they ended."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    ranks = [context.Process(target=_rank, args=(rank, folder)) for rank in range(RANKS)]
    for rank in ranks:
        rank.start()
    while any(rank.is_alive() for rank in ranks):
        # Nothing is sent before the answer, so what can be read now is the end.
        ended = sys.platform != "win32" and bool(select.select([0], [], [], 0)[0])
        if ended or any(rank.exitcode for rank in ranks):
            # The other would wait for its gradients until the timeout.
            for rank in ranks:
                rank.kill()
        if ended:
            sys.exit(1)
        _join_any(ranks)
    code = next((rank.exitcode for rank in ranks if rank.exitcode), 0)
    (folder / "ending").write_text(str(code), encoding="utf-8")
    (folder / "ending").rename(folder / ENDED)


def _join_any(ranks: Sequence[BaseProcess]) -> None:
    from multiprocessing.connection import wait

    wait([rank.sentinel for rank in ranks if rank.is_alive()], timeout=POLL)


def _rank(rank: int, folder: Path) -> None:
    from actlab.lab.models import shared_gradients

    threading.Thread(target=_end_with_parent, daemon=True).start()
    with open(folder / ERRORS, "ab") as errors:
        os.dup2(errors.fileno(), 2)
    job = Job(**json.loads((folder / JOB).read_text(encoding="utf-8")))
    found = shared_gradients.train(job, rank, RANKS, folder / "meeting")
    if rank == 0:
        (folder / RESULT).write_text(json.dumps(found), encoding="utf-8")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


if __name__ == "__main__":
    main()
