"""The first look: sites are found, named and counted in one and the same pass of a run.

Running the model once more to find them would train another model: it may draw, count, queue.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from actlab.diagnose.recorder import GuardedRecorder
from actlab.diagnose.seen import Seen, Watched
from actlab.diagnose.tape import Tape, shadowed
from actlab.diagnose.watch import Keyed, counts
from actlab.init.isolation import DEPTH, apart
from actlab.init.operations import tensors
from actlab.surgery.applied import Applied, Pass
from actlab.surgery.attributes import Held, held_functions, intercepted
from actlab.surgery.collect import collect
from actlab.surgery.inputs import Inputs
from actlab.surgery.known import known_activations
from actlab.surgery.noted import Noted
from actlab.surgery.record import Notes
from actlab.surgery.site import Site


class FirstLook(Keyed, Notes):
    """Notes the sites of a pass that is under way, and counts at them.

    Whatever goes wrong here stays here: the pass is somebody's training.

    Args:
        seen: takes up what is found. step: the number of the step.
        activations: the modules that are known as activations.
    """

    recorder = GuardedRecorder

    def __init__(self, seen: Seen, step: int, activations: set[nn.Module]) -> None:
        super().__init__(seen.model, seen.tree, activations, alias=False)
        self.seen, self.step = seen, step
        self.errors: list[Exception] = []
        self._provisional: dict[Hashable, dict[int | None, Watched]] = {}
        self._counting: dict[Noted | None, list[Watched]] = {}
        self._tapes: list[Tape | None] = []
        self._late = False
        self._held: Held | None = None
        devices = {p.device.index or 0 for p in seen.model.parameters() if p.is_cuda}
        self._generators = [torch.cuda.default_generators[k] for k in sorted(devices)]

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """While active, what is computed is nobody else's business, chance included."""
        generators = [torch.default_generator, *self._generators]
        states = [generator.get_state() for generator in generators]
        try:
            with super().aside(), torch.inference_mode(False), torch.no_grad():
                yield
        finally:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of somebody's tensors, or ours
            self.errors.append(error)

    # ---- activations

    def before(self, applied: Applied) -> None:
        with self._safely():
            super().before(applied)
            if not self._late:
                self._count(applied)

    def after(self, applied: Applied, y: Tensor) -> Tensor:
        with self._safely():
            super().after(applied, y)
            if applied.module is not None or applied.of_actlab:
                self._tape(applied.function, (applied.x,), {}, y)
            self._count_output(applied, y)
        return y

    def _count(self, applied: Applied) -> None:
        noted: Noted = applied.state
        if not applied.base or applied.key is None or applied.name == "glu" or noted.ignored:
            return
        if not self.seen.knows(applied):
            found = self._provisional_at(applied)
        elif (site := self.seen.site(applied)) is not None:
            found = {self.seen.chosen(site.name): self.seen.of(site)}
        else:
            return
        self._counting[noted] = [
            watched
            for chosen, watched in found.items()
            if counts(
                watched, applied, applied.function, noted.channel_dim, chosen, self.step
            )
        ]  # fmt: skip

    def _provisional_at(self, applied: Applied) -> dict[int | None, Watched]:
        """What is counted at a place without a name: its dimension may depend on the name."""
        base, call = applied.base, applied.call
        site = Site(base, applied.name, applied.name)
        wanted = dict.fromkeys(self.seen.chosen(name) for name in (base, f"{base}#{call}"))
        found = self._provisional.setdefault(applied.key, {})
        for chosen in wanted:
            found.setdefault(chosen, Watched(site, 0))
        return found

    def _count_output(self, applied: Applied, y: Tensor) -> None:
        for watched in self._counting.pop(applied.state, ()):
            if y.shape == applied.x.shape:
                watched.made(y, self.step)

    # ---- modules and attributes that are activations by what they compute

    def entered(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        with self._safely():
            super().entered(module, args, kwargs)
        given = tensors((args, kwargs))
        whole = len(given) == 1 and self.quiet == 1 and self._may_be_whole(module)
        self._tapes.append(Tape(given[0]) if whole else None)

    def left(self, module: nn.Module, output: Any) -> Any:
        with self._safely():
            super().left(module, output)
        self._tapes.pop()

    def attribute(self, held: Held, x: Tensor, compute: Any) -> Any:
        made: list[Any] = []

        def once(x: Tensor) -> Any:
            made.append(compute(x))
            return made[0]

        if self.depth != DEPTH.get():
            return compute(x)
        self._tapes.append(Tape(x))
        outer, self._held = self._held, held
        try:
            return super().attribute(held, x, once)
        except Exception as error:
            if not made:
                raise  # the model's own
            self.errors.append(error)
            return made[0]
        finally:
            self._held = outer
            self._tapes.pop()

    def _note_whole(
        self, applied: Applied, given: Tensor, output: Tensor, inside: list[Noted]
    ) -> None:
        self._late = True
        try:
            super()._note_whole(applied, given, output, inside)
        finally:
            self._late = False
        for one in inside:
            self._provisional.pop(one.applied.key, None)
        tape = self._tapes[-1]
        if tape is None:
            return
        identity, own = self._own_code(applied)
        function = tape.function(output)
        applied.function = own if function is None else function
        self.seen.functions[identity] = applied.function
        if tape.untouched(given):
            with self.aside():
                self._count(applied)
                self._count_output(applied, output)

    def _own_code(self, applied: Applied) -> tuple[Hashable, Callable[[Tensor], Tensor]]:
        if applied.module is not None:
            module = self.tree.original(applied.module)
            return module, shadowed(module)
        held = self._held
        assert held is not None
        function: Callable[..., Any] = held.function
        return (held.owner, held.key), lambda x: function(x.clone())

    # ---- operations

    def operated(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        if kwargs.get("out") is None:
            with self._safely():
                super().operated(func, args, kwargs, result)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = super().__torch_function__(func, types, args, kwargs)
        if not self.quiet and any(self._tapes):
            with self._safely(), torch._C.DisableTorchFunction():
                self._tape(func, args, kwargs or {}, result)
        return result

    def _tape(self, func: Any, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        for tape in self._tapes:
            if tape is not None:
                tape.add(func, args, kwargs, result, sys._getframe(1))

    # ---- what comes of it

    @property
    def failures(self) -> list[Exception]:
        """What could not be recorded."""
        return self.graph.failures if isinstance(self.graph, GuardedRecorder) else []

    def finish(self, result: Any) -> None:
        """Give names to what was counted, and let go of the run.

        Args:
            result: what the pass returned.
        """
        with self._safely(), self.aside():
            self.returned(result)
            self._settle()
        with self._safely():
            self.clear()
        for left in (self._provisional, self._counting, self._tapes, self._given, self._alive):
            left.clear()

    def _settle(self) -> None:
        bound = collect(self.tree, [self])
        known = {site.site.name for site in self.seen.bound}
        self.seen.bound += [one for one in bound if one.site.name not in known]
        self.seen.whole |= {one.module for one in bound if one.module is not None}
        by_call = {
            (one.base, training, call): one
            for one in bound
            for training, call in one.ordinals.items()
        }
        taken: set[int] = set()
        for noted in self.noted:
            applied = noted.applied
            if applied.key is None or self.seen.knows(applied):
                continue
            one = by_call.get((applied.base, applied.training, applied.call))
            if one is None or one.site.how in ("written out", "hidden"):
                self.seen.add(applied, None)
                continue
            site = one.site
            if id(one) in taken:  # another place that is the first to be called in its pass
                site = replace(
                    site, shape=noted.shape, channel_dim=noted.channel_dim,
                    producer=noted.producer, location=applied.shown,
                )  # fmt: skip
            taken.add(id(one))
            self._name(applied, self.seen.add(applied, site))

    def _name(self, applied: Applied, site: Site | None) -> None:
        found = self._provisional.get(applied.key, {})
        watched = None if site is None else found.get(self.seen.chosen(site.name))
        if site is not None and watched is not None:
            watched.site, watched.order = site, len(self.seen.watched)
            self.seen.watched[site.name] = watched


@contextlib.contextmanager
def first_look(seen: Seen, step: int, entry: nn.Module, inputs: Inputs) -> Iterator[FirstLook]:
    """While active, a pass is looked at for the first time.

    Args:
        seen: takes up what is found. step: the number of the step.
        entry: the module that has been entered already. inputs: what it was called with.
    """
    tree = seen.tree
    with apart():  # telling what modules are takes calling functions
        known = known_activations(tree)
    held = held_functions(tree)
    with tree.separated(known):
        with apart():
            look = FirstLook(seen, step, known | set(tree.twin_of))
        with intercepted(held, look.attribute), look.listening(entry):
            look.stack.append(Pass(entry))
            look.start(inputs)
            try:
                yield look
            finally:
                look.stack.clear()
                look.quiet = 0
