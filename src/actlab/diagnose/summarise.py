"""From what was counted to a report: everything is read from the device here, and only here."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from actlab._version import __version__
from actlab.diagnose.expected import fades, has_flat_piece, known_function, predicted_gains
from actlab.diagnose.meter import Meter
from actlab.diagnose.report import Report, SiteReport, Verdict
from actlab.diagnose.seen import Watched
from actlab.diagnose.spread import LIMITS, Spread
from actlab.diagnose.verdicts import Evidence, judge_site
from actlab.diagnose.whole import judge_model
from actlab.surgery.collect import Bound


def summarise(
    model: str,
    watched: Mapping[str, Watched],
    bound: Iterable[Bound],
    steps: int,
    observed: int,
    every: int,
    overhead: float | None,
    step_seconds: float | None,
    observed_seconds: float | None,
    *,
    given_loss: bool,
    warnings: Iterable[str] = (),
) -> Report:
    """The report on everything that was counted.

    Args:
        model: the name of its class. watched: what was counted, by site.
        bound: the sites that were found. steps, observed, every, overhead, step_seconds,
        observed_seconds: of the report.
        given_loss: whether gradients are those of a loss, so that their size means something.
        warnings: what a user should know.
    """
    measured = [one for one in watched.values() if one.meter is not None and not one.failure]
    measured.sort(key=lambda one: one.order)
    found = [_evidence(one) for one in measured]
    sites = tuple(replace(one.site, verdicts=judge_site(one, found, given_loss)) for one in found)
    notes = tuple(Verdict("note", "", text) for text in warnings)
    return Report(
        model=model,
        sites=sites,
        verdicts=(*judge_model(sites), *notes),
        left_out=_left_out(watched, bound, measured),
        steps=steps,
        observed=observed,
        every=every,
        gradient_decades=_decades([s.gradient_norm for s in sites]),
        signal_decades=_signal(list(sites)),
        overhead=overhead,
        step_seconds=step_seconds,
        observed_seconds=observed_seconds,
        environment=_environment(measured),
    )


def scalars_of(report: Report) -> dict[str, float]:
    """The numbers of a report by name, for loggers."""
    numbers: dict[str, float] = {}
    for site in report.sites:
        for name in ("mean", "std", "shift", "zero_slope", "small_slope", "dead", "saturated",
                     "gain", "gradient_norm", "gradient_rms", "zero_gradient"):  # fmt: skip
            value = getattr(site, name)
            numbers[f"{site.name}/{name}"] = math.nan if value is None else float(value)
        bad = (site.nonfinite_input, site.nonfinite_output, site.nonfinite_gradient)
        numbers[f"{site.name}/nonfinite"] = float(sum(bad))
    for name in ("gradient_decades", "signal_decades", "overhead"):
        value = getattr(report, name)
        numbers[name] = math.nan if value is None else float(value)
    numbers["alarms"] = float(sum(1 for _ in report.alarms()))
    return numbers


def _evidence(watched: Watched) -> Evidence:
    meter = watched.meter
    assert meter is not None
    site = watched.site
    known = known_function(watched)
    given, made = _moments(meter.given), _moments(meter.made)
    count = max(meter.samples, 1)
    zero = _numbers(meter.zero_slope / count) if not meter.failure else [math.nan] * meter.units
    small = _numbers(meter.small_slope / count) if not meter.failure else [math.nan] * meter.units
    flat = has_flat_piece(meter, known)
    dead = tuple(k for k, share in enumerate(zero) if share == 1.0)
    faded = tuple(
        k
        for k, share in enumerate(small)
        if share == 1.0 and not (flat and zero[k] == 1.0) and fades(meter, known, k, given.means[k])
    )
    slope_square = float(meter.slope_square) / meter.slopes if meter.slopes else math.nan
    record = SiteReport(
        name=site.name,
        function=site.function,
        kind=site.kind,
        how=site.how,
        owner=site.owner,
        producer=site.producer,
        shape=meter.shape,
        channel_dim=meter.channel_dim,
        units=meter.units,
        dtype=meter.dtype,
        device=str(meter.device),
        calls=meter.calls,
        samples=meter.samples,
        mean=made.mean,
        std=math.sqrt(made.variance),
        input_mean=given.mean,
        input_std=math.sqrt(given.variance),
        shift=_ratio(abs(made.mean), math.sqrt(made.square)),
        zero_slope=_mean(zero),
        small_slope=_mean(small),
        dead=len(dead),
        saturated=len(faded),
        always_on=sum(share == 0.0 for share in small),
        dead_units=dead,
        saturated_units=faded,
        unit_zero_slope=tuple(zero),
        unit_small_slope=tuple(small),
        unit_mean=tuple(made.means),
        unit_std=tuple(made.stds),
        flat=flat,
        gain=_ratio(math.sqrt(made.square), math.sqrt(given.square)),
        predicted_gain=None,
        slope_gain=math.sqrt(slope_square),
        predicted_slope_gain=None,
        nonfinite_input=int(meter.nonfinite_given),
        nonfinite_output=int(meter.nonfinite_made),
        nonfinite_step=int(meter.first_step) if int(meter.first_step) >= 0 else None,
        **_gradients(meter),
    )
    gain, slope_gain = predicted_gains(known, given.mean, given.variance)
    record = replace(record, predicted_gain=gain, predicted_slope_gain=slope_gain)
    steepest = math.nan if meter.failure else float(meter.peak.max())
    return Evidence(record, tuple(given.means), tuple(given.stds), steepest)


def _gradients(meter: Meter) -> dict[str, Any]:
    g = meter.gradients
    if g is None or not g.elements:
        return {"gradient_norm": None, "gradient_rms": None, "nonfinite_gradient": 0}
    square = float(g.square)
    nonzero = max(g.sampled - float(g.zero), 1.0)
    lost = {name: float(n) / nonzero for name, n in zip(LIMITS, g.lost.tolist(), strict=True)}
    short = {name: float(n) / nonzero for name, n in zip(LIMITS, g.short.tolist(), strict=True)}
    return {
        "gradient_norm": math.sqrt(square / g.calls),
        "gradient_rms": math.sqrt(square / g.elements),
        "nonfinite_gradient": int(g.nonfinite),
        "underflow": lost,
        "subnormal": short,
        "zero_gradient": float(g.zero) / max(g.sampled, 1),
    }


class _Moments:
    """Of all units together, and of each."""

    def __init__(self, spread: Spread) -> None:
        counts, means, off = (_numbers(t) for t in (spread.count, spread.mean, spread.deviation))
        total = math.fsum(counts)
        self.means = [m if n else math.nan for m, n in zip(means, counts, strict=True)]
        self.stds = [
            math.sqrt(max(d, 0.0) / n) if n else math.nan for d, n in zip(off, counts, strict=True)
        ]
        if not total:
            self.mean = self.variance = self.square = math.nan
            return
        self.mean = math.fsum(m * n for m, n in zip(means, counts, strict=True)) / total
        between = math.fsum(n * (m - self.mean) ** 2 for m, n in zip(means, counts, strict=True))
        self.variance = (math.fsum(off) + between) / total
        self.square = self.variance + self.mean**2


def _moments(spread: Spread) -> _Moments:
    return _Moments(spread)


def _left_out(
    watched: Mapping[str, Watched], bound: Iterable[Bound], measured: list[Watched]
) -> tuple[tuple[str, str], ...]:
    seen = {one.site.name for one in measured}
    out = {one.site.name: one.failure for one in watched.values() if one.failure}
    for one in bound:
        site = one.site
        if site.name in seen or site.name in out:
            continue
        if site.kind == "recurrent" or site.how == "hidden":
            out[site.name] = f"not seen: {site.reason}"
        elif site.how == "written out" or site.activation == "glu":
            out[site.name] = f"{site.function}: {site.reason or 'a formula'}"
        elif site.modes:
            out[site.name] = "did not run in the steps that were looked at"
        else:
            out[site.name] = "not reached by the data"
    for one in measured:
        meter = one.meter
        if meter is not None and meter.skipped:
            out[one.site.name] = (
                f"{meter.skipped} calls were left out: their number of units was not {meter.units}"
            )
        elif meter is not None and meter.failure:
            out[one.site.name] = meter.failure
    return tuple(out.items())


def _decades(norms: list[float | None]) -> float | None:
    known = [norm for norm in norms if norm is not None]
    if len(known) < 2 or not all(0 < n < math.inf for n in (known[0], known[-1])):
        return None
    return math.log10(known[0] / known[-1])


def _signal(sites: list[SiteReport]) -> float | None:
    """log10 of the root mean square input of the last site over that of the first."""
    sizes = [math.hypot(site.input_mean, site.input_std) for site in sites]
    if len(sizes) < 2 or not all(0 < size < math.inf for size in (sizes[0], sizes[-1])):
        return None
    return math.log10(sizes[-1] / sizes[0])


def _environment(measured: list[Watched]) -> dict[str, str]:
    meters = [one.meter for one in measured if one.meter is not None]
    return {
        "actlab": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "devices": ", ".join(sorted({str(meter.device) for meter in meters})) or "-",
        "dtypes": ", ".join(sorted({meter.dtype for meter in meters})) or "-",
    }


def _numbers(values: Tensor) -> list[float]:
    return values.double().cpu().tolist()


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan
