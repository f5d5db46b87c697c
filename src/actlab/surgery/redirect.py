"""Replacing activations that a module's code applies by calling functions.

The code itself is not changed. The module gets a class of its own, derived from its class, whose
``forward`` runs the old one under a function mode that hands calls of activations over to modules
kept under the child ``actlab_sites``. Compilers and exporters follow this as they follow any code.
"""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from actlab.surgery import calls
from actlab.surgery.scope import Run, Scope
from actlab.surgery.tree import SITES

SCOPE = "_actlab_scope"

SILENT = (
    nn.Linear, nn.Bilinear, nn.Embedding, nn.EmbeddingBag, nn.Flatten, nn.Unflatten, nn.Identity,
    nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm,
    nn.modules.dropout._DropoutNd, nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd, nn.modules.pooling._AdaptiveAvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd, nn.Upsample, nn.RNNBase, nn.RNNCellBase,
    nn.MultiheadAttention,
)  # fmt: skip
"""Torch's modules in whose code no activation function is called."""


class Redirect(TorchFunctionMode):
    """Hands calls of activation functions in a module's own code over to replacements."""

    def __init__(self, scope: Scope, run: Run, sites: nn.Module | None) -> None:
        super().__init__()
        self.scope = scope
        self.redirected = run
        self.sites = sites

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.redirected.depth == 0:
            name = calls.activation_of(func, args, kwargs)
            if name in self.scope.functions:
                x = calls.input_of(args, kwargs)
                if isinstance(x, Tensor) and x.is_floating_point():
                    key = self.scope.key(self.redirected, name)
                    if key is not None:
                        return replaced(self.sites, key, x, key in self.scope.written)
        return func(*args, **kwargs)


def replaced(sites: Any, key: str, x: Tensor, written: bool) -> Tensor:
    """The result of a replacement, written into the input too where that is wanted."""
    module = sites._modules[key]
    return x.copy_(module(x.clone())) if written else module(x)


class Overwriting(nn.Module):
    """An activation that writes its result into its input, as in-place activations do."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        # What backward needs of the input is kept in the copy.
        return x.copy_(self.activation(x.clone()))


class Calls(nn.Module):
    """In place of a module that is called several times in a pass: one module for each call.

    Args:
        modules: by the number of the call they are for.
        scope: that of the module in whose code the calls are.
        key: tells this from others in the same code.
        order: for training and evaluation, the numbers of the calls as they come.
    """

    def __init__(
        self,
        modules: Mapping[int, nn.Module],
        scope: Scope,
        key: str,
        order: Mapping[bool, tuple[int, ...]],
    ) -> None:
        super().__init__()
        for number, module in modules.items():
            self.add_module(str(number), module)
        self.key = key
        self.order = dict(order)
        self.__dict__["scope"] = scope  # no part of the module tree

    def forward(self, x: Tensor) -> Tensor:
        scope: Scope = self.__dict__["scope"]
        run = scope.run
        if run is None or not run.whole:
            raise RuntimeError(
                f"{self.key} is one of the activations of {scope.where}, which were swapped "
                "call by call; call the module that it belongs to, not the activation alone"
            )
        counted = f"module {self.key}"
        call = run.counts.get(counted, 0)
        run.counts[counted] = call + 1
        order = self.order[run.training]
        if call >= len(order):
            raise RuntimeError(
                f"{scope.where} calls {self.key} for the {call + 1}. time in one pass; the "
                f"example that activations were swapped with had {len(order)} calls"
            )
        return self._modules[str(order[call])](x)  # type: ignore[misc]


class Function(nn.Module):
    """A function as a module, for calls that keep it while others are replaced."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def scope_of(module: nn.Module) -> Scope | None:
    """The replacements in a module's code, if there are any."""
    return module.__dict__.get(SCOPE)


def install(module: nn.Module, name: str, methods: Iterable[str]) -> Callable[[], None]:
    """Give a module a scope, a class that heeds it, and hooks on the modules it calls.

    Args:
        module: in whose code calls are replaced.
        name: of the module, for messages.
        methods: those of its methods, beside ``forward``, in which activations are applied.

    Returns:
        What takes all of it away again.
    """
    before = type(module)
    known = getattr(before, "_actlab_methods", ())
    fresh = scope_of(module) is None
    if fresh:
        module.__dict__[SCOPE] = Scope(name)
    scope = module.__dict__[SCOPE]
    names = tuple(sorted({*methods, *known} - {"forward"}))
    module.__class__ = redirected(original_class(before), names)
    handles: list[Any] = []
    inside = module._modules.get(SITES)
    exempt = set(inside.modules()) if inside is not None else set()
    for child in module.modules():
        scripted = isinstance(child, torch.jit.ScriptModule)
        if child is module or child in exempt or scripted or isinstance(child, (Calls, *SILENT)):
            continue
        if any(getattr(h, "__self__", None) is scope for h in child._forward_pre_hooks.values()):
            continue
        handles.append(child.register_forward_pre_hook(scope.enter))
        handles.append(child.register_forward_hook(scope.leave, always_call=True))

    def remove() -> None:
        for handle in handles:
            handle.remove()
        module.__class__ = before
        if fresh:
            del module.__dict__[SCOPE]

    return remove


def original_class(cls: type) -> type:
    """The class that a redirected class was derived from, or the class itself."""
    return getattr(cls, "_actlab_original", cls)


@functools.cache
def redirected(cls: type[nn.Module], methods: tuple[str, ...]) -> type[nn.Module]:
    """The class of redirected modules of a class; its name and signatures are the old ones."""
    body: dict[str, Any] = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__reduce_ex__": _reduce,
        "__setstate__": _restored,
        "_actlab_original": cls,
        "_actlab_methods": methods,
        "forward": _under_redirection(cls.forward, True),
    }
    for name in methods:
        body[name] = _under_redirection(getattr(cls, name), False)
    return type(cls.__name__, (cls,), body)


def _under_redirection(method: Callable[..., Any], whole: bool) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        scope: Scope = self.__dict__[SCOPE]
        outer = scope.run
        if outer is not None and not whole:
            return method(self, *args, **kwargs)  # forward is under way, and has called it
        inner = Run(self.training, whole)
        scope.run = inner
        try:
            if not scope.functions:  # modules alone are told apart
                return method(self, *args, **kwargs)
            with Redirect(scope, inner, self._modules.get(SITES)):
                return method(self, *args, **kwargs)
        finally:
            scope.run = outer

    return run


def _reduce(self: nn.Module, protocol: Any) -> Any:
    # Pickle looks classes up by name, and finds the old one.
    made = object.__reduce_ex__(self, protocol)
    if made[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
        return made
    kind = type(self)
    original, methods = kind._actlab_original, kind._actlab_methods  # type: ignore[attr-defined]
    return (_remade, (original, methods), *made[2:])


def _remade(original: type[nn.Module], methods: tuple[str, ...]) -> nn.Module:
    cls = redirected(original, methods)
    return cls.__new__(cls)


def _restored(self: nn.Module, state: dict[str, Any]) -> None:
    type(self)._actlab_original.__setstate__(self, state)  # type: ignore[attr-defined]
    # torch's decoder layer takes an activation that is a module for a missing one, and would
    # put F.relu in front of it.
    for key in self._modules.keys() & self.__dict__.keys():
        del self.__dict__[key]
