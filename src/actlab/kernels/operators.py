"""Compiled kernels as operators that compilers put into their graphs as they are.

Compilers are shown formulas, and fuse them with what is around them. On a CPU a formula in double
precision takes them several times as long as the kernels of eager mode: whoever asks for those by
name gets a graph that calls them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from actlab import registry
from actlab.core import Activation
from actlab.kernels import autograd, compiled, native
from actlab.kernels.call import Call, Form

SHIPPED = dict(registry.shipped())
"""A plain dict, which compilers read whatever other dicts have changed."""

PLAIN = (Tensor, torch.nn.Parameter, float, int)

LIBRARY = torch.library.Library("actlab", "DEF")
"""Kept for as long as actlab is: with it the operators would go."""

LIBRARY.define(
    "value(Tensor x, Tensor[] tensors, str call) -> Tensor", tags=(torch.Tag.pt2_compliant_tag,)
)
LIBRARY.define(
    "gradients(Tensor saved, Tensor cotangent, Tensor[] tensors, str call, bool wants_x, "
    "int wanted) -> Tensor[]",
    tags=(torch.Tag.pt2_compliant_tag,),
)


def _has_kernel(name: str) -> bool:
    """Whether a kernel computes a shipped definition; asked while a graph is made."""
    transformed = torch._C._functorch.peek_interpreter_stack() is not None
    return not transformed and native.kernel(SHIPPED[name]) is not None


# What torch.compiler.assume_constant_result does, after importing the compiler for 1.7 s.
_has_kernel._dynamo_marked_constant = True  # type: ignore[attr-defined]


def compiles(activation: Activation) -> bool:
    """Whether graphs can name a definition: one that comes with actlab."""
    return SHIPPED.get(activation.name) is activation


def serve(
    activation: Activation, x: Tensor, params: Mapping[str, float | Tensor], backend: str | None
) -> bool:
    """Whether a compiler is given the operators for a call, which asks for kernels by name.

    Exported programs run where actlab is not, and transforms and tensor subclasses look inside.
    """
    return (
        backend == "native"
        and torch.compiler.is_compiling()
        and not torch.compiler.is_exporting()
        and x.device.type == "cpu"
        and all(type(one) in PLAIN for one in (x, *params.values()))
        and forward_ad._current_level < 0
        and compiles(activation)
        and _has_kernel(activation.name)
    )


def value(
    activation: Activation,
    x: Tensor,
    params: Mapping[str, float | Tensor],
    channel_dim: int,
    form: Form,
) -> Tensor:
    """``f(x)`` by an operator."""
    values = list(params.values())
    tensors = [one for one in values if isinstance(one, Tensor)]
    numbers = [TENSOR if isinstance(one, Tensor) else float(one).hex() for one in values]
    call = " ".join([activation.name, form, _digits(channel_dim, x.dim()), *numbers])
    return torch.ops.actlab.value.default(x, tensors, call)


def _digits(channel_dim: int, dims: int) -> str:
    """A dimension as text, also where a compiler knows it as a symbol, which has none."""
    return next((str(place) for place in range(-dims, dims) if place == channel_dim), "0")


TENSOR = "tensor"
"""In the text of a call, in place of a number."""


@functools.lru_cache(maxsize=4096)
def _call(text: str) -> Call:
    """A call from its text: name, form, dimension of channels, parameters in hexadecimal."""
    name, form, channel_dim, *given = text.split(" ")
    activation = SHIPPED[name]
    kernel = native.kernel(activation)
    if kernel is None:
        raise RuntimeError(
            f"{name}: this graph was compiled where actlab had kernels, and here it has none: "
            f"{native.lacking(activation)}"
        )
    numbers = [None if one == TENSOR else float.fromhex(one) for one in given]
    params = {param.name: one for param, one in zip(activation.params, numbers, strict=True)}
    few = tuple(one for one in numbers if one is not None)
    quick = len(few) == len(numbers) <= native.MOST_NUMBERS
    kept: Form = "output" if form == "output" else "input"
    return Call(activation, kept, int(channel_dim), params, kernel, few if quick else None)


def _wanted(mask: int, tensors: Sequence[Tensor]) -> tuple[bool, ...]:
    return tuple(bool(mask >> place & 1) for place in range(len(tensors)))


def _value(x: Tensor, tensors: Sequence[Tensor], call: str) -> Tensor:
    made = _call(call)
    return compiled.value(made, made.kernel, x, tuple(tensors))


def _gradients(
    saved: Tensor,
    cotangent: Tensor,
    tensors: Sequence[Tensor],
    call: str,
    wants_x: bool,
    wanted: int,
) -> list[Tensor]:
    made = _call(call)
    if made.numbers is not None:  # nothing but x can want a gradient
        kernel, output = made.kernel, made.form == "output"
        return [kernel.backward(saved, cotangent, kernel.number, output, *made.numbers)]
    names = made.wanted(_wanted(wanted, tensors))
    given = (made, made.kernel, saved, tuple(tensors), cotangent, wants_x, names)
    grads = compiled.gradients(*given)
    return [grads[name] for name in ([None] if wants_x else []) + names]


def _value_like(x: Tensor, tensors: Sequence[Tensor], call: str) -> Tensor:
    return torch.empty_like(x)


def _gradients_like(
    saved: Tensor,
    cotangent: Tensor,
    tensors: Sequence[Tensor],
    call: str,
    wants_x: bool,
    wanted: int,
) -> list[Tensor]:
    needs = zip(tensors, _wanted(wanted, tensors), strict=True)
    found = [torch.empty_like(saved)] if wants_x else []
    return found + [torch.empty_like(one) for one, need in needs if need]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, tensors, ctx.call = inputs
    ctx.save_for_backward(x if _call(ctx.call).form == "input" else output, *tensors)


def _backward(ctx: Any, cotangent: Tensor) -> tuple[Any, ...]:
    saved, *tensors = ctx.saved_tensors
    wants_x, needs = ctx.needs_input_grad[0], list(ctx.needs_input_grad[1] or [])
    if torch.is_grad_enabled():  # a graph of the backward itself is wanted
        call = _call(ctx.call)
        names = call.wanted(tuple(needs))
        grads = autograd.traced_gradients(call, saved, tuple(tensors), cotangent, wants_x, names)
        found = iter([grads[name] for name in ([None] if wants_x else []) + names])
    else:
        mask = sum(1 << place for place, need in enumerate(needs) if need)
        operator = torch.ops.actlab.gradients.default
        found = iter(operator(saved, cotangent, tensors, ctx.call, wants_x, mask))
    of_x = next(found) if wants_x else None
    return of_x, [next(found) if need else None for need in needs], None


LIBRARY.impl("value", _value, "CPU")
LIBRARY.impl("gradients", _gradients, "CPU")
torch.library.register_fake("actlab::value", _value_like, lib=LIBRARY)
torch.library.register_fake("actlab::gradients", _gradients_like, lib=LIBRARY)
torch.library.register_autograd("actlab::value", _backward, setup_context=_keep, lib=LIBRARY)
