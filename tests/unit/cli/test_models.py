"""``actlab diagnose`` and ``actlab swap`` on models named as module:object."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from actlab.cli.app import main

MODEL = "models_of_mine:build"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a user's, who is in it."""
    shutil.copy(Path(__file__).with_name("my_models.py"), tmp_path / "models_of_mine.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with torch.random.fork_rng(devices=[]):
        yield tmp_path


def test_diagnose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", MODEL, "--data", "64x16"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Diagnosis of Net: 1 alarm" in printed
    assert "7 of 64 units dead" in printed


def test_strict_is_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", MODEL, "--data", "64x16", "--strict"]) == 1
    assert main(["diagnose", "models_of_mine:healthy", "--data", "64x16", "--strict"]) == 0


def test_json_and_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diagnose", MODEL, "--data", "models_of_mine:batches"]
    words += ["--loss", "models_of_mine:loss", "--batches", "2", "--json", "--html", "page.html"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert [site["dead"] for site in found["sites"]] == [7, 0]
    assert found["sites"][0]["samples"] == 64
    assert "7 of 64 units dead" in (folder / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", ["npy", "npz", "pt"])
def test_data_from_files(folder: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.random.default_rng(0).normal(size=(64, 16)).astype(np.float32)
    path = folder / f"inputs.{suffix}"
    if suffix == "npy":
        np.save(path, x)
    elif suffix == "npz":
        np.savez(path, x=x)
    else:
        torch.save(torch.from_numpy(x), path)
    assert main(["diagnose", MODEL, "--data", path.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sites"][0]["dead"] == 7


def test_code_in_a_file_is_not_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Harmful:
        def __reduce__(self):
            return (Path("harm").touch, ())

    torch.save(Harmful(), folder / "inputs.pt")
    assert main(["diagnose", MODEL, "--data", "inputs.pt"]) != 0
    assert not (folder / "harm").exists()


def test_listing_sites(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", MODEL, "--data", "2x16"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 sites: 1 relu, 1 gelu\n")
    assert ":gelu" in printed


def test_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swap", MODEL, "relu=ralu", "--data", "2x16", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("would be swapped") == 1
    assert "RaLU(alpha=3, learnable=True)" in printed


def test_saving(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["swap", MODEL, "relu=ralu", "gelu=elu", "--data", "2x16", "--save", "swapped.pt"]
    assert main([*words, "--per-channel", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["applied"] is True
    state = torch.load(folder / "swapped.pt", weights_only=True)
    assert state["act.alpha"].shape == (64,)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["diagnose", "models_of_mine:bild", "--data", "4x16"], "did you mean 'build'"),
        (["diagnose", "models_of_mine", "--data", "4x16"], "MODEL must be module:object"),
        (["diagnose", "no_such_module:build", "--data", "4x16"], "no module 'no_such_module'"),
        (["diagnose", "models_of_mine:number", "--data", "4x16"], "must be a torch.nn.Module or"),
        (["diagnose", "models_of_mine:not_a_model", "--data", "4x16"], "it returned int"),
        (["diagnose", MODEL, "--data", "4x15"], "cannot be run with the data"),
        (["diagnose", MODEL, "--data", "4x0"], "every size must be at least 1"),
        (["diagnose", MODEL, "--data", "some"], "--data must be a shape such as"),
        (["diagnose", MODEL, "--data", "none.pt"], "there is no file none.pt"),
        (["diagnose", MODEL, "--data", "4x16", "--html", "no/page.html"], "--html must be a file"),
        (["swap", MODEL, "relu", "--data", "4x16", "--dry-run"], "a rule is written old=new"),
        (["swap", MODEL, "rleu=elu", "--data", "4x16", "--dry-run"], "selects no site"),
        (["swap", MODEL, "relu=elo", "--data", "4x16", "--dry-run"], "did you mean 'elu'"),
        (["swap", MODEL, "relu=elu", "--data", "4x16"], "--dry-run to see the table"),
    ],
)
def test_refusals(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert message in printed
    assert "Traceback" not in printed
