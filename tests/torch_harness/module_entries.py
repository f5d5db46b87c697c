"""ModuleInfo entries of actlab's modules, with torch's ELU beside them as control."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.testing import make_tensor
from torch.testing._internal.common_dtype import floating_types_and
from torch.testing._internal.common_modules import (
    FunctionInput,
    ModuleInfo,
    ModuleInput,
    module_db,
)

from actlab import nn

from . import entries

CONTROL = next(info for info in module_db if info.module_cls is torch.nn.ELU)


def by_numpy(reference: Callable[..., Any], **fixed: float) -> Callable[..., Tensor]:
    """What the module should give, computed in double by numpy from the values it holds."""

    def value(module: Any, parameters: list[Tensor], x: Tensor) -> Tensor:
        held = {
            name: v.detach().double().numpy() if isinstance(v, Tensor) else v
            for name, v in module.values().items()
        }
        shape = [1] * x.dim()
        if x.dim() and module.num_parameters > 1:
            shape[module.channel_dim] = module.num_parameters
        shaped = {
            name: v.reshape(shape if v.size > 1 else [1] * x.dim()) if hasattr(v, "reshape") else v
            for name, v in held.items()
        }
        wide = reference(x.detach().double().numpy(), **shaped)
        return torch.as_tensor(wide).to(x.dtype).reshape(x.shape)

    return value


def inputs_of(reference: Callable[..., Any], *ways: dict[str, Any]) -> Callable[..., list]:
    """Constructor arguments, each with inputs of several shapes."""

    def module_inputs(
        info: Any, device: Any, dtype: Any, requires_grad: bool, training: bool, **_: Any
    ) -> list[ModuleInput]:
        make = partial(
            make_tensor, device=device, dtype=dtype, requires_grad=requires_grad, low=-4, high=4
        )
        found = []
        for options in ways:
            channels = options.get("num_parameters", 1)
            shapes = [(3, channels, 5), (2, channels)] + ([(), (7,)] if channels == 1 else [])
            for shape in shapes:
                found.append(
                    ModuleInput(
                        constructor_input=FunctionInput(**options),
                        forward_input=FunctionInput(make(shape)),
                        desc=f"{options} on {shape}",
                        reference_fn=by_numpy(reference),
                    )
                )
        return found

    return module_inputs


def entry(cls: type, reference: Callable[..., Any], *ways: dict[str, Any]) -> ModuleInfo:
    return ModuleInfo(
        cls,
        module_inputs_func=inputs_of(reference, *ways),
        dtypes=floating_types_and(torch.float16, torch.bfloat16),
    )


LEARN = {"learnable": True}

OURS = [
    entry(nn.PowerLU, entries.powerlu, {}, {"p": 3.0}, LEARN,
          {"p": 2.5, "num_parameters": 4} | LEARN),
    entry(nn.ExpoLU, entries.expolu, {}, {"a": 2.0, "b": 0.5, "p": 2.5} | LEARN,
          {"num_parameters": 4, "b": 0.75} | LEARN),
    entry(nn.RaLU, entries.ralu, {}, {"alpha": 2.0}, {"num_parameters": 4},
          {"constraint": "monotone"}, {"learnable": False}),
    entry(nn.ELU, entries.elu, {}, {"alpha": 0.5} | LEARN, {"num_parameters": 4} | LEARN),
]  # fmt: skip

ALL = [CONTROL, *OURS]
