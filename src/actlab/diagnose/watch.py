"""Looking at every site during one step of a run that goes on as if nobody looked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from actlab.diagnose.meter import Meter
from actlab.diagnose.seen import Seen, Watched, dimension
from actlab.surgery import calls
from actlab.surgery.applied import Applied, Pass
from actlab.surgery.attributes import Held, held_functions, intercepted
from actlab.surgery.known import known_activations
from actlab.surgery.listen import Listener
from actlab.surgery.site import Site


class Keyed(Listener):
    """Tells applications apart by their place in the code, and by the module called before them.

    So the layers of a loop keep their names where one of them is skipped.
    """

    def place_in_code(self, applied: Applied, step: Pass | None, own_call: bool = False) -> None:
        super().place_in_code(applied, step, own_call)
        if step is not None:
            key = (applied.base, applied.name, applied.where[0], step.last)
            step.counts[key] = nth = step.counts.get(key, 0) + 1
            applied.key = (*key, nth)

    def left(self, module: nn.Module, output: Any) -> Any:
        changed = super().left(module, output)
        if len(self.stack) > 1:
            self.stack[-2].last = self.tree.names[self.tree.original(module)]
        return changed


class Watch(Keyed):
    """Counts at the sites of a model.

    Args:
        seen: the sites that are known; grows as others are met.
    """

    def __init__(self, seen: Seen) -> None:
        tree = seen.tree
        self.seen = seen
        self.known = known_activations(tree)
        super().__init__(seen.model, tree, self.known | seen.whole)
        self.step = 0
        attributes = {
            (one.owner, one.place.key)
            for one in seen.bound
            if one.site.how == "attribute" and one.place is not None
        }
        self.held = [one for one in held_functions(tree) if (one.owner, one.key) in attributes]

    @contextlib.contextmanager
    def watching(self, step: int, entry: nn.Module) -> Iterator[None]:
        """While active, one step is looked at.

        Args:
            step: its number. entry: the module that has been entered already.
        """
        self.step = step
        held = [one for one in self.held if one.owner.__dict__.get(one.key) is one.function]
        with self.tree.separated(self.known), intercepted(held, self._attribute):
            self.activations |= set(self.tree.twin_of)
            with self.listening(entry):
                self.stack.append(Pass(entry))
                try:
                    yield
                finally:
                    self.stack.clear()
                    self.quiet = 0

    # ---- activations

    def before(self, applied: Applied) -> None:
        site = self._site(applied)
        if site is None:
            return
        watched = self.seen.of(site)
        counter = self.seen.functions.get(self._identity(applied), applied.function)
        if counts(watched, applied, counter, site.channel_dim, self.seen.chosen, self.step):
            applied.state = watched

    def after(self, applied: Applied, y: Tensor) -> Tensor:
        watched: Watched | None = applied.state
        if watched is not None and y.shape == applied.x.shape:
            watched.made(y, self.step)
        return y

    def _site(self, applied: Applied) -> Site | None:
        if not applied.base or applied.key is None or applied.name == "glu":
            return None
        if self.seen.knows(applied):
            return self.seen.site(applied)
        if applied.name in calls.WAVES and applied.module is None and self.seen.bound:
            return self.seen.add(applied, None)  # positions, as far as is known
        return self.seen.new(applied)

    def _identity(self, applied: Applied) -> Any:
        return None if applied.module is None else self.tree.original(applied.module)

    def _attribute(self, held: Held, x: Tensor, compute: Callable[[Tensor], Any]) -> Any:
        step = self.caller()
        if self.quiet or step is None or step.module is not held.owner:
            return compute(x)
        base = f"{self.tree.names[held.owner]}.{held.key}".lstrip(".")
        step.counts[base] = call = step.counts.get(base, 0) + 1
        function = self.seen.functions.get((held.owner, held.key), _failing)
        applied = Applied(
            base, call, "function", held.owner, held.name, x, function, None, False,
            held.owner.training,
        )  # fmt: skip
        self.place_in_code(applied, step)
        with self.aside():
            self.before(applied)
        with self.unheard():
            y = compute(x)
        if not isinstance(y, Tensor):
            return y
        with self.aside():
            return self.after(applied, y)


def counts(
    watched: Watched,
    applied: Applied,
    function: Callable[[Tensor], Tensor],
    found: int | None,
    chosen: Callable[[str], int | None] | int | None,
    step: int,
) -> bool:
    """Count an input, and tell whether the output counts too.

    Args:
        watched: of the site. applied: what happens. function: what computes slopes.
        found: the dimension of units. chosen: the one that a caller gave, or by names.
        step: the number of the step.
    """
    x = applied.x

    def make() -> Meter:
        wanted = chosen(watched.site.name) if callable(chosen) else chosen
        watched.known = applied.known
        relu = applied.name in ("relu", "ReLU") and _is_relu(applied)
        return Meter(x, dimension(wanted, found, x), steady(applied, function), relu)

    return watched.given(x, step, make)


def _is_relu(applied: Applied) -> bool:
    known = applied.known()
    return known is not None and known.definition is not None and known.definition.name == "relu"


def _failing(x: Tensor) -> Tensor:
    raise RuntimeError("the function in the attribute was not there at the first look")


def steady(applied: Applied, function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The function without chance: a random leaky slope is replaced by its mean.

    Measuring must not draw from the generators that the model draws from.
    """
    if applied.name not in ("rrelu", "RReLU"):
        return function
    module = applied.module
    lower, upper = getattr(module, "lower", 1 / 8), getattr(module, "upper", 1 / 3)
    return lambda x: functional.leaky_relu(x, (lower + upper) / 2)
