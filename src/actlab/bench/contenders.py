"""From a contender to a call without arguments that can be timed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from actlab import functional, registry
from actlab import nn as modules
from actlab.bench.gated import prepare_gated
from actlab.bench.models import build, training_step
from actlab.bench.naive import naive
from actlab.bench.scenes import Contender, Scene
from actlab.core import Activation

SEED = 20_260_511
CPU = torch.device("cpu")
Call = Callable[[], object]

TORCH_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "elu": nn.functional.elu,
    "gelu": nn.functional.gelu,
    "leaky_relu": nn.functional.leaky_relu,
    "mish": nn.functional.mish,
    "relu": torch.relu,
    "selu": nn.functional.selu,
    "sigmoid": torch.sigmoid,
    "silu": nn.functional.silu,
    "softplus": nn.functional.softplus,
    "tanh": torch.tanh,
}
TORCH_MODULES: dict[str, type[nn.Module]] = {
    "elu": nn.ELU, "gelu": nn.GELU, "leaky_relu": nn.LeakyReLU, "mish": nn.Mish,
    "relu": nn.ReLU, "selu": nn.SELU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU,
    "softplus": nn.Softplus, "tanh": nn.Tanh,
}  # fmt: skip


CHANNELS_LAST = frozenset({"resnet-block"})
"""Models whose convolutions run in the order of dimensions that GPUs are fastest in."""


def draw(shape: tuple[int, ...], dtype: str, number: int = 0, place: torch.device = CPU) -> Tensor:
    """N(0, 1) draws, the same in every process; ``number`` tells draws of one scene apart."""
    generator = torch.Generator(place).manual_seed(SEED + number)
    drawn = torch.randn(shape, generator=generator, device=place)
    return drawn.to(getattr(torch, dtype))


class Inputs:
    """The tensors that contenders of one comparison are given.

    Args:
        place: where they are.
        shared: draw each of them once; no contender may then write to it.
    """

    def __init__(self, place: torch.device = CPU, shared: bool = False) -> None:
        self.place = place
        self._drawn: dict[tuple[tuple[int, ...], str, int], Tensor] | None = {} if shared else None

    def draw(self, shape: tuple[int, ...], dtype: str, number: int = 0) -> Tensor:
        """A tensor of its own, over memory of its own unless that is shared."""
        if self._drawn is None:
            return draw(shape, dtype, number, self.place)
        key = shape, dtype, number
        if key not in self._drawn:
            self._drawn[key] = draw(shape, dtype, number, self.place)
        return self._drawn[key].detach()

    def prepare(self, scene: Scene) -> None:
        """Draw what is shared, so that the first contender does not pay for it."""
        if self._drawn is not None:
            for number in range(2):
                self.draw(scene.shape, scene.dtype, number)


def module_of(contender: Contender) -> nn.Module:
    """A contender as a layer of a model."""
    if contender.route == "torch":
        return TORCH_MODULES[contender.activation]()
    if contender.route == "naive":
        return _Naive(contender)
    if contender.route != "actlab":
        raise ValueError(f"there is no module of {contender.label}")
    params: dict[str, Any] = dict(contender.params)
    return modules.Activation(contender.activation, learnable=bool(contender.learned), **params)


class _Naive(nn.Module):
    """The textbook formula as a layer."""

    def __init__(self, contender: Contender) -> None:
        super().__init__()
        definition = registry.get(contender.activation)
        self.params = definition.bind((), dict(contender.params))
        self.function = naive(definition)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, **self.params)


def prepare(scene: Scene, contender: Contender, inputs: Inputs | None = None) -> Call:
    """The call that is timed; whatever can be done before is done here.

    Args:
        scene: the comparison.
        contender: one of its contenders.
        inputs: what it computes with; None draws on the CPU.

    Raises:
        Exception: whatever a contender that cannot run here raises.
    """
    inputs = inputs or Inputs()
    if scene.measure == "step":
        return _step(scene, contender, inputs)
    if scene.part == "gated":
        return prepare_gated(scene, contender, inputs)
    x, cotangent = (inputs.draw(scene.shape, scene.dtype, number) for number in range(2))
    if contender.route == "copy":
        return _copy(scene.measure, x, cotangent)
    function, learned = _function(scene, contender, inputs.place)
    if scene.measure == "forward":
        return lambda: function(x)
    x.requires_grad_()
    wanted = [x, *learned]
    if scene.measure == "both":
        return lambda: torch.autograd.grad(function(x), wanted, cotangent)
    y = function(x)
    return lambda: torch.autograd.grad(y, wanted, cotangent, retain_graph=True)


def _step(scene: Scene, contender: Contender, inputs: Inputs) -> Call:
    x, target = (inputs.draw(scene.shape, scene.dtype, number) for number in range(2))
    model: Any = build(scene.model, functools.partial(module_of, contender), scene.shape)
    model = model.to(inputs.place, getattr(torch, scene.dtype))
    if scene.model in CHANNELS_LAST:
        last = torch.channels_last
        model = model.to(memory_format=last)
        x, target = x.to(memory_format=last), target.to(memory_format=last)
    return training_step(model, x, target)


def _copy(measure: str, x: Tensor, cotangent: Tensor) -> Call:
    """A copy of the bytes that a function of this kind has to move at least."""
    if measure == "forward":
        return x.clone
    if measure == "backward":
        return cotangent.clone
    return lambda: (x.clone(), cotangent.clone())


def _function(
    scene: Scene, contender: Contender, place: torch.device
) -> tuple[Callable[[Tensor], Tensor], list[Any]]:
    """The function of the input alone, and the parameters it learns."""
    dtype = getattr(torch, scene.dtype)
    if contender.route == "torch":
        return TORCH_FUNCTIONS[contender.activation], []
    if contender.route == "prelu":
        weight = torch.full((scene.shape[1],), 0.25, dtype=dtype, device=place).requires_grad_()
        return lambda x: nn.functional.prelu(x, weight), [weight]
    definition = registry.get(contender.activation)
    params: dict[str, Any] = definition.bind((), dict(contender.params))
    learned = []
    if contender.learned:
        name = definition.params[0].name
        count = scene.shape[1] if contender.learned == "channel" else 1
        value = torch.full((count,), params[name], dtype=dtype, device=place).requires_grad_()
        params[name] = value
        learned = [value]
    if contender.route in ("naive", "compiled"):
        plain = functools.partial(naive(definition), **params)
        return (plain if contender.route == "naive" else _compiled(plain)), learned
    # Called as a user would: what is the default is not said.
    said: dict[str, Any] = dict(contender.params) | (params if learned else {})
    if contender.route != "actlab":
        said["backend"] = contender.route
    public = _public(definition)
    return (functools.partial(public, **said) if said else public), learned


def _public(definition: Activation) -> Callable[..., Tensor]:
    """The function as users call it."""
    if registry.shipped().get(definition.name) is definition:
        return getattr(functional, definition.name)
    return functools.partial(functional.call, definition)


def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """By inductor; it is compiled when it is first called, which is not timed."""
    # Graphs of other contenders share the code object, and count towards one limit.
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, dynamic=False)
