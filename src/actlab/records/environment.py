"""Facts about the machine and the libraries a number was made with."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("actlab", "torch", "numpy", "scipy", "matplotlib")

TRITON = ("triton", "pytorch-triton", "pytorch-triton-rocm", "triton-windows")
"""The names under which builds of torch bring it along."""


def describe_environment() -> dict[str, Any]:
    """Processor, threads, versions, torch settings and source revision, as plain JSON values."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "torch": _torch_settings(),
        "revision": source_revision(),
    }


def describe_gpu(index: int) -> dict[str, Any]:
    """A GPU and what its kernels are compiled and run with, as plain JSON values.

    Args:
        index: the number by which torch knows it.
    """
    import torch

    facts = torch.cuda.get_device_properties(index)
    size = getattr(facts, "L2_cache_size", 0)
    return {
        "gpu": str(facts.name),
        "capability": f"{facts.major}.{facts.minor}",
        "multiprocessors": int(facts.multi_processor_count),
        "memory": f"{facts.total_memory / 2**30:.1f} GiB",
        "L2 cache": f"{size / 2**20:.0f} MiB" if size else None,
        "driver": _driver(str(getattr(facts, "uuid", ""))),
        "cuda": torch.version.cuda,
        "rocm": torch.version.hip,
        "triton": next(filter(None, map(_version, TRITON)), None),
    }


def _driver(uuid: str) -> str | None:
    """The driver's version; torch does not tell it."""
    words = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    if uuid:
        words += ["--id", uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"]
    text = _output(words)
    return text.splitlines()[0].strip() if text else None


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def source_revision() -> str | None:
    """The git revision of the checkout this package is imported from; None when it is not one."""
    package = Path(__file__).resolve().parents[1]
    root = package.parents[1]
    if package.parent.name != "src" or not (root / ".git").exists():
        return None
    revision = _git(root, "rev-parse", "--short=12", "HEAD")
    if revision is None:
        return None
    changed = _git(root, "status", "--porcelain", "--", "src")
    return revision + (" with local changes" if changed else "")


def _git(root: Path, *words: str) -> str | None:
    return _output(["git", "--no-optional-locks", "-C", str(root), *words])


def _output(words: Sequence[str]) -> str | None:
    """What a command prints; None where it cannot be run or fails."""
    try:
        result = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _torch_settings() -> dict[str, Any] | None:
    """Settings of torch where it is already imported; it is never imported for this."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    return {
        "threads": torch.get_num_threads(),
        "cpu capability": torch.backends.cpu.get_cpu_capability(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "mkldnn": torch.backends.mkldnn.is_available(),
        "matmul precision": torch.get_float32_matmul_precision(),
        "default dtype": str(torch.get_default_dtype()).removeprefix("torch."),
    }
