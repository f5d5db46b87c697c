"""A callback of the transformers Trainer that watches the activations of a training run.

``MonitorCallback`` is made when it is first asked for, since it derives from a class of
transformers, which importing this module does not import.
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from pathlib import Path
from typing import Any

from actlab.core import MissingExtraError
from actlab.diagnose.report import Report
from actlab.diagnose.trackers import Windows


class TrainerHooks:
    """Watch the activations while a transformers Trainer trains, and log what is found.

    The numbers join the Trainer's own, loss and learning rate, under names that begin with
    ``actlab/``: in ``state.log_history`` and in whatever ``report_to`` names. Each covers the
    forward passes looked at since the ones before; those of evaluation are not looked at.

    The Trainer calls those who report before any of its ``callbacks``, so pass this one to
    ``attach`` instead.

    Args:
        every: one forward pass in how many is looked at.
        log_every_n_steps: steps from one set of numbers to the next, at least; they come when
            the Trainer logs. Default: every time it does.
        html: a page to write at the end, of the last window that was logged, or of the steps
            before an error. Its folder must exist.
        stop_on_nonfinite: whether to end training, with a warning that names the place, when
            logging finds that NaN or infinities came up.
        module: the part of the model to watch, by its name. Default: all of it.

    Attributes:
        report: of the last window that was logged; None before the first.

    Raises:
        TypeError, ValueError: a number is not a positive integer, or no page can be written there.

    Example::

        trainer = Trainer(model, TrainingArguments("out", report_to="tensorboard"), ...)
        with MonitorCallback(every=10).attach(trainer):
            trainer.train()
    """

    def __init__(
        self,
        every: int = 10,
        log_every_n_steps: int | None = None,
        html: str | Path | None = None,
        stop_on_nonfinite: bool = False,
        module: str | None = None,
    ) -> None:
        super().__init__()
        self._windows = Windows(every, log_every_n_steps, html, module)
        self._stop = stop_on_nonfinite
        self._in_front = False
        self._logged = 0
        self._page = True

    @property
    def report(self) -> Report | None:
        """Of the last window that was logged; None before the first."""
        return self._windows.report

    def attach(self, trainer: Any) -> Any:
        """Have a Trainer call this callback, before all others.

        Args:
            trainer: a ``transformers.Trainer``, or one of a class that derives from it.

        Returns:
            The callback itself. As a context manager, it stops watching also where an error ends
            the training, of which the Trainer tells its callbacks nothing.
        """
        callbacks = trainer.callback_handler.callbacks
        if self not in callbacks:
            # As `trainer.add_callback` has it, but at the other end.
            callbacks.insert(0, self)
        else:
            callbacks.insert(0, callbacks.pop(callbacks.index(self)))
        self._in_front = True
        return self

    def close(self) -> None:
        """Stop watching, which leaves the model as it was; for a run that an error ended."""
        self._windows.close(failed=True, page=self._page)

    def __enter__(self) -> TrainerHooks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Start to watch.

        Raises:
            ValueError: trackers report before this callback is called.
        """
        if args.report_to and not self._in_front:
            raise ValueError(
                f"MonitorCallback was passed as one of the callbacks, which come after those that "
                f"report to {', '.join(args.report_to)}: leave it out there, and call "
                f"MonitorCallback(...).attach(trainer)"
            )
        self._page = state.is_world_process_zero
        self._logged = state.global_step
        self._windows.open(given["model"])

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Add the numbers to what is being logged."""
        # Evaluations and the summary at the end are logged too.
        if logs is None or "loss" not in logs:
            return
        if state.global_step - self._logged < (self._windows.interval or 1):
            return
        found = self._windows.read()
        if not found:
            return
        self._logged = state.global_step
        logs.update(found)
        # The Trainer has put a copy of the logs there, just before.
        state.log_history[-1].update(found)
        if self._stop:
            faults = self._windows.faults()
            if _anywhere(bool(faults), args.device):
                control.should_training_stop = True
            if faults:
                warnings.warn(
                    f"actlab stops training at step {state.global_step}: {faults}",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop watching, and write the page."""
        self._windows.close(page=self._page)


def _anywhere(found: bool, device: Any) -> bool:
    """Whether it was found in any process: all have to stop together."""
    import torch
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return found
    flag = torch.tensor(float(found), device=device)
    distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
    return bool(flag.item())


@functools.cache
def _callback() -> type:
    """``TrainerHooks`` as a TrainerCallback."""
    if not importlib.util.find_spec("transformers"):
        raise MissingExtraError("MonitorCallback for transformers", "hf")
    from transformers import TrainerCallback

    contents = {"__doc__": TrainerHooks.__doc__, "__module__": __name__}
    return type("MonitorCallback", (TrainerHooks, TrainerCallback), contents)


def __getattr__(name: str) -> Any:
    if name == "MonitorCallback":
        return _callback()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
