"""Compiles every kernel of some definitions for a GPU that need not be there; prints what it found.

    python compiling.py TARGET DTYPES NAME...

in an environment without TRITON_INTERPRET. Each line is JSON: the kernel, its mode, and how often
its PTX has an approximate division, another approximate instruction, flushes subnormal numbers, or
computes in double.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

import actlab
from actlab.kernels.gpu.launch import NO_CONTRACTION
from actlab.kernels.gpu.module import made

TARGETS = {"sm_80": GPUTarget("cuda", 80, 32), "sm_90": GPUTarget("cuda", 90, 32)}
TENSORS = ("x", "factor", "y", "saved", "cotangent", "x_grad", "factor_grad")
INTEGERS = ("n", "inner", "channels", "length", "chunks", "count")
COUNTED = ("div.full", "sqrt.approx.ftz.f32", ".approx", ".ftz", ".f64")
SINGLE = (1, 4)
"""The modes of ``kernels/gpu/template.py`` without double precision."""


def types(kernel: Any, dtype: str) -> dict[str, Any]:
    """The type of every argument, as a launch on tensors of a dtype gives it."""
    found: dict[str, Any] = {}
    for name in kernel.arg_names:
        if name in ("partial_ptr", "total_ptr"):
            found[name] = "*fp64"
        elif name.endswith("_ptr"):
            found[name] = f"*{dtype if name.removesuffix('_ptr') in TENSORS else 'fp32'}"
        elif name == "shape" or name.endswith("strides"):
            found[name] = ("i32", "i32")
        else:
            found[name] = "i32" if name in INTEGERS else "fp64"
    return found


def compiled(kernel: Any, dtype: str, constants: dict[str, Any], target: GPUTarget) -> str:
    """The PTX of a kernel."""
    given = {name: value for name, value in constants.items() if name in kernel.arg_names}
    for name in kernel.arg_names:
        if name.startswith("KIND_"):
            given[name] = 0 if constants["MODE"] in (0, *SINGLE) else 2
        elif name.startswith("W_"):
            given[name] = True
        elif name[0] in "EF" and name[1:].isdigit():
            given[name] = 0
    signature = {
        name: "constexpr" if name in given else kind for name, kind in types(kernel, dtype).items()
    }
    places = {(kernel.arg_names.index(name),): value for name, value in given.items()}
    source = ASTSource(kernel, signature, constexprs=places, attrs={})
    return triton.compile(source, target=target, options=NO_CONTRACTION).asm["ptx"]


def main(target: str, dtypes: str, *names: str) -> None:
    for name in names:
        kernels, why = made(actlab.get(name))
        if kernels is None:
            raise SystemExit(why)
        forms = kernels.printed.forms
        constants = {
            "DIMS": 2, "WIDE": True, "BLOCK": 1024, "CHUNK": 1024, "ROWS": 256, "COLUMNS": 4,
            "WANTS_X": True, "OUTPUT": kernels.activation.saves == "output",
        }  # fmt: skip
        for dtype in dtypes.split(","):
            modes = [0, 2]
            modes += [1, 3] if "direct_forward" in forms and dtype != "fp64" else []
            modes += [4, 5] if "half_forward" in forms and dtype in ("fp16", "bf16") else []
            for mode in modes:
                for gated in (False, True):
                    for part in ("value_kernel", "gradient_kernel", "sums_kernel"):
                        kernel = getattr(kernels.module, part, None)
                        of_numbers = mode in (0, *SINGLE)
                        if kernel is None or (part == "sums_kernel" and of_numbers):
                            continue
                        chosen = {**constants, "MODE": mode, "VALUE_MODE": mode, "GATED": gated}
                        ptx = compiled(kernel, dtype, chosen, TARGETS[target])
                        found = {word: ptx.count(word) for word in COUNTED}
                        print(json.dumps([name, part, dtype, mode, gated, found]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
