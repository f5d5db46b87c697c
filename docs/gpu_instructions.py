"""Counts the instructions that GPU kernels are compiled into, an element of a tensor each.

    PYTHONPATH=build/triton python docs/gpu_instructions.py

Prints the table of ``docs/how-to/gpu.md``. No GPU is needed: Triton compiles for one that is not
there, and its package brings along what reads the result. A count is no time. What it can show is
that a kernel has too much to compute to be as fast as the memory.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

import actlab
from actlab.kernels.call import Call
from actlab.kernels.gpu.launch import BLOCK_BYTES
from actlab.kernels.gpu.module import made

TARGET = GPUTarget("cuda", 90, 32)
DISASSEMBLER = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "nvdisasm"
NAMES = ("relu", "powerlu", "expolu", "ralu", "elu", "silu", "gelu", "mish")
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}
INSTRUCTION = re.compile(r"\s*/\*[0-9a-f]+\*/\s+(@!?U?P\d+\s+)?([A-Z][A-Z0-9_.]*)")
DOUBLE = ("DADD", "DFMA", "DMUL", "DSETP", "DMNMX")


class Absent:
    """A GPU that is compiled for and not there."""

    def get_current_target(self) -> GPUTarget:
        return TARGET

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int = 0) -> int:
        return 0

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")


def instructions(kernel: Any) -> list[str]:
    """The names of those up to the end of the kernel, without what few elements are sent to."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        command = [str(DISASSEMBLER), "-c", file.name]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = []
    for line in text.splitlines():
        matched = INSTRUCTION.match(line)
        if matched:
            found.append(matched[2].split(".")[0])
            if matched[2] == "EXIT" and not matched[1]:
                break
    return found


def main() -> None:
    driver.set_active(Absent())
    compiled: dict[str, Any] = {}
    launch = JITFunction.run

    def only_compile(self: Any, *args: Any, **kwargs: Any) -> None:
        compiled[self.__name__] = launch(self, *args, **kwargs | {"warmup": True})

    JITFunction.run = only_compile
    print("| |" + "".join(f" {d} forward | backward |" for d in DTYPES))
    print("| --- |" + " --- |" * (2 * len(DTYPES)))
    for name in NAMES:
        definition = actlab.get(name)
        kernels, why = made(definition)
        if kernels is None:
            raise SystemExit(why)
        cells = []
        for dtype in DTYPES.values():
            x = torch.ones(2**16, dtype=dtype)
            call = Call(definition, definition.saves, 1, definition.defaults, kernels)
            kernels.value(call, x, ())
            kernels.gradients(call, x, (), x, True, [])
            for part in ("value_kernel", "gradient_kernel"):
                kernel = compiled[part]
                each = BLOCK_BYTES / x.element_size() / (32 * kernel.metadata.num_warps)
                found = instructions(kernel)
                doubles = sum(one in DOUBLE for one in found) / each
                note = f" ({doubles:.0f} in double)" if doubles >= 1 else ""
                cells.append(f" {len(found) / each:.0f}{note} |")
        print(f"| {definition.title.split(':')[0]} |" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
