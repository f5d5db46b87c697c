"""The numbers of a diagnosis, on their way to whatever keeps the curves of a training run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from actlab.core import MissingExtraError
from actlab.diagnose.monitor import Monitor, monitor
from actlab.diagnose.report import Report
from actlab.diagnose.summarise import scalars_of

if TYPE_CHECKING:
    from torch import nn


class Reporting(Protocol):
    """What has a report to give, as a monitor has."""

    def report(self) -> Report:
        """What was found until now."""
        ...


class Run(Protocol):
    """A run of trackio, of wandb, or of anything else that takes numbers the same way."""

    def log(self, metrics: dict[str, Any], /, step: int | None = None) -> Any:
        """Keep numbers by name."""
        ...


def numbers(source: Report | Reporting, prefix: str = "actlab") -> dict[str, float]:
    """What a tracker draws curves of, by name; numbers that are not known are left out.

    Args:
        source: a report, or a monitor.
        prefix: the first part of every name.

    Returns:
        ``{"actlab/layer1.relu/dead": 61.0, ..., "actlab/gradient_decades": 2.1}``; ``alarms`` is
        how many findings were alarms.

    Example:
        >>> report = Report("Net", (), (), (), 90, 9, 10, gradient_decades=2.5, signal_decades=None)
        >>> numbers(report)
        {'actlab/gradient_decades': 2.5, 'actlab/alarms': 0.0}
    """
    return {
        f"{prefix}/{name}": value
        for name, value in scalars_of(_report(source)).items()
        if not math.isnan(value)
    }


def to_tensorboard(
    source: Report | Reporting, writer: Any, step: int, prefix: str = "actlab"
) -> None:
    """Write scalars, and for every site a histogram of how often its units had slope 0.

    A bar at 1 is dead units; bars that move towards it are units about to die.

    Args:
        source: a monitor, or a report.
        writer: a ``torch.utils.tensorboard.SummaryWriter``, or what has its methods.
        step: where on the axis of steps.
        prefix: the first part of every name.
    """
    report = _report(source)
    for name, value in numbers(report, prefix).items():
        writer.add_scalar(name, value, step)
    for site in report.sites:
        if site.unit_zero_slope:
            import numpy

            shares = numpy.asarray(site.unit_zero_slope, dtype=numpy.float64)
            writer.add_histogram(f"{prefix}/{site.name}/unit_zero_slope", shares, step)


def to_run(
    source: Report | Reporting, run: Run, step: int | None = None, prefix: str = "actlab"
) -> None:
    """Log numbers in one call to a run of wandb or trackio.

    Args:
        source: a monitor, or a report.
        run: what ``wandb.init`` or ``trackio.init`` returned: anything with ``log(dict, step=)``.
        step: where on the axis of steps. Default: the run's next one.
        prefix: the first part of every name.
    """
    run.log(numbers(source, prefix), step=step)


def to_trackio(
    source: Report | Reporting,
    run: Run | None = None,
    step: int | None = None,
    prefix: str = "actlab",
) -> None:
    """Log numbers in one call to trackio.

    Args:
        source: a monitor, or a report.
        run: what ``trackio.init`` returned. Default: the run that it made current.
        step: where on the axis of steps. Default: the run's next one.
        prefix: the first part of every name.

    Raises:
        MissingExtraError: trackio is not installed. RuntimeError: there is no current run.
    """
    if run is None:
        try:
            import trackio
        except ImportError as error:
            raise MissingExtraError("to_trackio without a run", "track") from error
        run = trackio
    to_run(source, run, step, prefix)


def _report(source: Report | Reporting) -> Report:
    if isinstance(source, Report):
        return source
    if callable(getattr(source, "report", None)):
        return source.report()
    raise TypeError(f"expected a monitor or a Report, got {type(source).__name__}")


class Windows:
    """A training run watched window by window, for the callbacks of trainers.

    A unit that dies halfway was alive before, and only a count that starts afresh can show it.
    So each reading covers what was looked at since the one before.

    Args:
        every: one forward pass in how many is looked at.
        interval: steps of training in a window; None for the trainer's.
        html: where a page is written at the end; None for nowhere.
        module: the part of the model to watch, by its name; None for all of it.

    Attributes:
        report: of the last window that was read; None before the first.
        interval: as given.

    Raises:
        TypeError, ValueError: a number is not a positive integer, or no page can be written there.
    """

    def __init__(
        self, every: int, interval: int | None, html: str | Path | None, module: str | None
    ) -> None:
        # Now, and not at the end of a long run.
        self._every = _positive("every", every)
        self.interval = None if interval is None else _positive("log_every_n_steps", interval)
        self._html = None if html is None else _page(Path(html))
        self._module = module
        self._monitor: Monitor | None = None
        self.report: Report | None = None

    def open(self, model: nn.Module) -> None:
        """Start to watch a model; of an earlier run nothing is kept.

        Raises:
            ValueError: the model has no module of that name.
        """
        self.close(page=False)
        self.report = None
        self._monitor = monitor(_part(model, self._module), every=self._every)
        self._monitor.start()

    @property
    def steps(self) -> int:
        """Forward passes seen in the window under way."""
        return self._monitor.steps if self._monitor else 0

    def read(self) -> dict[str, float]:
        """End the window, and give its numbers; empty where it is too short to end.

        Every window begins with a look. One of fewer than ``every`` passes would make looks more
        frequent than was asked for.
        """
        if self._monitor is None or self._monitor.steps < self._every:
            return {}
        self.report = self._monitor.report()
        self._monitor.reset()
        return numbers(self.report)

    def faults(self) -> str:
        """What the last window that was read says of NaN and infinities; empty for nothing."""
        if self.report is None:
            return ""
        alarms = [(name, verdict.text) for name, verdict in self.report.alarms()
                  if verdict.fault == "nonfinite"]  # fmt: skip
        texts = [f"{name}: {text}" if name else text for name, text in alarms]
        # The steps that the texts name are counted from the beginning of the window.
        return f"of {self.report.steps} forward passes, {'; '.join(texts)}" if texts else ""

    def close(self, failed: bool = False, page: bool = True) -> None:
        """Stop watching, which leaves the model as it was, and write the page.

        Args:
            failed: whether an error ended the run. Then the window under way, however short, is
                the one to look at. Otherwise it is so only where no other was read.
            page: False in all processes but one.
        """
        if self._monitor is None:
            return
        self._monitor.close()
        if self._monitor.observed and (failed or self.report is None):
            self.report = self._monitor.report()
        self._monitor = None
        if page and self._html is not None and self.report is not None:
            self.report.save_html(self._html)


def _positive(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def _page(path: Path) -> Path:
    if not path.parent.is_dir():
        raise ValueError(f"html: the folder {str(path.parent)!r} does not exist")
    if path.is_dir():
        raise ValueError(f"html must be a file, and {str(path)!r} is a folder")
    return path


def _part(model: nn.Module, name: str | None) -> nn.Module:
    if name is None:
        return model
    try:
        return model.get_submodule(name)
    except AttributeError:
        has = ", ".join(child for child, _ in model.named_children()) or "none"
        raise ValueError(
            f"module: {type(model).__name__} has no {name!r}; its modules: {has}"
        ) from None
