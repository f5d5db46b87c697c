"""What is known of a model's sites: names, dimensions of units, what is counted at each."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _get_current_dispatch_mode, _pop_mode_temporarily

from actlab.diagnose.meter import Meter
from actlab.init.hook import Hook
from actlab.init.isolation import Aware
from actlab.init.nonlinearity import Nonlinearity
from actlab.surgery.applied import Applied, countable
from actlab.surgery.axes import default_dim
from actlab.surgery.collect import Bound
from actlab.surgery.site import Site
from actlab.surgery.tree import Tree


@dataclass(eq=False, slots=True)
class Watched:
    """One site and what is counted there.

    Nothing that goes wrong in counting may reach the model: ``failure`` keeps what did.
    """

    site: Site
    order: int
    meter: Meter | None = None
    known: Callable[[], Nonlinearity | None] = field(default=lambda: None)
    failure: str = ""

    def given(self, x: Tensor, step: int, make: Callable[[], Meter]) -> bool:
        """Count an input, and tell whether the output counts too."""
        if self.failure or torch._C._functorch.peek_interpreter_stack() is not None:
            return False  # a transform of torch.func allows no slopes to be computed
        try:
            with _direct(), _recording():
                if self.meter is None:
                    if not x.numel():
                        return False
                    self.meter = make()
                if not self.meter.fits(x):
                    self.meter.skipped += 1
                    return False
                self.meter.before(x, step)
        except Exception as error:
            self.fail(error)
            return False
        return True

    def made(self, y: Tensor, step: int) -> None:
        """Count an output, and its gradient when it comes."""
        if self.failure or self.meter is None:
            return
        try:
            with _direct(), _recording():
                self.meter.after(y, step)
            if y.requires_grad:
                y.register_hook(Hook(self.gradient))
        except Exception as error:
            self.fail(error)

    def gradient(self, gradient: Tensor) -> None:
        """Count a gradient."""
        if self.failure or self.meter is None or not countable(gradient):
            return
        try:
            self.meter.gradient(gradient)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Stop counting here."""
        text = " ".join(str(error).split()) or "no message"
        self.failure = f"counting failed: {type(error).__name__}: {text[:200]}"


@contextlib.contextmanager
def _outside_inference() -> Iterator[None]:
    with torch.inference_mode(False), torch.no_grad():
        yield


def _recording() -> contextlib.AbstractContextManager[Any]:
    """Without gradients; and not in inference mode, since training goes on with what is counted."""
    return _outside_inference() if torch.is_inference_mode_enabled() else torch.no_grad()


@contextlib.contextmanager
def _direct() -> Iterator[None]:
    """Without the detour over the mode that is there to have activations seen."""
    if isinstance(_get_current_dispatch_mode(), Aware):
        with _pop_mode_temporarily():
            yield
    else:
        yield


class Chosen:
    """The dimensions of units that a caller gave, by patterns of site names.

    Raises:
        TypeError: not a mapping from patterns to integers.
    """

    def __init__(self, axes: Mapping[str, int] | None) -> None:
        if not isinstance(axes, Mapping | None):
            raise TypeError(f"axes must be a mapping from names to dimensions, got {axes!r}")
        self.given = dict(axes or {})
        for pattern, dim in self.given.items():
            if not isinstance(pattern, str) or isinstance(dim, bool) or not isinstance(dim, int):
                raise TypeError(
                    "axes maps names of sites to dimensions, such as {'encoder.*': -1}, got "
                    f"{pattern!r}: {dim!r}"
                )

    def __call__(self, name: str) -> int | None:
        """The dimension for a site; None where none was given."""
        for pattern, dim in self.given.items():
            if fnmatch.fnmatchcase(name, pattern):
                return dim
        return None

    def without_site(self, names: Iterable[str]) -> list[str]:
        """The patterns that fit none of these names."""
        known = list(names)
        return [p for p in self.given if not any(fnmatch.fnmatchcase(n, p) for n in known)]


class Seen:
    """The sites of a model that were met so far, each by the place in the code it is at.

    Args:
        model: without wrappers. chosen: dimensions that a caller gave.

    Attributes:
        bound: the sites as ``collect`` has them. functions: of modules and attributes that are
            activations by what they compute, what that is. watched: what is counted, by name.
        names: of all that were met. looked: the modules whose calls were looked at once.
    """

    def __init__(self, model: nn.Module, chosen: Chosen) -> None:
        self.model, self.chosen = model, chosen
        self.watched: dict[str, Watched] = {}
        self._sites: dict[Hashable, Site | None] = {}
        self._at: dict[Hashable, tuple[Site | None, bool]] = {}
        self.names: set[str] = set()
        self.renew()

    def renew(self) -> None:
        """Begin anew with the modules that the model has now; names stay."""
        self.tree = Tree(self.model)
        self.bound: list[Bound] = []
        self.whole: set[nn.Module] = set()
        self.functions: dict[Hashable, Callable[[Tensor], Tensor]] = {}
        self.looked: set[nn.Module] = set()
        self._built = self._structure()

    def current(self) -> bool:
        """Whether the model has the modules it had."""
        return self._built == self._structure()

    def _structure(self) -> list[tuple[str, int]]:
        # Twins, which stand in for a module while somebody looks, have its state.
        named = self.model.named_modules(remove_duplicate=False)
        return [(name, id(module.__dict__)) for name, module in named]

    def knows(self, applied: Applied) -> bool:
        """Whether a place was met before."""
        if applied.key in self._sites:
            return True
        # In the other mode other modules may run before it.
        at = (applied.base, applied.name, applied.where)
        site, training = self._at.get(at, (None, applied.training))
        if training is applied.training:
            return False
        self._sites[applied.key] = site
        return True

    def site(self, applied: Applied) -> Site | None:
        """The site at a place that is known; None if it is none."""
        return self._sites[applied.key]

    def add(self, applied: Applied, site: Site | None) -> Site | None:
        """Remember a place, under a name that no other has."""
        if site is not None:
            name, number = site.name, site.call
            while name in self.names:
                number += 1
                name = f"{applied.base}#{number}"
            self.names.add(name)
            site = replace(site, name=name)
        self._sites[applied.key] = site
        at = (applied.base, applied.name, applied.where)
        self._at.setdefault(at, (site, applied.training))
        return site

    def unmatched(self) -> list[str]:
        """What to say of patterns for dimensions that fit no site."""
        names = {one.site.name for one in self.bound} | self.names
        patterns = self.chosen.without_site(names) if self.looked else []
        return [f"axes: {pattern!r} matches no site" for pattern in patterns]

    def of(self, site: Site) -> Watched:
        """What is counted at a site."""
        if site.name not in self.watched:
            self.watched[site.name] = Watched(site, len(self.watched))
        return self.watched[site.name]

    def new(self, applied: Applied) -> Site | None:
        """A place that a first look did not come by: another branch, or a longer loop."""
        known = applied.known()
        label = known.label if known is not None else applied.name
        name = f"{applied.base}#{applied.call}" if applied.call > 1 else applied.base
        return self.add(applied, Site(
            name, label, label.partition("(")[0], how=applied.how,
            owner=self.tree.names.get(applied.owner, ""), call=applied.call,
            shape=tuple(applied.x.shape), channel_dim=default_dim(applied.x),
            location=applied.shown,
        ))  # fmt: skip


def dimension(chosen: int | None, found: int | None, x: Tensor) -> int | None:
    """The dimension of units of a value: what was chosen for it, or else was found."""
    dim = found if chosen is None else chosen % x.dim() if x.dim() else chosen
    return default_dim(x) if dim is not None and dim >= x.dim() else dim
