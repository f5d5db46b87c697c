"""What a diagnosis found: one record for every site, verdicts, and the ways to show them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Level = Literal["ok", "note", "alarm"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One finding about a site, or about the whole model.

    Attributes:
        level: ``"ok"``, ``"note"`` for what is worth knowing, ``"alarm"`` for what is wrong.
        fault: the kind of fault: ``"dead"``, ``"saturated"``, ``"nonfinite"``, ``"exploding"``,
            ``"vanishing"``, ``"shift"``, ``"underflow"``; empty when there is none.
        text: the finding in words.
        cure: what to do about it, in words; empty when nothing need be done.
        code: a line of Python that does it, where there is one.
    """

    level: Level
    fault: str
    text: str
    cure: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What was measured at one site, over all calls that were observed.

    Attributes:
        name, function, kind, how, owner, producer: of the site; see ``actlab.surgery.Site``.
        shape: of its input. channel_dim: the dimension of its units. units: how many.
        dtype, device: of its input.
        calls: how many calls were observed. samples: values seen by each unit.
        mean, std: of the output. input_mean, input_std: of the input.
        shift: |mean| of the output over its root mean square, between 0 and 1.
        zero_slope: share of values at which the slope was exactly 0.
        small_slope: share at which it was at most 1/100 of the largest the function has.
        dead: units whose slope was exactly 0 for every sample. saturated: units whose slope was
            small for every sample, of functions whose slope fades; see ``flat``.
        always_on: units whose slope was nowhere small.
        dead_units, saturated_units: which ones.
        unit_zero_slope: of each unit, the share of samples at which its slope was exactly 0.
        unit_small_slope: likewise for small ones.
        unit_mean, unit_std: of each unit's output.
        flat: whether the function is exactly constant on a piece of the line, as ReLU is. Where
            it is not, slopes of exactly 0 come from underflow and such units are saturated too.
        gain: root mean square of the output over that of the input. predicted_gain: for normally
            distributed input of that mean and variance; None where the function is not known.
        slope_gain: root mean square slope. predicted_slope_gain: likewise.
        gradient_norm: root of the summed squared gradient of the output, by observed call; None
            where no gradient flowed. gradient_rms: by element.
        nonfinite_input, nonfinite_output, nonfinite_gradient: how many values were NaN or
            infinite. nonfinite_step: the first step with such an input or output, from 0; None
            for none.
        underflow: by dtype, the share of nonzero gradients too small for it to hold.
        subnormal: by dtype, the share it holds with fewer digits only.
        zero_gradient: share of gradients that were exactly 0.
        verdicts: the findings, the worst first.
    """

    name: str
    function: str
    kind: str
    how: str
    owner: str
    producer: str
    shape: tuple[int, ...]
    channel_dim: int | None
    units: int
    dtype: str
    device: str
    calls: int
    samples: int
    mean: float
    std: float
    input_mean: float
    input_std: float
    shift: float
    zero_slope: float
    small_slope: float
    dead: int
    saturated: int
    always_on: int
    dead_units: tuple[int, ...]
    saturated_units: tuple[int, ...]
    unit_zero_slope: tuple[float, ...]
    unit_small_slope: tuple[float, ...]
    unit_mean: tuple[float, ...]
    unit_std: tuple[float, ...]
    flat: bool
    gain: float
    predicted_gain: float | None
    slope_gain: float
    predicted_slope_gain: float | None
    gradient_norm: float | None
    gradient_rms: float | None
    nonfinite_input: int
    nonfinite_output: int
    nonfinite_gradient: int
    nonfinite_step: int | None
    underflow: Mapping[str, float] = field(default_factory=dict)
    subnormal: Mapping[str, float] = field(default_factory=dict)
    zero_gradient: float | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def level(self) -> Level:
        """The worst level among the verdicts."""
        return _worst(self.verdicts)


@dataclass(frozen=True, slots=True)
class Report:
    """What a diagnosis found; ``print`` shows it as a table.

    Attributes:
        model: the class of the model.
        sites: one record for every site that ran, in the order of execution.
        verdicts: findings about the model as a whole: gradients by depth, the first NaN.
        left_out: names of sites that could not be watched, and why.
        steps: forward passes seen. observed: of these, how many were looked at.
        every: one in how many was to be looked at.
        gradient_decades: log10 of the gradient norm at the first site over that at the last; None
            without gradients. signal_decades: likewise of the root mean square output, last over
            first.
        overhead: the share that watching added to the time of all steps; None where too few steps
            were run to tell.
        step_seconds, observed_seconds: median times of a step that was not looked at, and of one
            that was.
        environment: versions and devices, by name.
    """

    model: str
    sites: tuple[SiteReport, ...]
    verdicts: tuple[Verdict, ...]
    left_out: tuple[tuple[str, str], ...]
    steps: int
    observed: int
    every: int
    gradient_decades: float | None
    signal_decades: float | None
    overhead: float | None = None
    step_seconds: float | None = None
    observed_seconds: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> SiteReport:
        """The record of a site.

        Raises:
            KeyError: no site of that name ran.
        """
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(name)

    @property
    def healthy(self) -> bool:
        """Whether any site ran, and nothing raised an alarm."""
        return bool(self.sites) and next(self.alarms(), None) is None

    def alarms(self) -> Iterator[tuple[str, Verdict]]:
        """Every alarm with the site it is about; an empty name for the whole model."""
        for verdict in self.verdicts:
            if verdict.level == "alarm":
                yield "", verdict
        for site in self.sites:
            for verdict in site.verdicts:
                if verdict.level == "alarm":
                    yield site.name, verdict

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it: NaN and infinities as text."""
        return _plain(asdict(self)) | {"healthy": self.healthy}

    def to_json(self, indent: int | None = 2) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def save_html(self, path: str | Path) -> Path:
        """Write the report as one page that needs no network.

        Args:
            path: the file; its folder must exist. An older page is replaced.

        Raises:
            ValueError: the folder does not exist, or the path is a folder.
        """
        from actlab.diagnose.page import write_page

        return write_page(self, Path(path))

    def __str__(self) -> str:
        from actlab.diagnose.terminal import text

        return text(self)


def _worst(verdicts: tuple[Verdict, ...]) -> Level:
    levels = {verdict.level for verdict in verdicts}
    return "alarm" if "alarm" in levels else "note" if "note" in levels else "ok"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
