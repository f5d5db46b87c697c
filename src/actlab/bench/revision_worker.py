"""Times calls in one revision of actlab; run as a script, spoken to in JSON lines.

It stands alone: the revision it times may be older than this file, so nothing of actlab is
imported but the public function. How to time is taken from the file beside it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

SEED = 20_260_511


def timing_module() -> ModuleType:
    """``timing.py`` beside this file, whatever revision is being timed."""
    name = "actlab_revision_timing"
    path = Path(__file__).with_name("timing.py")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def hello() -> dict[str, Any]:
    """Which actlab this is, and whether it has compiled kernels."""
    package = importlib.import_module("actlab")
    try:
        from actlab.kernels.policy import unavailable

        native = unavailable("native") == ""
    except Exception:
        native = False  # a revision without backends
    return {"file": str(Path(package.__file__ or "").resolve()), "native": native}


def make_call(case: dict[str, Any]) -> Callable[[], object]:
    """The call that a case is about."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    dtype = getattr(torch, case["dtype"])
    x, cotangent = (torch.randn(case["size"], generator=generator).to(dtype) for _ in range(2))
    if case["activation"] == "torch.relu":
        function: Callable[..., Any] = torch.relu
    else:
        from actlab import functional

        name = case["activation"]
        public = None if ":" in name else getattr(functional, name, None)
        function = public or functools.partial(functional.call, name)
    if case["measure"] == "forward":
        return lambda: function(x)
    x.requires_grad_()
    return lambda: torch.autograd.grad(function(x), x, cotangent)


def serve() -> None:
    """Answer requests until standard input ends."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints does not get between the answers
    timing = timing_module()
    lane: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        try:
            if request["do"] == "hello":
                answer = hello()
            elif request["do"] == "load":
                case = request["case"]
                lane = timing.Lane("", make_call(case), case["threads"])
                with timing.quiet():
                    timing.settle_allocator()
                    timing.calibrate(lane, request["slice"])
                answer = {"trouble": lane.trouble, "repeats": lane.repeats}
            else:
                with timing.quiet():
                    import torch

                    torch.set_num_threads(lane.threads)
                    answer = {"seconds": timing.timed(lane.call, lane.repeats) / lane.repeats}
        except Exception as error:
            answer = {"trouble": timing.reason_of(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
