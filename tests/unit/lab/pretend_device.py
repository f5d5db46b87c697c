"""A device that exists only in Python: tensors on it compute on the CPU, and refuse its tensors.

What runs on it unchanged never mixes devices, which on a GPU is an error. Run as a program with
names of tasks, it computes a trial of each on both devices and compares every number: roughly,
since it rounds otherwise and training magnifies that.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretend"
MIXING = {"aten::_to_copy", "aten::copy_", "aten::index.Tensor", "aten::index_put_",
          "aten::_index_put_impl_", "aten::index_put"}  # fmt: skip
"""Operations that take tensors of two devices on a GPU too: copies, and indices from the CPU."""


KEPT: list[torch.library.Library] = []
"""What is registered lasts as long as its library object."""


class Elsewhere(Tensor):
    """A tensor on the pretended device; ``raw`` holds its numbers."""

    raw: Tensor

    @staticmethod
    def __new__(cls, raw: Tensor) -> Elsewhere:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            raw.shape,
            strides=raw.stride(),
            storage_offset=raw.storage_offset(),
            dtype=raw.dtype,
            device=torch.device(NAME, 0),
        )

    def __init__(self, raw: Tensor) -> None:
        self.raw = raw

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(func, args, kwargs or {})


def computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """An operation on raw numbers, its results back on the pretended device."""
    name = func.name()

    def inside(x: Any) -> Any:
        if isinstance(x, Elsewhere):
            return x.raw
        if isinstance(x, Tensor) and x.dim() > 0 and name not in MIXING:
            raise RuntimeError(f"{name}: expected all tensors on {NAME}:0, found one on {x.device}")
        return x

    def outside(x: Any) -> Any:
        return Elsewhere(x) if isinstance(x, Tensor) and not isinstance(x, Elsewhere) else x

    target = kwargs.get("device")
    given = {k: v for k, v in kwargs.items() if k != "device"}
    raw = func(*tree_map(inside, args), **tree_map(inside, given))
    if target is not None and torch.device(target).type == "cpu":
        return raw
    made = tree_map(outside, raw)
    return return_and_correct_aliasing(func, args, kwargs, made)


def register() -> None:
    """Make the device known to torch, for the rest of the process."""
    _setup_privateuseone_for_python_backend(NAME)
    # A wrapper neither changes its size nor takes other data in place.
    torch.__future__.set_swap_module_params_on_conversion(True)
    KEPT.append(torch.library.Library("_", "IMPL"))
    KEPT[0].fallback(lambda func, *args, **kwargs: computed(func, args, kwargs), "PrivateUse1")
    KEPT.append(torch.library.Library("aten", "IMPL"))
    for form in ("", ".start", ".start_step"):
        KEPT[1].impl(f"arange{form}", counted, "PrivateUse1")


def counted(*ends: Any, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    """torch.arange there."""
    return Elsewhere(torch.arange(*ends, dtype=dtype, device="cpu"))


def trial(name: str, device: str, learn: Any = "") -> dict[str, np.ndarray]:
    """Every number of a short run of a task, four runs stacked."""
    from actlab.lab.arm import Arm
    from actlab.lab.device import on_device
    from actlab.lab.task import Batch
    from actlab.lab.tasks import task_named

    task = task_named(name)
    settings = task.settings.model_validate(dict(task.trial))
    batch = Batch(Arm("elu", {"alpha": 1.0}, "elu", learn=learn), settings, (0, 1), (1e-3, 1e-2))
    with on_device(device):
        runs = task.run(batch)
    found: dict[str, np.ndarray] = {}
    for i, run in enumerate(runs):
        for metric, value in run.metrics.items():
            found[f"{i} {metric}"] = np.asarray(np.nan if value is None else value, np.float64)
        for curve, (at, values) in run.curves.items():
            found[f"{i} {curve}"] = np.asarray(values, np.float64)
            found[f"{i} {curve} at"] = np.asarray(at, np.float64)
    return found


def main(names: list[str]) -> int:
    """Print how each task fared; the number of those with which something is wrong.

    A name may end in ``+shared`` or ``+unit``: parameters that are learned.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    register()
    wrong = 0
    for words in names:
        name, _, learn = words.partition("+")
        try:
            here, there = trial(name, "cpu", learn), trial(name, NAME, learn)
            same = here.keys() == there.keys() and all(
                np.allclose(here[k], there[k], rtol=0.02, atol=1e-3, equal_nan=True) for k in here
            )
            said = "the same" if same else "other numbers"
        except Exception as error:
            same, said = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
        wrong += not same
        print(f"{words}: {said}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
