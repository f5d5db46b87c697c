"""The kernels of a definition, made when they are first asked for."""

from __future__ import annotations

import linecache
import types

from actlab.core import Activation
from actlab.interpret.graph import UnprintableError
from actlab.interpret.triton_ import printed
from actlab.kernels.gpu.launch import TritonKernel
from actlab.kernels.gpu.source import source


def made(activation: Activation) -> tuple[TritonKernel | None, str]:
    """The kernels of a definition, or why there are none."""
    try:
        functions = printed(activation)
    except UnprintableError as error:
        return None, f"cannot be printed for GPUs: {error}"
    names = tuple(param.name for param in activation.params)
    text = source(activation.name, functions, names)
    name = f"<kernels of {activation.name} at {id(activation):x}>"
    # Triton reads the source of what it compiles, which lies in no file.
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType(f"actlab_kernels_of_{activation.name}")
    module.__dict__["__file__"] = name
    exec(compile(text, name, "exec"), module.__dict__)
    return TritonKernel(activation, functions, module), ""
