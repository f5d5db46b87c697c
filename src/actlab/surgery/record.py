"""Running a model once and noting every site: what is applied, to what, and what becomes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from actlab.init.graph import Node
from actlab.init.nonlinearity import Nonlinearity
from actlab.init.operations import activated, tensors
from actlab.init.trace import Recorder
from actlab.surgery import calls
from actlab.surgery.applied import Applied, Pass
from actlab.surgery.attributes import Held
from actlab.surgery.axes import Axes, default_dim
from actlab.surgery.formulas import Formulas, Spot
from actlab.surgery.inputs import Inputs
from actlab.surgery.listen import Listener
from actlab.surgery.location import (
    here,
    methods_on_the_way,
    recomputed,
    running,
)
from actlab.surgery.noted import Noted, Root
from actlab.surgery.tree import Place, Tree

GATES = frozenset({"sigmoid", "hardsigmoid", "hard_sigmoid"})
RECURRENT = (nn.RNNBase, nn.RNNCellBase)


class Notes(Listener):
    """Notes every site of a run: ``noted`` in order, and ``recurrent`` layers beside them.

    Args:
        model, tree, activations: of a listener.
        alias: give results of in-place activations a name of their own, which tells whether the
            overwritten input is used later; the model's values are the same, its graph is not.
    """

    recorder: type[Recorder] = Recorder

    def __init__(
        self, model: nn.Module, tree: Tree, activations: set[nn.Module], alias: bool = True
    ) -> None:
        super().__init__(model, tree, activations)
        self.alias = alias
        self.graph = self.recorder(model, None)
        self.mode = "train" if model.training else "eval"
        self.axes = Axes(self._is_weight)
        self.noted: list[Noted] = []
        self.later = False
        self.recurrent: list[tuple[int, nn.Module]] = []
        self.parts: set[nn.Module] = set()
        self._given: list[tuple[Root | None, int]] = []
        self._overwritten: dict[int, Noted] = {}
        self.formulas = Formulas(self.graph.node)
        self._alive: list[Any] = []

    @contextlib.contextmanager
    def listening(self, entered: nn.Module | None = None) -> Iterator[None]:
        """While active, everything is noted."""
        with self.graph.listening(entered), super().listening(entered):
            yield

    def _is_weight(self, tensor: Tensor) -> bool:
        node = self.graph.node(tensor)
        return node is not None and node.kind == "parameter"

    def start(self, inputs: Inputs) -> None:
        """Note what the model is called with."""
        for tensor in tensors((inputs.args, inputs.kwargs)):
            self.graph.mark(tensor, Node("input", "input"))

    def returned(self, result: Any) -> None:
        """Note what the model returned."""
        for tensor in tensors(result):
            self._used(tensor)
            if (node := self.graph.node(tensor)) is not None:
                node.returned = True

    def clear(self) -> None:
        """Let go of all values of the run."""
        self._alive.clear()
        self.graph.clear()
        for noted in self.noted:
            noted.applied.x = noted.applied.x.new_empty(0)

    # ---- activations

    def before(self, applied: Applied) -> None:
        x = applied.x
        axis = self.axes.of(x)
        noted = Noted(
            applied,
            tuple(x.shape),
            str(x.dtype).removeprefix("torch."),
            axis.dim if axis is not None else default_dim(x),
            axis.producer if axis is not None else "",
            units_last=axis is not None and axis.last,
            recomputed=applied.how == "function" and recomputed(here()),
        )
        if applied.module is not None:
            noted.place = self._place(applied.module)
        else:
            noted.methods = methods_on_the_way(applied.owner, here())
            inside = running(here())
            known = inside is None or inside in self.tree.names or inside in self.tree.twin_of
            noted.loose = None if known else inside
        self._used(x)
        node = self.graph.node(x)
        made_by_layer = node is not None and self._behind_layer(node)
        noted.ignored = applied.name in calls.WAVES and not made_by_layer
        applied.state = noted
        self.noted.append(noted)

    def after(self, applied: Applied, y: Tensor) -> Tensor:
        noted: Noted = applied.state
        noted.node = self.graph.node(y)
        if self.alias and applied.in_place and y is applied.x:
            # Under a name of its own, so that later uses of the input can be told from uses of
            # the result.
            y = y.view_as(y)
            if noted.node is not None:
                self.graph.mark(y, noted.node)
            self._overwritten[id(applied.x)] = noted
            if applied.x._base is not None:
                self._overwritten[id(applied.x._base)] = noted
        self.axes.same(y, applied.x)
        self.formulas.comes_from(y, noted)
        self._alive += [applied.x, y]
        return y

    def _place(self, module: nn.Module) -> Place | None:
        caller = self.caller()
        return None if caller is None else self.tree.place_seen_from(module, caller.module)

    def _behind_layer(self, node: Node) -> bool:
        seen, open_nodes = set(), [node]
        while open_nodes:
            one = open_nodes.pop()
            if one.kind in ("layer", "parameter"):
                return True
            if one not in seen:
                seen.add(one)
                open_nodes += one.parents
        return False

    def _used(self, tensor: Tensor) -> None:
        """Note that a value is used; if it has been overwritten before, that matters."""
        if (noted := self._overwritten.get(id(tensor))) is not None:
            noted.needs_in_place = True

    # ---- modules

    def entered(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        given = tensors((args, kwargs))
        for tensor in given:
            self._used(tensor)
        if isinstance(module, RECURRENT):
            self.recurrent.append((len(self.noted), module))
        whole = len(given) == 1 and self.quiet == 1 and self._may_be_whole(module)
        self._given.append((self._rooted(given[0]) if whole else None, len(self.noted)))

    def left(self, module: nn.Module, output: Any) -> Any:
        root, start = self._given.pop()
        if isinstance(module, RECURRENT):
            first = next((t for t in tensors(output) if t.dim()), None)
            if first is not None:
                self.axes.made(_named("lstm"), (), {}, first, self.tree.names[module])
        elif root is not None:
            self._as_a_whole(module, root, start, output)
        return None

    def _may_be_whole(self, module: nn.Module) -> bool:
        """Whether a module can be one function made of operations and of known activations."""
        known = type(module).__module__.startswith("torch.nn.modules") or module in self.activations
        return not known and all(child in self.activations for child in module.children())

    def _rooted(self, x: Tensor) -> Root | None:
        """Let a value begin anew, so that functions of it are told from functions of functions."""
        old = self.graph.node(x)
        if old is None or old.kind == "parameter":
            return None
        root = Root(x, old, Node("pass", old.name, (old,), size=old.size))
        self.graph.rename(x, root.node)
        return root

    def _function_of(self, root: Root, y: Any, name: str) -> bool:
        """Whether a result is one function of a root, and no straight line; ends the root."""
        if self.graph.node(root.x) is root.node:
            self.graph.rename(root.x, root.old)
        result = self.graph.node(y) if isinstance(y, Tensor) else None
        if result is None or result.kind != "pointwise" or result.source is not root.node:
            return False
        found = result.function()
        formula = result.formula
        assert formula is not None
        known = found or Nonlinearity(name, formula, key=result.key)
        self.graph.rename(y, activated(known, root.old))
        return found is not None

    def _as_a_whole(self, module: nn.Module, root: Root, start: int, output: Any) -> None:
        """A module that is nothing but one function of its input is one site."""
        given = root.x
        last = self.graph.node(output) if isinstance(output, Tensor) else None
        if not self._function_of(root, output, type(module).__name__) or len(self.stack) < 2:
            return
        inside = self.noted[start:]
        if [one.node for one in inside] == [last] and next(module.children(), None) is not None:
            return  # a wrapper around one activation, which has a place of its own
        del self.noted[start:]
        own = self.stack.pop()
        try:
            applied = self._module_applied(module, given)
        finally:
            self.stack.append(own)
        applied.in_place = any(one.applied.in_place for one in inside)
        self.parts |= {one.applied.module for one in inside if one.applied.module is not None}
        self._note_whole(applied, given, output, inside)
        self.noted[-1].place = self._place_of_left(module)

    def _place_of_left(self, module: nn.Module) -> Place | None:
        own = self.stack.pop()
        try:
            return self._place(module)
        finally:
            self.stack.append(own)

    def _note_whole(
        self, applied: Applied, given: Tensor, output: Tensor, inside: list[Noted]
    ) -> None:
        self.before(applied)
        noted = self.noted[-1]
        noted.node = self.graph.node(output)
        for one in inside:
            noted.needs_in_place |= one.needs_in_place
            for key, value in self._overwritten.items():
                if value is one:
                    self._overwritten[key] = noted
        self.formulas.comes_from(output, noted)
        self.axes.same(output, given)

    def attribute(self, held: Held, x: Tensor, compute: Any) -> Tensor:
        """A function kept in an attribute is called; it is one site if it is one function."""
        start, step = len(self.noted), self.caller()
        if step is None or self.quiet or step.module is not held.owner:
            return compute(x)
        counts = dict(step.counts)
        with self.aside():
            root = self._rooted(x)
        y = compute(x)
        with self.aside():
            if root is not None and self._function_of(root, y, held.name) and y is not x:
                inside = self.noted[start:]
                del self.noted[start:]
                step.counts = counts  # calls inside it are not the owner's
                self._note_held(held, step, x, y, inside)
        return y

    def _note_held(self, held: Held, step: Pass, x: Tensor, y: Tensor, inside: list[Noted]) -> None:
        base = self.tree.path(Place(held.owner, held.key))
        step.counts[base] = call = step.counts.get(base, 0) + 1
        applied = Applied(
            base, call, "function", held.owner, held.name, x, held.function, None,
            any(one.applied.in_place for one in inside), held.owner.training,
        )  # fmt: skip
        self.place_in_code(applied, step)
        self._note_whole(applied, x, y, inside)
        self.noted[-1].place = Place(held.owner, held.key)

    # ---- other operations

    def operated(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        name = getattr(func, "__name__", "")
        if name == "__get__" and not isinstance(result, Tensor):
            return
        given = tensors((args, kwargs))
        for tensor in given:
            self._used(tensor)
        self._alive.append(result)
        self.axes.made(func, args, kwargs, result, self.tree.names[self.stack[-1].module])
        made = [t for t in tensors(result) if self.graph.node(t) is not None]
        if len(made) == 1:
            owner = self.tree.names[self.stack[-1].module]
            place = Spot(len(self.noted), owner, here())
            self.formulas.follow(name, given, made[0], place)
            place.forget()  # the frame is this one, and holds the place


def _named(name: str) -> Any:
    def function() -> None: ...

    function.__name__ = name
    return function
