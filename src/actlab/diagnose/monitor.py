"""Watching a training run: one step in so many is looked at, and the others cost nothing."""

from __future__ import annotations

import contextlib
import fnmatch
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

import torch
from torch import nn

from actlab.diagnose.report import Report
from actlab.diagnose.summarise import scalars_of, summarise
from actlab.diagnose.watch import Watch, Watched
from actlab.init.arguments import check_model
from actlab.surgery.find import Found, found_from
from actlab.surgery.inputs import Inputs
from actlab.surgery.tree import COMPILED, Tree, unwrapped

MOST_TIMES = 512
"""Durations of steps that are remembered, for the overhead."""


class Monitor:
    """Counts what happens at the activations of a model while it trains.

    As a context manager it watches for the time of the block. Accumulators live on the model's
    device and are read by ``report`` and ``scalars`` alone.

    Attributes:
        steps: forward passes seen since the start or the last ``reset``; where a step calls parts
            of the model and not the model, those of the part called most often. observed: of
            these, how many were looked at. every: one in how many is.
    """

    def __init__(
        self,
        model: nn.Module,
        every: int = 10,
        *,
        axes: Mapping[str, int] | None = None,
        evaluation: bool = False,
    ) -> None:
        inner = unwrapped(model)
        check_model(inner)
        if isinstance(every, bool) or not isinstance(every, int):
            raise TypeError(f"every must be an integer, got {every!r}")
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.outer, self.model, self.every = model, inner, every
        self.evaluation = evaluation
        self.axes = checked_axes(axes)
        self.warnings: list[str] = []
        self._handles: list[Callable[[], None]] = []
        self._inside = 0
        self._open: contextlib.ExitStack | None = None
        self._found: dict[nn.Module, Found] = {}
        self._watches: dict[nn.Module, Watch] = {}
        self._calls: Counter[nn.Module] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget what was counted so far; which steps are looked at stays as it was."""
        self.steps = self.observed = 0
        self._before = dict(self._calls)
        self._looks: Counter[nn.Module] = Counter()
        self._watched: dict[str, Watched] = {}
        self._watches.clear()
        self._times: dict[bool, list[float]] = {True: [], False: []}
        self._last: tuple[float, bool] | None = None
        self._timed: nn.Module | None = None

    # ---- starting and stopping

    def start(self) -> Monitor:
        """Begin to watch; does nothing where it has begun."""
        if self._handles:
            return self
        for entry in self._entries():
            self._attach(entry)
        return self

    def close(self) -> None:
        """Stop watching and leave no trace in the model; what was counted stays."""
        self._end()
        while self._handles:
            self._handles.pop()()
        self._last = None

    def __enter__(self) -> Monitor:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    # ---- results

    def report(self) -> Report:
        """What was found so far; waits for the device."""
        every = [one for found in self._found.values() for one in found.bound]
        return summarise(
            type(self.model).__name__, self._watched, every, self.steps, self.observed, self.every,
            *self.overhead(), given_loss=True, warnings=self.warnings,
        )  # fmt: skip

    def scalars(self) -> dict[str, float]:
        """The numbers of the report by name, for loggers; NaN for what is not known."""
        return scalars_of(self.report())

    def overhead(self) -> tuple[float | None, float | None, float | None]:
        """What watching added to the time of all steps, and the median times in seconds.

        Returns:
            The share; the median time of a step that was not looked at, and of one that was. A
            step counts from one forward pass to the next. The first look, in which the sites are
            found, is not counted. None where there were fewer than three of a kind.
        """
        plain, looked = (
            statistics.median(times) if len(times) >= 3 else None
            for times in (self._times[False], self._times[True])
        )
        if plain is None or looked is None or plain <= 0:
            return None, plain, looked
        return max(looked - plain, 0.0) / (plain * self.every), plain, looked

    # ---- the run

    def _entries(self) -> Iterator[nn.Module]:
        """The model, and its parts that a training step may call without calling the model."""
        yield self.outer if COMPILED in self.outer._modules else self.model
        if COMPILED in self.outer._modules or self.model._compiled_call_impl is not None:
            return
        waiting = list(self.model.children())
        while waiting:
            part = waiting.pop(0)
            if isinstance(part, nn.ModuleList | nn.ModuleDict):
                waiting += part.children()
            elif not isinstance(part, torch.jit.ScriptModule) and next(part.children(), None):
                yield part

    def _attach(self, entry: nn.Module) -> None:
        compiled = getattr(entry, "_compiled_call_impl", None)
        if compiled is not None:
            # Hooks of a module compiled in place would be compiled with it.
            entry._compiled_call_impl = self._around(entry, compiled)
            self._handles.append(lambda: setattr(entry, "_compiled_call_impl", compiled))
            return
        before = entry.register_forward_pre_hook(self._begin, with_kwargs=True)
        after = entry.register_forward_hook(self._after, always_call=True)
        self._handles += [before.remove, after.remove]

    def _around(self, entry: nn.Module, compiled: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._begin(entry, args, kwargs)
            try:
                if self._open is not None and self._inside == 1:
                    return entry._call_impl(*args, **kwargs)
                return compiled(*args, **kwargs)
            finally:
                self._after()

        return call

    def _begin(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._inside:
            self._inside += 1
            return
        if not (module.training or self.evaluation):
            return
        if torch._C._current_graph_task_id() >= 0:
            return  # a checkpoint computes once more, in the middle of a backward pass
        self._inside = 1
        # Parts that are called one by one are looked at in the same step, each by its own count.
        step = self._calls[module] - self._before.get(module, 0)
        observed = self._calls[module] % self.every == 0
        first = observed and module not in self._found
        self._clock(module, observed, first)
        self._calls[module] += 1
        self.steps = max(self.steps, step + 1)
        if not observed:
            return
        self._looks[module] += 1
        self.observed = max(self._looks.values())
        entry = unwrapped(module)
        if first:
            inputs = Inputs(args, kwargs)
            self._found[module] = self._sites(entry, inputs)
        if module not in self._watches:
            self._watches[module] = Watch(self._found[module], self._watched, self.axes)
        self._open = contextlib.ExitStack()
        self._open.enter_context(self._watches[module].watching(step, entry))

    def _sites(self, entry: nn.Module, inputs: Inputs) -> Found:
        """The sites, from one more run; what fails there must not stop a training run."""
        try:
            return found_from(self.model, entry, inputs)
        except Exception as error:  # somebody's code, which may raise anything
            self.warnings.append(
                "the model could not be run once more to see which layers precede its "
                f"activations, so units are guessed from shapes: {error}"
            )
            return Found(self.model, Tree(self.model), [])

    def _after(self, *rest: Any) -> None:
        if self._inside:
            self._inside -= 1
        if not self._inside:
            self._end()

    def _end(self) -> None:
        self._inside = 0
        if self._open is not None:
            opened, self._open = self._open, None
            opened.close()

    def _clock(self, module: nn.Module, observed: bool, first: bool) -> None:
        """Take the time from one call of the first part that is called to its next."""
        if self._timed is None:
            self._timed = module
        if module is not self._timed:
            return
        now = time.perf_counter()
        if self._last is not None:
            times = self._times[self._last[1]]
            if len(times) < MOST_TIMES:
                times.append(now - self._last[0])
        self._last = None if first else (now, observed)


def monitor(
    model: nn.Module,
    every: int = 10,
    *,
    axes: Mapping[str, int] | None = None,
    evaluation: bool = False,
) -> Monitor:
    """Watch the activations of a model while it trains.

    Args:
        model: any module, compiled or wrapped ones too.
        every: one in how many forward passes is looked at. Default: 10.
        axes: for sites by name or pattern, the dimension along which units lie, where what is
            found from the layers before is wrong. Default: none.
        evaluation: look at passes in evaluation mode too. Default: False.

    Returns:
        The monitor; use it in a ``with`` statement, or call ``start`` and ``close``.

    Raises:
        TypeError: ``model`` is no module, or ``every`` no integer.
        ValueError: ``every`` is below 1, or the model has parameters without memory.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab.diagnose import monitor
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> with torch.no_grad():
        ...     _ = model[0].bias[:3].fill_(-100)
        >>> with monitor(model, every=2) as watching:
        ...     for batch in torch.randn(4, 32, 4):
        ...         model(batch).square().mean().backward()
        >>> watching.report()["1"].dead_units
        (0, 1, 2)
    """
    return Monitor(model, every, axes=axes, evaluation=evaluation)


def checked_axes(axes: Mapping[str, int] | None) -> Callable[[str], int | None]:
    """Look-up of the dimension of units that a caller gave for a site.

    Raises:
        TypeError: not a mapping from patterns to integers.
    """
    given = dict(axes or {})
    for pattern, dim in given.items():
        if not isinstance(pattern, str) or isinstance(dim, bool) or not isinstance(dim, int):
            raise TypeError(
                f"axes maps names of sites to dimensions, such as {{'encoder.*': -1}}, got "
                f"{pattern!r}: {dim!r}"
            )

    def dimension(name: str) -> int | None:
        for pattern, dim in given.items():
            if fnmatch.fnmatchcase(name, pattern):
                return dim
        return None

    return dimension
