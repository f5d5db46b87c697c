"""Looking at every site during one step of a run that goes on as if nobody looked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab.diagnose.meter import Meter
from actlab.init.nonlinearity import Nonlinearity
from actlab.surgery.applied import Applied, Pass
from actlab.surgery.attributes import Held, held_functions, intercepted
from actlab.surgery.axes import default_dim
from actlab.surgery.collect import Bound
from actlab.surgery.find import Found
from actlab.surgery.known import known_activations
from actlab.surgery.listen import Listener
from actlab.surgery.site import Site

Key = tuple[str, bool, int]
"""A place or function, whether its owner is in training, and the number of the call."""


@dataclass(eq=False, slots=True)
class Watched:
    """One site and what is counted there."""

    site: Site
    order: int
    meter: Meter | None = None
    known: Callable[[], Nonlinearity | None] = field(default=lambda: None)


class Watch(Listener):
    """Counts at the sites of a model.

    Args:
        found: the model's sites, from a run on like inputs.
        watched: what is counted, by site name; grows as sites are met.
        axes: for some sites, by pattern, the dimension of units.
    """

    def __init__(
        self, found: Found, watched: dict[str, Watched], axes: Callable[[str], int | None]
    ) -> None:
        tree = found.tree
        self.known = known_activations(tree)
        whole = {one.module for one in found.bound if one.module is not None}
        super().__init__(found.model, tree, self.known | whole)
        self.watched = watched
        self.axes = axes
        self.step = 0
        self.by_key: Mapping[Key, Bound] = {
            (one.base, training, call): one
            for one in found.bound
            for training, call in one.ordinals.items()
        }
        attributes = {
            (one.owner, one.place.key)
            for one in found.bound
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
        with self.tree.separated(self.known), intercepted(self.held, self._attribute):
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
        watched = self._of(applied)
        if watched is None:
            return
        x = applied.x
        if watched.meter is None and x.numel():
            dim = self.axes(watched.site.name)
            if dim is None:
                dim = watched.site.channel_dim
            elif x.dim():
                dim %= x.dim()
            if dim is not None and dim >= x.dim():
                dim = default_dim(x)
            relu = watched.site.activation == "relu" and applied.name in ("relu", "ReLU")
            watched.meter = Meter(x, dim, _steady(applied), relu)
            watched.known = applied.known
        meter = watched.meter
        if meter is None:
            return
        if not meter.fits(x):
            meter.skipped += 1
            return
        with torch.no_grad():
            meter.before(x, self.step)
        applied.state = meter

    def after(self, applied: Applied, y: Tensor) -> Tensor:
        meter = applied.state
        if meter is None or y.shape != applied.x.shape:
            return y
        with torch.no_grad():
            meter.after(y, self.step)
        if y.requires_grad:
            y.register_hook(meter.gradient)
        return y

    def _of(self, applied: Applied) -> Watched | None:
        """What is counted where this happens; None for what is no site."""
        bound = self.by_key.get((applied.base, applied.training, applied.call))
        if bound is None:
            bound = self.by_key.get((applied.base, not applied.training, applied.call))
        if bound is not None:
            site = bound.site
            if site.how in ("written out", "hidden") or applied.name == "glu":
                return None
            return self.watched.setdefault(site.name, Watched(site, len(self.watched)))
        return self._newly_met(applied)

    def _newly_met(self, applied: Applied) -> Watched | None:
        """A place that the first run did not come by: another branch, or a longer loop."""
        if applied.name == "glu" or not applied.base:
            return None
        name = f"{applied.base}#{applied.call}" if applied.call > 1 else applied.base
        if name not in self.watched:
            known = applied.known()
            label = known.label if known is not None else applied.name
            dim = default_dim(applied.x)
            site = Site(
                name, label, label.partition("(")[0], how=applied.how,
                owner=self.tree.names.get(applied.owner, ""), call=applied.call,
                shape=tuple(applied.x.shape), channel_dim=dim,
            )  # fmt: skip
            self.watched[name] = Watched(site, len(self.watched))
        return self.watched[name]

    def _attribute(self, held: Held, x: Tensor, compute: Callable[[Tensor], Any]) -> Any:
        step = self.caller()
        if self.quiet or step is None or step.module is not held.owner:
            return compute(x)
        base = f"{self.tree.names[held.owner]}.{held.key}".lstrip(".")
        step.counts[base] = call = step.counts.get(base, 0) + 1
        applied = Applied(
            base, call, "function", held.owner, held.name, x, _out_of_place(compute), None, False,
            held.owner.training,
        )  # fmt: skip
        with self.aside():
            self.before(applied)
        with self.unheard():
            y = compute(x)
        if not isinstance(y, Tensor):
            return y
        with self.aside():
            return self.after(applied, y)


def _out_of_place(compute: Callable[[Tensor], Any]) -> Callable[[Tensor], Tensor]:
    return lambda x: compute(x.clone())


def _steady(applied: Applied) -> Callable[[Tensor], Tensor]:
    """The function without chance: a random leaky slope is replaced by its mean.

    Measuring must not draw from the generators that the model draws from.
    """
    if applied.name not in ("rrelu", "RReLU"):
        return applied.function
    module = applied.module
    lower, upper = getattr(module, "lower", 1 / 8), getattr(module, "upper", 1 / 3)
    return lambda x: functional.leaky_relu(x, (lower + upper) / 2)
