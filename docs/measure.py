"""Measures the figures of the reliability page: `python docs/measure.py` writes reliability.json.

For every activation, on the backend that eager CPU tensors get: the largest error of value and
slope in units in the last place against the 50-digit oracle, what is NaN, what is kept for
backward, and how many checks of the conformance suite it passes. Takes minutes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

from actlab import __version__, get, names, testing
from actlab.core import Activation
from actlab.kernels.policy import DTYPES
from actlab.testing.inputs import finite_inputs
from actlab.testing.oracle import exact
from actlab.testing.saving import saved_tensors
from actlab.testing.subject import Subject
from actlab.testing.suite import checks
from actlab.testing.sweep import sweep
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS, rounded, ulp_error

HERE = Path(__file__).parent
SPREAD = 200
"""Log-spaced and random inputs each; joints, extremes and landmarks come on top."""


def worst(one: Activation, what: str, dtype: torch.dtype) -> dict[str, Any]:
    """The largest error over finite inputs at the default parameters, and where it is."""
    params, form = one.defaults, FORMATS[dtype]
    inputs = finite_inputs(one, params, dtype, spread=SPREAD)
    subject, x = Subject(one, None), torch.tensor(inputs, dtype=dtype)
    got = subject(x, params) if what == "value" else subject.gradient(x, params, save="input")
    largest, place, wrong = 0.0, 0.0, 0
    for at, value in zip(inputs, got.double().tolist(), strict=True):
        want = exact(one, what, at, params)
        if value == rounded(want, form):
            continue
        wrong += 1
        terms = magnitude_of_terms(one, what, at, params)
        plain = ulp_error(value, want, form)
        error = plain if terms is None else min(plain, ulp_error(value, want, form, terms))
        if error > largest:
            largest, place = float(error), at
    return {"ulp": largest, "at": place, "not_nearest": wrong, "inputs": len(inputs)}


def figures(one: Activation) -> dict[str, Any]:
    """Everything that is measured of one activation."""
    errors = {
        str(dtype).removeprefix("torch."): {
            what: worst(one, what, dtype) for what in ("value", "slope")
        }
        for dtype in DTYPES
    }
    sweeps = [sweep(one, dtype) for dtype in DTYPES]
    groups = sorted({check.group for check in checks()} - {"tracing", "exhaustive"})
    report = testing.check(one, backend="formula", groups=groups)
    x = torch.randn(1024, requires_grad=True)
    _, kept = saved_tensors(Subject(one, None), x, one.defaults, None)
    return {
        "errors": errors,
        "nan": {
            "inputs": sum(found.inputs for found in sweeps),
            "values": sum(found.nan_values for found in sweeps),
            "slopes": sum(found.nan_slopes + found.nan_traced_slopes for found in sweeps),
        },
        "saved_tensors": len(kept),
        "checks": {
            "passed": sum(outcome.status == "passed" for outcome in report.outcomes),
            "failed": len(report.failures),
            "not_applicable": len(report.skipped),
        },
    }


def _figures(name: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    return figures(get(name))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE / "reliability.json")
    output = parser.parse_args().output
    began = time.time()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        found = pool.map(_figures, names())
        measured = dict(zip(names(), track(found, "measuring", total=len(names())), strict=True))
    output.write_text(
        json.dumps(
            {
                "environment": {
                    "actlab": __version__,
                    "torch": torch.__version__,
                    "python": platform.python_version(),
                    "instruction_set": torch.backends.cpu.get_cpu_capability(),
                    "date": time.strftime("%Y-%m-%d"),
                    "seconds": round(time.time() - began),
                },
                "activations": measured,
            },
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
