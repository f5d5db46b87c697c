"""Kernels compile for GPUs, which takes none, into the instructions that their accuracy needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actlab import names
from actlab.kernels.gpu import backend

pytestmark = pytest.mark.skipif(not backend.installed(), reason="Triton is not installed")

HERE = Path(__file__).parent
DTYPES = ("fp32", "bf16", "fp16", "fp64")


def compiled(target: str, name: str, dtypes: str = "fp32") -> list[list]:
    environment = {k: v for k, v in os.environ.items() if k != backend.INTERPRETER}
    done = subprocess.run(
        [sys.executable, HERE / "compiling.py", target, dtypes, name],
        capture_output=True,
        text=True,
        env=environment | {"CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


HALF_MODES = (4, 5)
"""Those of half types in single precision: quotients and square roots may be approximate there."""


def exact_in(found: list[list]) -> None:
    for _, part, dtype, mode, gated, counts in found:
        roots = counts.pop("sqrt.approx.ftz.f32") if mode in HALF_MODES else 0
        quotients = counts.pop("div.full") if mode in HALF_MODES else 0
        counts.pop(".f64")
        expected = {".approx": roots, ".ftz": roots}
        assert counts == {word: expected.get(word, 0) for word in counts}, (
            part, dtype, mode, gated, counts, quotients
        )  # fmt: skip


@pytest.mark.parametrize("dtype", [pytest.param(d, marks=pytest.mark.full) for d in DTYPES])
@pytest.mark.parametrize("name", ["powerlu", "expolu", "ralu", "elu"])
def test_the_four_are_exact_instructions_alone(name: str, dtype: str) -> None:
    exact_in(compiled("sm_90", name, dtype))


@pytest.mark.parametrize("name", ["powerlu", pytest.param("ralu", marks=pytest.mark.full)])
def test_half_types_take_no_double_arithmetic(name: str) -> None:
    found = [row for row in compiled("sm_90", name, "bf16") if row[3] in (1, 4)]
    assert len(found) == 8  # two modes, two kernels, gated and not
    for _, part, _, mode, gated, counts in found:
        # Parameters and constants come as doubles, and are converted once.
        assert counts[".f64"] <= 24, (part, mode, gated)


def test_no_instruction_is_approximate_and_none_flushes() -> None:
    exact_in(compiled("sm_80", "powerlu"))


@pytest.mark.full
@pytest.mark.parametrize("name", names())
def test_every_definition_compiles(name: str) -> None:
    exact_in(compiled("sm_90", name, "fp32,bf16"))
