"""Kernels for GPUs run in Triton's interpreter here, unless there is a GPU."""

from __future__ import annotations

import importlib.util
import os

import torch

if not torch.cuda.is_available() and importlib.util.find_spec("triton") is not None:
    # Triton decides when it is imported, and the tests of other folders never import it.
    os.environ["TRITON_INTERPRET"] = "1"
    from gpu.interpreter import install

    install()
