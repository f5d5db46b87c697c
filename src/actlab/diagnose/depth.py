"""What the depth picture shows, as plain numbers: sizes and states of units, site by site."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actlab.diagnose import words
from actlab.diagnose.report import Level, Report, SiteReport

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STATES = ("working", "often off", "nearly always off", "saturated", "dead", "unknown")
"""What a unit can be, from best to worst; of each there is a share at every site."""

MEANINGS = (
    "slope near 0 for less than 3/4 of the samples",
    "slope near 0 for 3/4 of the samples or more",
    "slope near 0 for 95 % of the samples or more",
    "slope near 0 for every sample",
    "slope exactly 0 for every sample",
    "no finite value was seen",
)
OFTEN, NEARLY = 0.75, 0.95

LABEL_ROOM = 24


@dataclass(frozen=True)
class Curve:
    """A size by depth.

    Attributes:
        decades: log10 of the size by site; NaN where there is none to draw.
        broken: where the size is NaN or infinite. zero: where it is exactly 0.
    """

    decades: Array
    broken: Flags
    zero: Flags


@dataclass(frozen=True)
class DepthFigure:
    """The picture of a whole model, first site first.

    Attributes:
        labels: shortened names of the sites.
        gradient: norm of the gradient of the output. signal: root mean square of the output.
        shares: of the units of a site, the share in each of ``STATES``: a row for each site.
        units: how many units. levels: the worst verdict of each site.
    """

    labels: tuple[str, ...]
    gradient: Curve
    signal: Curve
    shares: Array
    units: tuple[int, ...]
    levels: tuple[Level, ...]


def depth_figure(report: Report) -> DepthFigure:
    """The data of the picture; a report without sites gives an empty one."""
    sites = report.sites
    shares = [site_shares(site) for site in sites]
    return DepthFigure(
        labels=tuple(words.shortened([site.name for site in sites], LABEL_ROOM)),
        gradient=_curve([site.gradient_norm for site in sites]),
        signal=_curve([words.rms(site) for site in sites]),
        shares=np.array(shares, dtype=np.float64).reshape(len(sites), len(STATES)),
        units=tuple(site.units for site in sites),
        levels=tuple(site.level for site in sites),
    )


def site_shares(site: SiteReport) -> Array:
    """The share of a site's units in each of ``STATES``."""
    states = unit_states(site)
    counts = np.bincount(states, minlength=len(STATES)).astype(np.float64)
    if not counts.sum():
        # Without a record of single units there are still the totals.
        counts[STATES.index("dead")] = site.dead
        counts[STATES.index("saturated")] = max(0, site.saturated - (0 if site.flat else site.dead))
        counts[0] = max(0.0, site.units - counts.sum())
    return counts / max(1.0, counts.sum())


def unit_states(site: SiteReport) -> npt.NDArray[np.int64]:
    """For each unit its place in ``STATES``; empty where single units were not recorded."""
    off = np.asarray(site.unit_small_slope or site.unit_zero_slope, dtype=np.float64)
    states = (off >= OFTEN).astype(np.int64) + (off >= NEARLY)
    states[~np.isfinite(off)] = STATES.index("unknown")
    for name, which in (("saturated", site.saturated_units), ("dead", site.dead_units)):
        states[[unit for unit in which if unit < states.size]] = STATES.index(name)
    return states


def sizes_in_words(data: DepthFigure) -> str:
    """What the picture shows, for readers who do not see it."""
    if not data.labels:
        return "No site ran."
    parts = [f"{words.plural(len(data.labels), 'site')} from first to last"]
    for name, curve in (("gradient norm", data.gradient), ("size of the output", data.signal)):
        there = curve.decades[np.isfinite(curve.decades)]
        if there.size:
            ends = f"{words.number(10.0 ** there[0])} to {words.number(10.0 ** there[-1])}"
            parts.append(f"{name} from {ends}")
    for state in ("saturated", "dead", "unknown"):
        number = int((data.shares[:, STATES.index(state)] > 0).sum())
        if number:
            parts.append(f"{state} units at {words.plural(number, 'site')}")
    alarms = data.levels.count("alarm")
    parts.append(f"alarms at {words.plural(alarms, 'site')}" if alarms else "no site with an alarm")
    return f"{'; '.join(parts)}. The table below holds the numbers."


def labelled(levels: Sequence[Level], most: int) -> list[int]:
    """Which sites get a label when there is room for ``most``: alarms before others."""
    count = len(levels)
    gap = 1 if count <= most else math.ceil(count / most)
    alarms = [place for place, level in enumerate(levels) if level == "alarm"]
    chosen: list[int] = []
    for place in [*alarms, 0, count - 1, *range(0, count, gap)]:
        if 0 <= place < count and all(abs(place - other) >= gap for other in chosen):
            chosen.append(place)
    return sorted(chosen)


def _curve(sizes: Sequence[float | None]) -> Curve:
    values = np.array([np.nan if size is None else size for size in sizes], dtype=np.float64)
    known = np.array([size is not None for size in sizes], dtype=np.bool_)
    drawn = np.isfinite(values) & (values > 0)
    decades = np.full(values.shape, np.nan)
    decades[drawn] = np.log10(values[drawn])
    return Curve(decades, known & ~np.isfinite(values), known & (values == 0))
