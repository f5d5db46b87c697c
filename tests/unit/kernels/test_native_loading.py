"""Kernels that are missing, broken or of other sources: said once, and formulas do the work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from actlab.kernels import built, native

CHILD = """
import json, os, sys, warnings
import torch
import actlab.functional as F
from actlab.core import BackendUnavailableError
from actlab.kernels import native

def examined(variables):
    os.environ.update(variables)
    x = torch.linspace(-2, 2, 9).requires_grad_()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        results = [F.powerlu(x), F.ralu(x, torch.tensor(2.0)), F.elu(x.detach())]
    results[0].sum().backward()
    wanted = [F.powerlu(x, backend="formula"), F.ralu(x, 2.0, backend="formula"),
              F.elu(x, backend="formula")]
    try:
        F.powerlu(x, backend="native")
        refused = ""
    except BackendUnavailableError as error:
        refused = str(error)
    return {"problem": native.problem(), "warnings": [str(w.message) for w in heard],
            "right": all(torch.equal(a, b) for a, b in zip(results, wanted)),
            "slopes": x.grad.tolist(), "refused": refused,
            "set": native.library().instruction_set}

for variables in json.loads(sys.argv[1]):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(examined(variables)).encode())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.close(writing)
    said = os.read(reading, 65536).decode()
    print(said if status == 0 else json.dumps({"status": os.waitstatus_to_exitcode(status)}))
"""
"""Imports once and forks for every set of variables: nothing is loaded yet, and each may crash."""


def rewritten(folder: Path, **changes: Any) -> None:
    path = folder / built.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changes), encoding="utf-8")


def objects(folder: Path, change: Callable[[bytes], bytes]) -> None:
    for path in folder.glob("*.so"):
        path.write_bytes(change(path.read_bytes()))


def of_another_processor(folder: Path) -> None:
    (folder / "actlab_default.so").rename(folder / "actlab_neon.so")
    rewritten(folder, instruction_sets=["neon"])


SPOILED: dict[str, Callable[[Path], object]] = {
    "empty": lambda folder: [path.unlink() for path in folder.iterdir()],
    "not there": shutil.rmtree,
    "no manifest": lambda folder: (folder / built.MANIFEST).unlink(),
    "half a manifest": lambda folder: (folder / built.MANIFEST).write_text('{"instruction_se'),
    "other sources": lambda folder: rewritten(folder, fingerprint="0" * 64),
    "another processor": of_another_processor,
    "no object": lambda folder: [path.unlink() for path in folder.glob("*.so")],
    "empty objects": lambda folder: objects(folder, lambda content: b""),
    "no shared objects": lambda folder: objects(folder, lambda content: b"text" * 1000),
    "the first page": lambda folder: objects(folder, lambda content: content[:1000]),
    "half of it": lambda folder: objects(folder, lambda content: content[: len(content) // 2]),
}


def examined(*variables: dict[str, str]) -> list[dict[str, Any]]:
    """What a process that starts with these variables makes of them, for each."""
    result = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(variables)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def folders(kernels: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of the kernels for each way to spoil them."""
    made = {}
    for name, spoil in SPOILED.items():
        made[name] = tmp_path_factory.mktemp("spoiled") / name.replace(" ", "-")
        shutil.copytree(built.kernels_folder(), made[name])
        spoil(made[name])
    return made


@pytest.fixture(scope="module")
def findings(folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What a fresh process finds in each folder."""
    found = examined(*({"ACTLAB_KERNELS": str(folder)} for folder in folders.values()))
    return dict(zip(folders, found, strict=True))


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_kernels_are_said_once_and_done_without(how, findings, folders) -> None:
    found = findings[how]
    assert "status" not in found, f"the process ended with {found['status']}"
    assert found["right"]
    assert str(folders[how]) in found["problem"]
    assert "actlab build" in found["problem"]
    (warning,) = found["warnings"]
    assert warning.startswith("actlab computes by formula")
    assert found["problem"] in warning
    assert "powerlu: backend 'native' cannot run here" in found["refused"]
    assert found["problem"] in found["refused"]
    assert found["set"] == ""


@pytest.mark.usefixtures("kernels")
def test_kernels_are_for_what_torch_runs_with() -> None:
    levels = {"default": "default", "avx2": "avx2", "avx512": "avx512"}
    own = torch.backends.cpu.get_cpu_capability().lower()
    runs = list(native.PREFERENCE[native.PREFERENCE.index(own) :]) if own in levels else []
    if len(runs) < 2:
        pytest.skip("kernels for one instruction set only are of use here")
    found = examined(*({"ATEN_CPU_CAPABILITY": name} for name in runs))
    for name, one in zip(runs, found, strict=True):
        assert (one["set"], one["problem"], one["warnings"]) == (name, "", [])
        assert one["slopes"] == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
        assert one["refused"] == ""


@pytest.mark.usefixtures("kernels")
def test_kernels_that_lack_the_best_instruction_set_serve_with_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    shutil.copytree(built.kernels_folder(), folder)
    rewritten(folder, instruction_sets=["default"])
    (found,) = examined({"ACTLAB_KERNELS": str(folder)})
    assert (found["set"], found["problem"]) == ("default", "")


def test_a_capability_without_a_name_here_is_the_default(monkeypatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "ZVECTOR")
    assert native._runnable() == ("default",)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert native._runnable() == ("avx2", "default")


def test_kernels_for_another_torch_are_told_from_none(kernels, tmp_path: Path) -> None:
    # What loads and registers other operators is not what the manifest speaks of.
    folder = tmp_path / "kernels"
    shutil.copytree(built.kernels_folder(), folder)
    rewritten(folder, namespace="another")
    (found,) = examined({"ACTLAB_KERNELS": str(folder)})
    assert f"do not load with torch {torch.__version__}" in found["problem"]
    assert os.fspath(folder) in found["problem"]
    assert found["right"]
