"""Networks on another device: the same draws, the same numbers up to rounding, records apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actlab.cli.app import main
from actlab.lab import conduct
from actlab.lab.device import STACKED_ELSEWHERE, check_device, on_device
from actlab.lab.tasks import task_named, task_names

PROGRAM = Path(__file__).with_name("pretend_device.py")
BOUND = ("actor-critic", "cost", "data-parallel")
"""Tasks that run on the CPU alone: simulators in numpy, times, and processes of their own."""


def on_pretended_device(*names: str) -> str:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_tasks_do_not_mix_devices():
    names = ("modular-addition", "cnn+unit")
    said = on_pretended_device(*names)
    assert said.splitlines() == [f"{name}: the same" for name in names]


@pytest.mark.full
@pytest.mark.parametrize("learn", ["", "+shared", "+unit"])
def test_no_task_mixes_devices(learn):
    names = [name + learn for name in task_names() if task_named(name).any_device]
    assert len(on_pretended_device(*names).splitlines()) == len(names)


MIXED = """
import dataclasses, torch
from actlab.lab.tasks.mlp import TASK as MLP

def run(batch):
    runs = MLP.run(batch)
    torch.zeros(3) + torch.zeros(3, device="cpu")
    return runs

TASK = dataclasses.replace(MLP, name="mixed:TASK", run=run)
"""


@pytest.mark.slow
def test_the_pretended_device_notices_tasks_that_mix(tmp_path, monkeypatch):
    (tmp_path / "mixed.py").write_text(MIXED)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(AssertionError, match="expected all tensors on pretend:0, found one on cpu"):
        on_pretended_device("mixed:TASK")


def test_all_tasks_but_three_live_on_any_device():
    assert {name for name in task_names() if not task_named(name).any_device} == set(BOUND)


def test_another_device_has_cells_of_its_own_and_larger_stacks():
    here = conduct.prepare("claims-t04", seeds=300)
    there = conduct.prepare("claims-t04", seeds=300, device="cuda")
    trained = [cell for cell in there.cells if cell.kind == "train"]
    assert not {cell.id for cell in here.cells if cell.kind != "shape"} & {c.id for c in trained}
    assert {cell.key["device"] for cell in trained} == {"cuda"}
    assert {len(cell.seeds) for cell in trained} == {STACKED_ELSEWHERE, 300 - STACKED_ELSEWHERE}
    assert all("device" not in cell.key for cell in here.cells)


def test_tasks_of_the_cpu_stay_there():
    plan = conduct.prepare("claims-t23", device="cuda")
    assert all("device" not in cell.key for cell in plan.cells)
    assert plan.cells == conduct.prepare("claims-t23").cells


def test_the_stack_can_be_set():
    plan = conduct.prepare("claims-t04", seeds=12, stack=5)
    assert {len(cell.seeds) for cell in plan.cells if cell.kind == "train"} == {5, 2}


@pytest.mark.parametrize("name", ["cuda:99", "nosuch", "meta"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ValueError, match=f"such as 'cpu', got '{name}'"):
        check_device(name)


def test_the_command_refuses_it_before_any_work(tmp_path, capsys):
    words = ["run", "claims-t04", "--device", "cuda:99", "--results", str(tmp_path / "r")]
    assert main(words) != 0
    assert "device must be one that torch" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_the_cpu_is_left_as_it_is():
    import torch

    with on_device("cpu"):
        assert torch.get_default_device() == torch.device("cpu")


@pytest.mark.slow
def test_a_study_keeps_its_device_and_stack(tmp_path):
    words = "run mlp --activations tanh --seeds 2 --setting steps=2 --setting width=4 --stack 1"
    more = ["--device", "cpu", "--workers", "1", "--results", str(tmp_path / "r")]
    assert main([*words.split(), *more]) == 0
    (about,) = json.loads((tmp_path / "r" / "study.json").read_text())["studies"]
    assert (about["study"]["stack"], about["study"]["device"]) == (1, "cpu")


@pytest.mark.parametrize("words", ["mlp --activations tanh", "claims-t04"])
@pytest.mark.parametrize("stack", [0, 10_001])
def test_a_stack_out_of_range_is_refused_before_any_work(tmp_path, capsys, words, stack):
    more = ["--stack", str(stack), "--results", str(tmp_path / "r")]
    assert main(["run", *words.split(), *more]) != 0
    assert f"stack must lie in [1, 10000], got {stack}" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_retry_looks_at_the_device_too(tmp_path, capsys):
    folder = tmp_path / "r"
    words = "run mlp --activations tanh --seeds 1 --setting steps=1 --setting width=2 --workers 1"
    assert main([*words.split(), "--results", str(folder)]) == 0
    about = json.loads((folder / "study.json").read_text())
    about["studies"][0]["study"]["device"] = "cuda:99"
    (folder / "study.json").write_text(json.dumps(about))
    capsys.readouterr()
    assert main(["retry", str(folder)]) != 0
    assert "device must be one that torch" in capsys.readouterr().err
