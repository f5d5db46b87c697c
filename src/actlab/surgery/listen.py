"""Seeing every application of an activation while a model runs.

Modules are seen by hooks, calls of torch's functions and tensor methods by torch's function mode,
calls of actlab's functions by the watcher that they look for. A ``Listener`` tells apart which
code each comes from, and counts; what is done with it is up to the class derived from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _pop_mode_temporarily
from torch.utils.hooks import RemovableHandle

from actlab.core import Activation
from actlab.init.hook import around
from actlab.init.isolation import DEPTH, in_sight
from actlab.init.naming import of_call, of_module, of_values
from actlab.init.nonlinearity import Nonlinearity
from actlab.kernels.apply import apply
from actlab.kernels.watch import WATCHER, Watcher, unwatched
from actlab.surgery import calls
from actlab.surgery.applied import Applied, Pass, applied_by, countable
from actlab.surgery.dispatch import Calls
from actlab.surgery.location import here, location, running
from actlab.surgery.redirect import scope_of
from actlab.surgery.tree import SITES, Tree


class Listener(TorchFunctionMode):
    """Calls ``before`` and ``after`` around every application of an activation in a model.

    Args:
        model: without wrappers.
        tree: its modules.
        activations: the modules that count as activations.
    """

    def __init__(self, model: nn.Module, tree: Tree, activations: set[nn.Module]) -> None:
        super().__init__()
        self.model = model
        self.tree = tree
        self.activations = activations
        self.stack: list[Pass] = []
        self.quiet = 0
        self.depth = DEPTH.get()
        self._outer: Watcher | None = None

    # ---- what derived classes do

    def before(self, applied: Applied) -> None:
        """See the input, before anything is computed."""

    def after(self, applied: Applied, y: Tensor) -> Tensor:
        """See the output; what is returned goes on in the model."""
        return y

    def entered(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """See a module's inputs."""

    def left(self, module: nn.Module, output: Any) -> Any:
        """See a module's output, which None leaves as it is."""
        return None

    def operated(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        """See the result of an operation that is no activation."""

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """While active, the listener hears nothing."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """While active, what is computed is the listener's own business, seen by nobody."""
        token = WATCHER.set(None)
        self.quiet += 1
        try:
            with torch._C.DisableTorchFunction():
                yield
        finally:
            self.quiet -= 1
            WATCHER.reset(token)

    # ---- modules

    @contextlib.contextmanager
    def listening(self, entered: nn.Module | None = None) -> Iterator[None]:
        """While active, everything is seen.

        Args:
            entered: the module whose code is running already. Default: none is.
        """
        handles: list[RemovableHandle] = []
        self.depth = DEPTH.get()
        self._outer = WATCHER.get()
        token = WATCHER.set(self.watch)
        try:
            for module in self.tree.visible():
                if module is not entered:
                    handles += around(module, self._enter, self._leave)
            with in_sight(), self:
                yield
        finally:
            WATCHER.reset(token)
            for handle in handles:
                handle.remove()

    def _enter(self, module: nn.Module, args: Any, kwargs: Any = None) -> None:
        if self.depth != DEPTH.get():
            return  # somebody else's run, in the middle of this one
        kwargs = kwargs or {}  # missing where hooks were removed in the meantime
        applied = None
        if not self.quiet and module in self.activations:
            x = calls.input_of(args, kwargs)
            if countable(x):
                applied = self._module_applied(module, x)
        self.stack.append(Pass(module, applied=applied))
        with self.aside():
            self.entered(module, args, kwargs)
            if applied is not None:
                self.before(applied)
        if applied is not None:
            self.quiet += 1

    def _leave(self, module: nn.Module, args: Any, *rest: Any) -> Any:
        output = rest[-1]  # keywords come before it, unless hooks were removed in the meantime
        if not self.stack or self.stack[-1].module is not module or self.depth != DEPTH.get():
            return None  # entered before listening began
        applied = self.stack[-1].applied
        result = None
        if applied is not None:
            self.quiet -= 1
        with self.aside():
            if applied is not None and isinstance(output, Tensor):
                result = output = self.after(applied, output)
            changed = self.left(module, output)
        self.stack.pop()
        return result if changed is None else changed

    def _module_applied(self, module: nn.Module, x: Tensor) -> Applied:
        caller = self.caller()
        call = 1
        name = type(module).__name__
        if caller is None:
            base, owner = "", module
        else:
            base, call = self.module_base(module, caller)
            owner = caller.module
        in_place = bool(getattr(module, "inplace", False))
        applied = Applied(
            base, call, "module", owner, name, x, applied_by(module), module, in_place,
            owner.training, lambda: of_module(module),
        )  # fmt: skip
        self.place_in_code(applied, caller, own_call=True)
        return applied

    def module_base(self, module: nn.Module, caller: Pass) -> tuple[str, int]:
        """The place by which a caller reaches a module, and which of its calls this is."""
        parent = self.stack[-1].module
        if isinstance(parent, Calls):
            # One module for each call of what was one module before.
            place = self.tree.place_seen_from(parent, caller.module)
            key = self.tree.place_seen_from(module, parent)
            base = self.tree.site_name(place) if place is not None else ""
            return base, int(key.key) if key is not None else 1
        place = self.tree.place_seen_from(module, caller.module)
        if place is None:
            return self.tree.names.get(module, ""), 1
        base = self.tree.site_name(place)
        if self.tree.names[place.parent].rpartition(".")[2] == SITES:
            return base, int(place.key.rpartition("_")[2])
        caller.counts[base] = call = caller.counts.get(base, 0) + 1
        return base, call

    def caller(self) -> Pass | None:
        """The pass through the code that is running, whatever stands in between."""
        for step in reversed(self.stack):
            if not isinstance(step.module, Calls):
                return step
        return None

    # ---- functions

    def function_base(self, name: str, step: Pass) -> tuple[str, int]:
        """What a function's call is called, and its number; replaced calls keep theirs."""
        base = f"{self.tree.names[step.module]}:{name}"
        replaced = scope_of(step.module)
        call = step.counts.get(base, 0) + 1
        while replaced is not None and replaced.has(step.module.training, name, call):
            call += 1
        step.counts[base] = call
        return base, call

    def _function_applied(
        self,
        name: str,
        x: Tensor,
        function: Callable[[Tensor], Tensor],
        in_place: bool,
        known: Callable[[], Nonlinearity | None],
    ) -> Applied:
        step = self.caller()
        assert step is not None
        base, call = self.function_base(name, step)
        applied = Applied(
            base, call, "function", step.module, name, x, function, None, in_place,
            step.module.training, known,
        )  # fmt: skip
        self.place_in_code(applied, step)
        return applied

    def place_in_code(self, applied: Applied, step: Pass | None, own_call: bool = False) -> None:
        """Note from where in the code an application comes."""
        where, applied.shown = location(here(), own_call)
        if step is not None:
            key = (applied.base, where)
            step.counts[key] = nth = step.counts.get(key, 0) + 1
            applied.where = (where, nth)

    def watch(
        self,
        activation: Activation,
        x: Tensor,
        params: Mapping[str, Any],
        compute: Callable[[], Tensor],
    ) -> Tensor:
        """Carry out a call of one of actlab's functions, and see it."""
        applied = None
        heard = self.stack and not self.quiet and self.depth == DEPTH.get()
        if heard and countable(x):
            fixed = {
                key: value.detach() if isinstance(value, Tensor) else value
                for key, value in params.items()
            }

            def function(x: Tensor) -> Tensor:
                return apply(activation, x, fixed)

            applied = self._function_applied(
                activation.name, x, function, False, lambda: of_values(activation, fixed)
            )
            applied.of_actlab = True
        if applied is not None:
            with self.aside():
                self.before(applied)
        with self.unheard():
            if self._outer is not None:
                y = self._outer(activation, x, params, compute)
            else:
                with unwatched(), _pop_mode_temporarily():
                    y = compute()
        if applied is None:
            return y
        with self.aside():
            return self.after(applied, y)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.quiet or not self.stack or self.depth != DEPTH.get():
            return func(*args, **kwargs)
        name = calls.activation_of(func, args, kwargs)
        x = calls.input_of(args, kwargs) if name else None
        # TorchScript calls operators too, out of sight of the code.
        operator = bool(name) and isinstance(func, calls.OPERATORS)
        scripted = operator and running(here()) in self.tree.scripted
        if scripted or not countable(x):
            with self.unheard() if name else contextlib.nullcontext():
                result = func(*args, **kwargs)
            with self.aside():
                self.operated(func, args, kwargs, result)
            return result
        in_place = calls.overwrites(func, kwargs) or calls.inplace_argument(func, args)
        function = calls.with_input(func, args, kwargs)
        # Neither function may hold the input: they can outlive it.
        rest, named = args[1:], {k: v for k, v in kwargs.items() if k not in ("input", "self")}
        applied = self._function_applied(
            name, x, function, in_place, lambda: of_call(func, rest, named)
        )
        with self.aside():
            self.before(applied)
        with self.unheard():
            y = func(*args, **kwargs)
        if not isinstance(y, Tensor):
            return y
        with self.aside():
            return self.after(applied, y)
