"""A Lightning callback that watches the activations of a training run.

``MonitorCallback`` is made when it is first asked for, since it derives from a class of
pytorch-lightning, which importing this module does not import.
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


class LightningHooks:
    """Watch the activations while Lightning trains, and log what is found.

    Numbers go to all loggers of the trainer, under names that begin with ``actlab/``. Each covers
    the forward passes looked at since the ones before; those of validation are not looked at.
    After the run, and after one that an error ended, the model is as it was.

    Args:
        every: one forward pass in how many is looked at.
        log_every_n_steps: how often numbers are logged. Default: as often as the trainer logs.
        html: a page to write at the end, of the last window that was logged, or of the steps
            before an error. Its folder must exist.
        stop_on_nonfinite: whether to end training, with a warning that names the place, when
            logging finds that NaN or infinities came up.
        module: the part of the LightningModule to watch, such as ``"model"``. Needed where
            ``training_step`` calls that part only. Default: all of it.

    Attributes:
        report: of the last window that was logged; None before the first.

    Raises:
        TypeError, ValueError: a number is not a positive integer, or no page can be written there.

    Example::

        trainer = Trainer(callbacks=[MonitorCallback(every=10, html="activations.html")])
        trainer.fit(model, data)
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
        self._seen = False
        self._step = 0
        self._logged = 0

    @property
    def report(self) -> Report | None:
        """Of the last window that was logged; None before the first."""
        return self._windows.report

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Start to watch: the model is complete and on its device by now."""
        self._windows.open(pl_module)
        self._seen = False
        self._step = trainer.global_step
        self._logged = _batches(trainer)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        """Log where it is time to.

        Raises:
            ValueError: the first batch went past the module that is watched.
        """
        self._require_steps(pl_module)
        if trainer.global_step == self._step:
            return  # gradients are still being summed up
        self._step = trainer.global_step
        interval = self._windows.interval or trainer.log_every_n_steps
        batches = _batches(trainer) + 1
        # Lightning's 0 is never.
        if interval and batches // interval > self._logged // interval:
            self._log(trainer, batches)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Stop watching, and write the page."""
        self._windows.close(page=trainer.is_global_zero)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Stop watching, and write the page of what led to the error."""
        self._windows.close(failed=True, page=trainer.is_global_zero)

    def _require_steps(self, pl_module: Any) -> None:
        if not self._seen and not self._windows.steps:
            name = type(pl_module).__name__
            has = ", ".join(child for child, _ in pl_module.named_children())
            raise ValueError(
                f"no forward pass was seen in the first batch: training_step of {name} does not "
                f"call what is watched; name what it calls, as MonitorCallback(module=...) has it; "
                f"modules of {name}: {has}"
            )
        self._seen = True

    def _log(self, trainer: Any, batches: int) -> None:
        found = self._windows.read()
        if not found:
            return
        self._logged = batches
        for logger in trainer.loggers:
            # The step at which Lightning logs what `training_step` logs.
            logger.log_metrics(found, step=batches - 1)
        if self._stop:
            faults = self._windows.faults()
            if trainer.strategy.reduce_boolean_decision(bool(faults), all=False):
                trainer.should_stop = True
            if faults:
                warnings.warn(
                    f"actlab stops training at step {trainer.global_step}: {faults}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def _batches(trainer: Any) -> int:
    """Batches that stepped, which Lightning's loggers and its own callbacks count by."""
    return trainer.fit_loop.epoch_loop._batches_that_stepped


@functools.cache
def _callback() -> type:
    """``LightningHooks`` as the Callback that the installed Lightning wants."""
    for package in ("pytorch_lightning", "lightning"):
        if importlib.util.find_spec(package):
            break
    else:
        raise MissingExtraError("MonitorCallback for Lightning", "lightning")
    if package == "pytorch_lightning":
        from pytorch_lightning import Callback
    else:
        from lightning.pytorch import Callback
    contents = {"__doc__": LightningHooks.__doc__, "__module__": __name__}
    return type("MonitorCallback", (LightningHooks, Callback), contents)


def __getattr__(name: str) -> Any:
    if name == "MonitorCallback":
        return _callback()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
