"""What measurements mean: which are alarms, which are worth a note, and what to do about them.

A healthy network has units that are off, means that are not 0 and gradients that change with
depth. Thresholds are set between that and what planted faults show (tests/models has both).
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from actlab.diagnose.report import SiteReport, Verdict

FEWEST = 16
"""Samples of a unit from which on it counts that all of them are alike."""

FAR = 6.0
"""Root mean squares of a layer's live inputs: no unit strays so far by chance."""

BY_CHANCE = 1e-3
"""The probability under which as many dead units as these, and as few always on, are no chance."""

ONE_SIDED = 4.0
"""Standard deviations that the mean of all inputs of a site may be away from 0."""

FEWEST_UNITS = 8
"""Units from which on that counts: a single output may well have a sign of its own."""

STRAIGHT = 0.1
"""Share of the steepest slope that a function must have where it acts as a straight line."""

LOST = 0.1
"""Share of gradients that a narrow dtype may hold in fewer digits."""


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """What is known of a site beside its record.

    Attributes:
        site: the record, without verdicts.
        means, stds: of each unit's input. steepest: the largest slope of its function.
    """

    site: SiteReport
    means: tuple[float, ...]
    stds: tuple[float, ...]
    steepest: float = math.nan


def judge_site(one: Evidence, every: list[Evidence], given_loss: bool) -> tuple[Verdict, ...]:
    """The findings about a site, the worst first; one that says so where all is well."""
    found = [
        verdict
        for verdict in (
            _nonfinite(one, every),
            _dead(one),
            _saturated(one),
            _shift(one),
            _underflow(one, given_loss),
        )
        if verdict is not None
    ]
    found.sort(key=lambda verdict: verdict.level != "alarm")
    return tuple(found) or (Verdict("ok", "", "nothing is wrong here"),)


# ---- NaN and infinity


def _nonfinite(one: Evidence, every: list[Evidence]) -> Verdict | None:
    site = one.site
    if site.nonfinite_step is None:
        return _nonfinite_gradient(one, every)
    earlier = [
        e.site.name
        for e in every
        if e.site.nonfinite_step is not None and e.site.nonfinite_step <= site.nonfinite_step
    ]
    if earlier[0] != site.name:
        return Verdict(
            "note", "nonfinite",
            f"{_values(site.nonfinite_input)} NaN or infinite; they began at {earlier[0]}",
        )  # fmt: skip
    step = f"in step {site.nonfinite_step}"
    if site.nonfinite_input:
        maker = site.producer or "what comes before"
        text = (
            f"{_values(site.nonfinite_input)} of its input NaN or infinite, first {step}: "
            f"{maker} made them"
        )
        cure = f"look at the weights and the input of {maker}; lower the learning rate"
    else:
        text = f"{_values(site.nonfinite_output)} of its output NaN or infinite, first {step}"
        cure = f"{site.function} overflows here: use a wider dtype, or normalise its input"
    return Verdict("alarm", "nonfinite", text, cure)


def _nonfinite_gradient(one: Evidence, every: list[Evidence]) -> Verdict | None:
    site = one.site
    if not site.nonfinite_gradient:
        return None
    last = [e.site.name for e in every if e.site.nonfinite_gradient][-1]
    text = f"{_values(site.nonfinite_gradient)} of its gradient NaN or infinite"
    if last != site.name:
        return Verdict("note", "nonfinite", f"{text}; they began at {last}")
    return Verdict(
        "alarm", "nonfinite", f"{text}, though its output is finite: they come from what follows",
        "look at what follows this site: a square root or logarithm of 0, a division by 0",
    )  # fmt: skip


def _values(count: int) -> str:
    return f"{count} value{'s' if count != 1 else ''}"


# ---- dead units


def _dead(one: Evidence) -> Verdict | None:
    site = one.site
    if not site.dead or (site.saturated and not site.flat):
        return None  # without a flat piece, slopes are 0 by underflow: these are saturated
    text = f"{site.dead} of {site.units} units dead: slope 0 for all {site.samples} samples seen"
    if site.samples < FEWEST:
        return Verdict("note", "dead", f"{text}; too few samples to tell")
    why = _no_chance(one)
    if not why:
        return Verdict(
            "note", "dead",
            f"{text}. {site.always_on} are on for every sample, so this looks like inputs that "
            "hardly differ at this depth, not like units that were killed",
            "initialise for this activation: actlab.init.init_(model, example_inputs=...)",
        )  # fmt: skip
    return Verdict(
        "alarm", "dead", f"{text}; {why}",
        "lower the learning rate or shift the bias back; a function without a flat piece, such "
        "as RaLU or ELU, cannot die",
        _swap_line(site, "ralu"),
    )  # fmt: skip


def _no_chance(one: Evidence) -> str:
    """Why dead units are no chance, as they may be where inputs are alike; empty if they may be.

    With symmetric weights a unit that is off for every input is as likely as one that is on.
    """
    site = one.site
    if site.dead == site.units:
        return "no gradient passes at all"
    typical = _typical(one)
    away = [abs(one.means[k]) for k in site.dead_units if math.isfinite(one.means[k])]
    far = sum(distance > FAR * typical for distance in away) if typical > 0 else 0
    if far:
        verb = "lies" if far == 1 else "lie"
        return f"the inputs of {far} {verb} far outside those of the other units"
    if _probability(site.dead, site.always_on) < BY_CHANCE:
        return f"only {site.always_on} are always on"
    return ""


def _typical(one: Evidence) -> float:
    """The root mean square input of a unit that is not dead, as a median over units."""
    dead = set(one.site.dead_units)
    sizes = [
        math.hypot(mean, std)
        for k, (mean, std) in enumerate(zip(one.means, one.stds, strict=True))
        if k not in dead and math.isfinite(mean)
    ]
    return statistics.median(sizes) if sizes else 0.0


def _probability(dead: int, on: int) -> float:
    """Of at least so many heads in as many throws as there are units that never change."""
    throws = dead + on
    logs = [
        math.lgamma(throws + 1) - math.lgamma(k + 1) - math.lgamma(throws - k + 1)
        for k in range(dead, throws + 1)
    ]
    return math.fsum(math.exp(log - throws * math.log(2)) for log in logs)


# ---- saturated units


def _saturated(one: Evidence) -> Verdict | None:
    site = one.site
    units = site.saturated_units
    if not units:
        return None
    zero = sum(site.unit_zero_slope[k] == 1.0 for k in units)
    text = (
        f"{len(units)} of {site.units} units saturated: slope below 1/100 of the steepest for all "
        f"{site.samples} samples seen"
    )
    if zero:
        text += f", and exactly 0 for {zero}: dead"
    if site.samples < FEWEST:
        return Verdict("note", "saturated", f"{text}; too few samples to tell")
    level = "note" if site.kind == "gate" else "alarm"
    return Verdict(
        level, "saturated", text,
        "smaller weights or a normalisation before it; a function that does not saturate, such "
        "as RaLU, keeps its slope",
        "" if site.kind == "gate" else _swap_line(site, "ralu"),
    )  # fmt: skip


def _swap_line(site: SiteReport, to: str) -> str:
    if site.how in ("written out", "hidden"):
        return ""
    key = f'"{site.name}"'
    if site.name.isidentifier():  # such as "relu", which would mean every ReLU
        key = f"actlab.surgery.by_site({key})"
    return f'actlab.surgery.swap(model, {{{key}: "{to}"}}, example_inputs)'


# ---- means, depth, dtypes


def _shift(one: Evidence) -> Verdict | None:
    site = one.site
    one_sided = abs(site.input_mean) > ONE_SIDED * site.input_std
    if site.units < FEWEST_UNITS or not one_sided or site.kind == "gate":
        return None
    if site.slope_gain < STRAIGHT * one.steepest:
        return None  # in a flat part, where units are off rather than bent
    text = (
        f"mean shift: its input is {site.input_mean:.3g} with a standard deviation of only "
        f"{site.input_std:.2g}, so that {site.function} acts as a straight line"
    )
    return Verdict(
        "alarm", "shift", text,
        "a normalisation before it, smaller biases, or an activation with mean output near 0 "
        "before the layer",
    )  # fmt: skip


def _underflow(one: Evidence, given_loss: bool) -> Verdict | None:
    site = one.site
    short = site.subnormal.get(site.dtype, 0.0)
    if site.dtype in ("float16", "bfloat16") and short > LOST:
        return Verdict(
            "alarm", "underflow",
            f"{short:.0%} of its gradients are too small for all the digits of {site.dtype}",
            "scale the loss (torch.amp.GradScaler), or use bfloat16",
        )  # fmt: skip
    lost = site.underflow.get("float16", 0.0)
    if given_loss and site.dtype == "float32" and lost > 0.5:
        return Verdict(
            "note", "underflow",
            f"{lost:.0%} of its gradients would be 0 in float16 without a scaled loss",
        )  # fmt: skip
    return None
