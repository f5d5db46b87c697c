"""Learned activations in two processes are those of one process, to the last bit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="torch.distributed is missing"
)


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mixed-precision-and-distributed.md"


def found_by(checks, folder: Path) -> dict[str, str]:
    from .pair import run

    return run({f"{check.__module__}.{check.__name__}": check for check in checks}, folder)


def expect_nothing(found: dict[str, str]) -> None:
    assert not found, "\n".join(f"{name}: {error}" for name, error in found.items())


@pytest.mark.slow
def test_replicated_and_sharded(tmp_path: Path) -> None:
    from . import checks_ddp, checks_fsdp, checks_saving

    expect_nothing(
        found_by((*checks_ddp.DEFAULT, *checks_fsdp.DEFAULT, *checks_saving.DEFAULT), tmp_path)
    )


@pytest.mark.full
def test_the_rarer_ways(tmp_path: Path) -> None:
    from . import checks_ddp, checks_fsdp, checks_saving

    expect_nothing(found_by((*checks_ddp.FULL, *checks_fsdp.FULL, *checks_saving.FULL), tmp_path))


@pytest.mark.full
def test_faults_are_found(tmp_path: Path) -> None:
    from . import checks_ddp, checks_fsdp, checks_saving

    broken = (
        checks_ddp.broken_not_averaged,
        checks_fsdp.broken_slope,
        checks_saving.broken_checkpoint,
        checks_ddp.groups,
    )
    found = found_by(broken, tmp_path)
    wanted = {
        f"{check.__module__}.{check.__name__} in process {rank}"
        for check in broken[:-1]
        for rank in range(2)
    }
    assert found.keys() == wanted
    assert all("differ: {'channels.alpha'" in error for error in found.values())


@pytest.mark.full
def test_the_script_of_the_page(tmp_path: Path) -> None:
    script = re.search(r"```python\n(# train\.py.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert script is not None
    (tmp_path / "train.py").write_text(script.group(1), encoding="utf-8")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launch, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    for rank in range(2):
        shown = "RaLU(alpha=sharded, learnable=True, num_parameters=64, channel_dim=1)"
        assert f"process {rank}: {shown}" in done.stdout
