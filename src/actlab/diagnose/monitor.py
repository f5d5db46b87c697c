"""Watching a training run: one step in so many is looked at, and the others cost nothing."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from types import FrameType, TracebackType
from typing import Any

import torch
from torch import nn

from actlab.diagnose.clock import Clock
from actlab.diagnose.first import FirstLook, first_look
from actlab.diagnose.report import Report
from actlab.diagnose.running import Running, calling, entries
from actlab.diagnose.seen import Chosen, Seen
from actlab.diagnose.summarise import scalars_of, summarise
from actlab.diagnose.watch import Watch
from actlab.init.arguments import check_model
from actlab.init.hook import Hook
from actlab.init.isolation import DEPTH, apart
from actlab.surgery.inputs import Inputs
from actlab.surgery.tree import unwrapped


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
        self.axes = Chosen(axes)
        self.warnings: list[str] = []
        self.seen = Seen(inner, self.axes)
        self._handles: list[Callable[[], None]] = []
        self._running: Running | None = None
        self._depth = DEPTH.get()
        self._open: contextlib.ExitStack | None = None
        self._first: FirstLook | None = None
        self._watch: Watch | None = None
        self._calls: Counter[nn.Module] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget what was counted so far; which steps are looked at stays as it was."""
        self.steps = self.observed = 0
        self._before = dict(self._calls)
        self._looks: Counter[nn.Module] = Counter()
        self.seen.watched = {}
        self._clock = Clock(self.every)

    # ---- starting and stopping

    def start(self) -> Monitor:
        """Begin to watch; does nothing where it has begun."""
        if self._handles:
            return self
        # Runs of others, which leave no trace in the model, are none of its steps.
        self._depth = DEPTH.get()
        for entry in entries(self.outer, self.model):
            self._attach(entry)
        return self

    def close(self) -> None:
        """Stop watching and leave no trace in the model; what was counted stays."""
        self._end()
        while self._handles:
            self._handles.pop()()
        self._clock.pause()

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
        return self.summary(self.steps, self.overhead(), given_loss=True)

    def summary(
        self,
        steps: int,
        overhead: tuple[float | None, float | None, float | None],
        *,
        given_loss: bool,
    ) -> Report:
        """The report with a number of steps and an overhead that the caller knows.

        Args:
            steps: passes seen. overhead: as ``overhead`` has it.
            given_loss: whether gradients are those of a loss.
        """
        with apart():  # a report may be asked for in the middle of a step
            return summarise(
                type(self.model).__name__, self.seen.watched, self.seen.bound, steps,
                self.observed, self.every, *overhead, given_loss=given_loss,
                warnings=[*self.warnings, *self.seen.unmatched()],
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
        return self._clock.overhead()

    # ---- the run

    def _attach(self, entry: nn.Module) -> None:
        compiled = getattr(entry, "_compiled_call_impl", None)
        if compiled is not None:
            # Hooks of a module compiled in place would be compiled with it.
            entry._compiled_call_impl = self._around(entry, compiled)
            self._handles.append(lambda: setattr(entry, "_compiled_call_impl", compiled))
            return
        begin, after = Hook(self._begin), Hook(self._after)
        before = entry.register_forward_pre_hook(begin, with_kwargs=True)
        # In front of those of others who began before: what was opened last is closed first.
        behind = entry.register_forward_hook(after, always_call=True, prepend=True)
        self._handles += [before.remove, behind.remove]

    def _around(self, entry: nn.Module, compiled: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe()
            self._begin(entry, args, kwargs, frame)
            output = None
            try:
                if self._open is not None:
                    output = entry._call_impl(*args, **kwargs)
                else:
                    output = compiled(*args, **kwargs)
                return output
            finally:
                self._ended(frame, output)

        return call

    def _begin(
        self, module: nn.Module, args: Any, kwargs: Any, frame: FrameType | None = None
    ) -> None:
        if DEPTH.get() != self._depth or not self._handles:
            return
        if self._running is not None:
            if self._running.elsewhere() or not self._running.over():
                return  # part of what is under way
            self._end()  # it was interrupted
        if not (module.training or self.evaluation):
            return
        if torch._C._current_graph_task_id() >= 0:
            return  # a checkpoint computes once more, in the middle of a backward pass
        if torch._C._functorch.peek_interpreter_stack() is not None:
            self._note("passes inside a transform of torch.func, such as vmap, are not looked at")
            return
        self._running = Running(calling() if frame is None else frame)
        try:
            self._step(module, Inputs(args, kwargs))
        except Exception as error:  # somebody's modules must not stop their training run
            self._warn(error)

    def _step(self, module: nn.Module, inputs: Inputs) -> None:
        # Parts that are called one by one are looked at in the same step, each by its own count.
        step = self._calls[module] - self._before.get(module, 0)
        observed = self._calls[module] % self.every == 0
        if observed and not self.seen.current():
            self.seen.renew()
            self._watch = None
        first = observed and module not in self.seen.looked
        self._clock.called(module, observed, first)
        self._calls[module] += 1
        self.steps = max(self.steps, step + 1)
        if not observed:
            return
        self._looks[module] += 1
        self.observed = max(self._looks.values())
        entry = unwrapped(module)
        with contextlib.ExitStack() as opened:
            if first:
                self.seen.looked.add(module)
                look = first_look(self.seen, step, entry, inputs)
                self._first = opened.enter_context(look)
            else:
                with apart():
                    self._watch = self._watch or Watch(self.seen)
                opened.enter_context(self._watch.watching(step, entry))
            self._open = opened.pop_all()

    def _warn(self, error: Exception) -> None:
        text = " ".join(str(error).split()) or "no message"
        self._note(f"a step could not be looked at in full: {type(error).__name__}: {text[:200]}")

    def _note(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _after(self, module: nn.Module, args: Any, output: Any) -> None:
        self._ended(calling(), output)

    def _ended(self, frame: FrameType, output: Any) -> None:
        if self._running is not None and self._running.frame is frame:
            self._end(output)

    def _end(self, output: Any = None) -> None:
        self._running = None
        opened, self._open = self._open, None
        look, self._first = self._first, None
        try:
            if opened is not None:
                opened.close()
        except Exception as error:
            self._warn(error)
        if look is not None:
            look.finish(output)
            self._watch = None
            for error in [*look.errors, *look.failures][:1]:
                self._warn(error)


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
