"""Cells in submitit jobs: its local executor, and Slurm's commands played by small scripts."""

from __future__ import annotations

import os
import random
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("submitit", reason="the slurm engine: pip install 'actlab[slurm]'")
psutil = pytest.importorskip("psutil", reason="finding the processes to kill: psutil")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

from actlab.lab.engines import EngineError, Job, engine_named, slurm  # noqa: E402
from actlab.lab.engines.local import LocalEngine  # noqa: E402
from unit.lab.engines.cheap import REST, cheap_key, shape_key  # noqa: E402
from unit.lab.engines.drivers import Run  # noqa: E402

PATIENCE = 240.0


def nothing(cell, value):
    pass


def mine(seed: int, **settings):
    """A cell of the user's module, in the folder that the driver is started in."""
    return cheap_key(seed, task="my_task:TASK", **settings)


def run_of(place: Path, cells: int, **options) -> Run:
    folder = str(place / "spool")
    settings = {"workers": 2, "cluster": "local", "folder": folder, "cells": 10, **options}
    return Run(place, "slurm", [mine(seed) for seed in range(cells)], **settings)


@pytest.fixture
def rest(monkeypatch, tmp_path):
    """How long cells rest from now on, in the jobs as in the serial run they are compared with."""

    def take(seconds: float):
        (tmp_path / "rest.new").write_text(str(seconds), encoding="ascii")
        monkeypatch.setenv(REST, str((tmp_path / "rest.new").replace(tmp_path / "rest")))

    return take


@pytest.fixture
def processes():
    """All processes of the jobs whose files lie in a folder, by what they do."""
    known: dict[Path, Path] = {}

    def of(place: Path) -> dict[str, list]:
        known[place] = place
        found: dict[str, list] = {"controller": [], "job": [], "worker": []}
        for process in psutil.process_iter():
            try:
                words = " ".join(process.cmdline())
                if str(place) in words and "submitit.local._local" in words:
                    found["controller"].append(process)
                elif str(place) in words and "submitit.core._submit" in words:
                    found["job"].append(process)
                    found["worker"] += [c for c in process.children() if "spawn_main" in
                                        " ".join(c.cmdline())]  # fmt: skip
            except psutil.Error:
                continue
        return found

    yield of
    for place in known:
        for kind in of(place).values():
            for process in kind:
                process.kill()


def test_results_are_those_of_the_local_engine_to_the_last_bit(tmp_path):
    keys = [cheap_key(seed) for seed in range(6)] + [shape_key(number) for number in range(4)]
    build = engine_named("slurm", 2, folder=tmp_path / "spool", cluster="local", cells=5)
    both = []
    for engine in (LocalEngine(1, nothing, nothing), build(nothing, nothing)):
        with engine as running:
            futures = [running.submit(Job(str(i), k, {}, 60.0)) for i, k in enumerate(keys)]
            both.append([future.result(timeout=PATIENCE) for future in futures])
    for here, there in zip(*both, strict=True):
        assert (here.status, here.summary) == (there.status, there.summary)
        assert here.arrays.keys() == there.arrays.keys()
        for name, array in here.arrays.items():
            assert array.tobytes() == there.arrays[name].tobytes()
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize("victim", ["worker", "job", "controller"])
def test_whatever_is_killed_of_a_job_nothing_is_lost(tmp_path, rest, processes, victim):
    rest(0.3)
    run = run_of(tmp_path, 40)
    run.start()
    wait_for(lambda: run.saved() >= 3 and processes(tmp_path)[victim])
    processes(tmp_path)[victim][0].kill()
    said, complained = run.finish(PATIENCE)
    assert said.strip() == "finished 40 []"
    assert complained == ""
    wait_for(lambda: not any(processes(tmp_path).values()))
    rest(0.0)
    run.check()


def test_a_driver_killed_with_sigkill_goes_on_where_it_was(tmp_path, rest, processes):
    rest(0.2)
    run = run_of(tmp_path, 60)
    for done in (3, 25):
        run.start()
        wait_for(lambda least=done: run.saved() >= least)
        run.kill()
        # Its jobs go on without it, and what they leave is not computed again.
        saved = run.saved()
        wait_for(lambda: len(os.listdir(tmp_path / "spool" / "done")) >= 2)
        assert run.saved() == saved
    run.start()
    said, _ = run.finish(PATIENCE)
    assert said.strip() == "finished 60 []"
    wait_for(lambda: not any(processes(tmp_path).values()))
    rest(0.0)
    run.check()


def test_ctrl_c_leaves_no_process_behind(tmp_path, rest, processes):
    rest(0.3)
    run = run_of(tmp_path, 40)
    driver = run.start()
    wait_for(lambda: run.saved() >= 3)
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=PATIENCE)
    assert not any(processes(tmp_path).values())
    run.start()
    assert run.finish(PATIENCE)[0].strip() == "finished 40 []"
    rest(0.0)
    run.check()


@pytest.mark.parametrize(
    "kills", [pytest.param(20, id="20"), pytest.param(200, id="200", marks=pytest.mark.full)]
)
def test_random_kills_lose_nothing_and_count_nothing_twice(tmp_path, rest, processes, kills):
    rest(2.0)
    chance = random.Random(int(os.environ.get("ACTLAB_CHAOS_SEED", "0")))
    run = run_of(tmp_path, 15 * kills + 20, tries=100)
    run.start()
    done = dict.fromkeys(("worker", "job", "controller", "driver"), 0)
    before = 0
    while sum(done.values()) < kills:
        wait_for(lambda least=before: run.saved() > least or run.driver.poll() is not None)
        assert run.driver.poll() is None, f"finished after {done}"
        time.sleep(chance.uniform(0.0, 0.5))
        before = run.saved()
        what = chance.choices([*done], [5, 2, 2, 1])[0]
        if what == "driver":
            run.kill()
            run.start()
        else:
            if not (alive := processes(tmp_path)[what]):
                continue
            chance.choice(alive).kill()
        done[what] += 1
    rest(0.0)
    said, _ = run.finish(PATIENCE)
    assert said.strip() == f"finished {len(run.keys)} []"
    wait_for(lambda: not any(processes(tmp_path).values()))
    run.check()
    print(f"{done}, {len(run.keys)} cells", file=sys.stderr)


SBATCH = """
import os, re, subprocess, sys
text = open(sys.argv[1]).read()
state = os.environ["PLAYED_SLURM"]
number = len([n for n in os.listdir(state) if n.endswith(".sh")]) + 100
open(f"{state}/{number}.sh", "w").write(text)
array = re.search(r"--array=0-(\\d+)", text)
for index in range(int(array[1]) + 1) if array else [None]:
    name = f"{number}" if index is None else f"{number}_{index}"
    facts = {"SLURM_JOB_ID": name, "SLURM_NTASKS": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0",
             "SLURM_NODEID": "0", "SLURM_JOB_NUM_NODES": "1"}
    if index is not None:
        facts |= {"SLURM_ARRAY_JOB_ID": f"{number}", "SLURM_ARRAY_TASK_ID": f"{index}"}
    line = f"bash {state}/{number}.sh; echo $? > {state}/{name}.code"
    log = open(f"{state}/{name}.log", "w")
    done = subprocess.Popen(["bash", "-c", line], env={**os.environ, **facts}, stdout=log,
                            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    open(f"{state}/{name}.pid", "w").write(f"{done.pid}")
print(f"Submitted batch job {number}")
"""

SACCT = """
import os, sys
state = os.environ["PLAYED_SLURM"]

def runs(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

print("JobID|State|NodeList")
for name in sorted(n[:-4] for n in os.listdir(state) if n.endswith(".pid")):
    if name.split("_")[0] in sys.argv:
        pid = open(f"{state}/{name}.pid").read()
        if os.path.exists(f"{state}/{name}.code"):
            ended = open(f"{state}/{name}.code").read().strip()
            word = "COMPLETED" if ended == "0" else "FAILED"
        else:
            word = "RUNNING" if runs(pid) else "NODE_FAIL"
        print(f"{name}|{word}|here")
"""

SCANCEL = """
import os, signal, sys
for name in sys.argv[1:]:
    try:
        os.killpg(int(open(f"{os.environ['PLAYED_SLURM']}/{name}.pid").read()), signal.SIGKILL)
    except (OSError, ProcessLookupError):
        pass
"""

SRUN = """
import os, sys
words = sys.argv[1:]
while words[0].startswith("--"):
    words = words[1 if words[0] == "--unbuffered" else 2:]
os.execvp(words[0], words)
"""


@pytest.fixture
def played_slurm(tmp_path, monkeypatch):
    """Slurm's commands, for jobs on this machine; where a job is, a machine may fail."""
    place = tmp_path / "slurm"
    (place / "state").mkdir(parents=True)
    scripts = {"sbatch": SBATCH, "sacct": SACCT, "scancel": SCANCEL, "srun": SRUN}
    for name, text in scripts.items():
        path = place / name
        path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PLAYED_SLURM", str(place / "state"))
    monkeypatch.setattr(slurm, "STATE_EVERY", 1.0)
    monkeypatch.setattr(slurm, "POLL", 0.2)
    monkeypatch.setattr(slurm, "LATE", 1.0)
    return place / "state"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_way_through_sbatch_and_sacct(played_slurm, tmp_path):
    options = {"partition": "short", "cells": 4, "minutes": 30, "more": {"account": "me"}}
    build = engine_named("slurm", 3, folder=tmp_path / "spool", **options)
    with build(nothing, nothing) as engine:
        keys = [cheap_key(seed, seconds=0.5) for seed in range(24)]
        futures = [engine.submit(Job(str(i), k, {}, 60.0)) for i, k in enumerate(keys)]
        futures[0].result(timeout=PATIENCE)
        script = (played_slurm / "100.sh").read_text()
        # The machine of one job fails.
        os.killpg(int((played_slurm / "100_1.pid").read_text()), signal.SIGKILL)
        assert {future.result(timeout=PATIENCE).status for future in futures} == {"done"}
    for flag in ("--partition=short", "--account=me", "--time=30", "--array=0-2%3", "--mem=2GB"):
        assert f"#SBATCH {flag}" in script
    assert not (tmp_path / "spool").exists()


def test_without_slurm_the_engine_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(EngineError, match="cannot be submitted here: .*srun"),
        engine_named("slurm", 1, folder=tmp_path)(nothing, nothing),
    ):
        pass


def wait_for(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "nothing goes on"
        time.sleep(0.1)
