"""Replacing activations that a module's code applies by calling functions.

The code itself is not changed. The module gets a class of its own, derived from its class, whose
``forward`` runs the old one under a function mode that hands calls of activations over to modules
kept under the child ``actlab_sites``. Compilers and exporters follow this as they follow any code.
"""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from actlab.surgery import calls
from actlab.surgery.dispatch import Calls
from actlab.surgery.location import CALL, CHECKPOINT, begins, here
from actlab.surgery.scope import Run, Scope
from actlab.surgery.tree import SITES

SCOPE = "_actlab_scope"
METHODS = "_actlab_methods"
ORIGINAL = "_actlab_original"

CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)


class Redirect(TorchFunctionMode):
    """Hands calls of activation functions in a module's own code over to replacements."""

    def __init__(self, owner: nn.Module, scope: Scope, run: Run) -> None:
        super().__init__()
        self.owner = owner
        self.scope = scope
        self.pass_ = run

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = calls.activation_of(func, args, kwargs)
        if name in self.scope.functions and self.pass_.held == 0:
            x = calls.input_of(args, kwargs)
            if isinstance(x, Tensor) and x.is_floating_point():
                key = self._key(name)
                if key is not None:
                    written = key in self.scope.written
                    return replaced(self.owner, key, x, written, kwargs.get("out"))
        return func(*args, **kwargs)

    def _key(self, name: str) -> str | None:
        if torch.compiler.is_compiling():
            return self.scope.key(self.pass_, name, None) if self.pass_.depth == 0 else None
        own, checkpoint = _whose(here(), self.owner, self.scope.loose)
        key = self.scope.key(self.pass_, name, here()) if own else None
        if key is not None and checkpoint:
            raise RuntimeError(
                f"{self.scope.place} applies {name} inside an activation checkpoint that its own "
                "code opens. Backward computes that once more outside forward, where calls are not "
                "replaced, and gradients would be wrong: undo the swap, or checkpoint a module"
            )
        return key


def _whose(
    frame: FrameType | None, owner: nn.Module, loose: tuple[type[nn.Module], ...]
) -> tuple[bool, bool]:
    """Whether code belongs to a module, and whether it is in a checkpoint opened there."""
    checkpoint = False
    while frame is not None:
        code = frame.f_code
        if begins(frame):
            return frame.f_locals["self"] is owner, checkpoint
        if code is CALL:
            module = frame.f_locals["self"]
            held = type(module) not in loose or any(module is one for one in owner.modules())
            if module is not owner and held:
                return False, checkpoint
        checkpoint |= code.co_filename == CHECKPOINT
        frame = frame.f_back
    return False, checkpoint


def replaced(owner: nn.Module, key: str, x: Tensor, written: bool, out: Any) -> Tensor:
    """The result of a replacement, written where the call would have written it."""
    module: Any = owner._modules[SITES]._modules[key]  # type: ignore[union-attr]
    if written:
        return x.copy_(module(x.clone()))
    y = module(x)
    return y if out is None else out.resize_(y.shape).copy_(y)


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

    Raises:
        RuntimeError: on the way back, if the module has got another class in the meantime.
    """
    before = type(module)
    fresh = scope_of(module) is None
    if fresh:
        module.__dict__[SCOPE] = Scope(name)
    scope = module.__dict__[SCOPE]
    wanted = {*methods} - {"forward"} - set(getattr(before, METHODS, ()))
    now = before
    if wanted or not hasattr(before, ORIGINAL):
        now = redirected(before, tuple(sorted(wanted)))
        module.__class__ = now
    handles = list(_hooks(module, scope))

    def remove() -> None:
        for handle in handles:
            handle.remove()
        module.__class__ = before
        if fresh:
            del module.__dict__[SCOPE]

    remove.stands = lambda: type(module) is now  # type: ignore[attr-defined]
    return remove


def _hooks(module: nn.Module, scope: Scope) -> Iterable[Any]:
    """Hooks on everything that a module may call, for compilers, which cannot see who calls."""
    waiting = [child for key, child in module._modules.items() if key != SITES]
    while waiting:
        child = waiting.pop()
        if child is None or isinstance(child, torch.jit.ScriptModule | Calls):
            continue
        if isinstance(child, CONTAINERS):
            waiting += child.children()
        if any(getattr(h, "__self__", None) is scope for h in child._forward_pre_hooks.values()):
            continue
        if type(child).__module__.startswith("torch.nn.modules") and not _applies(child):
            continue
        yield child.register_forward_pre_hook(scope.enter)
        yield child.register_forward_hook(scope.leave)


def _applies(child: nn.Module) -> bool:
    """Whether one of torch's own modules may call an activation function."""
    names = ("activation", "transformer", "container", "adaptive")
    return type(child).__module__.rpartition(".")[2] in names


class _Quiet:
    """Keeps a class from being announced to its parents, which may keep books of their children."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        pass


@functools.cache
def redirected(cls: type[nn.Module], methods: tuple[str, ...]) -> type[nn.Module]:
    """The class of redirected modules of a class; its name and signatures are the old ones."""
    body: dict[str, Any] = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__reduce_ex__": _reduce,
        "__setstate__": _restored,
        ORIGINAL: cls,
        METHODS: (*getattr(cls, METHODS, ()), *methods),
    }
    if not hasattr(cls, ORIGINAL):
        body["forward"] = _under_redirection(cls.forward, True)
    for name in methods:
        body[name] = _under_redirection(getattr(cls, name), False)
    return type(cls.__name__, (_Quiet, cls), body)


def _under_redirection(method: Callable[..., Any], whole: bool) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        scope: Scope | None = self.__dict__.get(SCOPE)
        if scope is None:
            return method(self, *args, **kwargs)  # a new object of this class, never swapped
        outer = scope.run
        if outer is not None and not whole:
            return method(self, *args, **kwargs)  # forward is under way, and has called it
        inner = Run(self.training, whole)
        scope.run = inner
        try:
            if not scope.functions:  # modules alone are told apart
                return method(self, *args, **kwargs)
            with Redirect(self, scope, inner):
                result = method(self, *args, **kwargs)
            scope.finish(inner)
            return result
        finally:
            scope.run = outer

    # Compilers keep what they have compiled with the code, and at most so many variants of it.
    run.__code__ = run.__code__.replace()
    return run


def _reduce(self: nn.Module, protocol: Any) -> Any:
    # Pickle looks classes up by name, and finds the old one.
    cls = type(self)
    chain: list[tuple[type, tuple[str, ...]]] = []
    while ORIGINAL in cls.__dict__:
        original = cls.__dict__[ORIGINAL]
        known = getattr(original, METHODS, ())
        chain.append((original, tuple(m for m in cls.__dict__[METHODS] if m not in known)))
        cls = original
    own = getattr(cls, "__reduce_ex__", None), getattr(cls, "__reduce__", None)
    if own != (object.__reduce_ex__, object.__reduce__):
        raise TypeError(
            f"{cls.__name__} is copied by a __reduce__ of its own, which knows nothing of swapped "
            "activations: undo the swap, copy the model, and swap again"
        )
    made = object.__reduce_ex__(self, protocol)
    if made[0] is not copyreg.__newobj__:  # type: ignore[attr-defined]
        return made
    return (_remade, (cls, tuple(methods for _, methods in reversed(chain))), *made[2:])


def _remade(original: type[nn.Module], chain: tuple[tuple[str, ...], ...]) -> nn.Module:
    cls = original
    for methods in chain:
        cls = redirected(cls, methods)
    return cls.__new__(cls)


def _restored(self: nn.Module, state: dict[str, Any]) -> None:
    getattr(type(self), ORIGINAL).__setstate__(self, state)
    # torch's decoder layer takes an activation that is a module for a missing one, and would
    # put F.relu in front of it.
    for key in self._modules.keys() & self.__dict__.keys():
        del self.__dict__[key]
