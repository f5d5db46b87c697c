"""Gated units as contenders: ours, those written out, and those of other libraries."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from actlab import functional, registry
from actlab.bench.naive import naive
from actlab.bench.scenes import Contender, Scene
from actlab.core import BackendUnavailableError

if TYPE_CHECKING:
    from actlab.bench.contenders import Call, Inputs

Product = Callable[[Tensor, Tensor], Tensor]
"""``f(gate) * value``."""

PLACES = {
    ("liger", "silu"): ("liger-kernel", "liger_kernel.ops.swiglu", "LigerSiLUMulFunction"),
    ("liger", "gelu"): ("liger-kernel", "liger_kernel.ops.geglu", "LigerGELUMulFunction"),
    ("fla", "silu"): ("flash-linear-attention", "fla.modules.activations", "swiglu"),
}
"""Library, module and object of a fused product by route and activation. Each takes the gate first.
Liger's GELU is the one by tanh."""

TORCH_GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
}


def prepare_gated(scene: Scene, contender: Contender, inputs: Inputs) -> Call:
    """The call that is timed.

    Args:
        scene: its shape is that of the product; its model says how the halves lie: ``packed``
            side by side in the last dimension, the gate first, or as a ``pair`` of tensors.
        contender: one of its contenders.
        inputs: what it computes with.

    Raises:
        BackendUnavailableError: a library is not installed or cannot be imported.
    """
    rows, width = scene.shape
    if scene.model == "packed":
        leaves = [inputs.draw((rows, 2 * width), scene.dtype)]
        packed = _packed(contender)

        def function() -> Tensor:
            return packed(leaves[0])
    else:
        product = product_of(contender)
        leaves = [inputs.draw(scene.shape, scene.dtype, number) for number in range(2)]

        def function() -> Tensor:
            return product(*leaves)

    if contender.route == "liger":  # it writes gradients over what it was given
        leaves = [leaf.clone() for leaf in leaves]
    if scene.measure == "forward":
        return function
    cotangent = inputs.draw(scene.shape, scene.dtype, 2)
    for leaf in leaves:
        leaf.requires_grad_()
    return lambda: torch.autograd.grad(function(), leaves, cotangent)


def product_of(contender: Contender) -> Product:
    """The product of two tensors as a contender computes it.

    Raises:
        BackendUnavailableError: a library is not installed or cannot be imported.
    """
    name = contender.activation
    if contender.route == "actlab":
        return lambda gate, value: functional.gated(name, gate, value)
    if (contender.route, name) in PLACES:
        return _foreign(*PLACES[contender.route, name])
    if contender.route == "torch":
        plain = TORCH_GATES[name]
    else:
        definition = registry.get(name)
        formula, params = naive(definition), definition.defaults

        def plain(x: Tensor) -> Tensor:
            return formula(x, **params)

    return lambda gate, value: plain(gate) * value


def _packed(contender: Contender) -> Callable[[Tensor], Tensor]:
    if contender.route == "actlab":
        name = contender.activation
        return lambda x: functional.glu(x, name, gate="first")
    product = product_of(contender)
    return lambda x: product(*x.chunk(2, -1))


def _foreign(library: str, module: str, name: str) -> Product:
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except Exception as error:  # another library may fail in any way while it is imported
        if isinstance(error, ModuleNotFoundError) and module.startswith(f"{error.name}"):
            raise BackendUnavailableError(f"{library} is not installed") from error
        raise BackendUnavailableError(
            f"{library}: {module}.{name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return getattr(found, "apply", found)
