"""Numbers and terms of a diagnosis as words: one way of writing each, for terminal and page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from actlab.diagnose.report import Report, SiteReport

FAULTS = {
    "dead": "dead units",
    "saturated": "saturated units",
    "nonfinite": "NaN or infinite values",
    "exploding": "gradients or signals that grow with depth",
    "vanishing": "gradients or signals that fade with depth",
    "shift": "outputs far from zero on average",
    "underflow": "gradients too small for a number format",
}

GLOSSARY = (
    ("site", "one place in the model where an activation function is applied"),
    ("unit", "one channel or feature of the values that a site works on"),
    ("slope", "how much the output of the function moves when its input moves a little; "
              "gradients are multiplied by it on their way back"),
    ("dead", "the slope was exactly 0 for every sample, so that nothing before this unit "
             "learns through it"),
    ("saturated", "the slope was close to 0 for every sample (at most 1/100 of the largest the "
                  "function has), so that learning through this unit all but stops"),
    ("mean, std", "average and standard deviation of the output"),
    ("RMS", "root mean square, the usual size of a value: the square root of the average of the "
            "squares"),
    ("shift", "how far the output lies to one side of zero: its average over its RMS; 0 is "
              "centred, 1 is the same value everywhere"),
    ("gain", "RMS of the output over RMS of the input: above 1 the signal grows here, below 1 it "
             "shrinks; beside it what is expected of this function for normally distributed input"),
    ("gradient", "the size (norm) of the gradient that arrives at the output of the site: too "
                 "small and what lies before learns nothing, too large and training is unstable"),
    ("underflow", "the share of gradients so small that a number format rounds them to 0; loss "
                  "scaling lifts them out"),
    ("NaN", "“not a number”, what 0/0 gives; like an infinite value it spreads to everything "
            "computed from it"),
)  # fmt: skip
"""What the terms of a report mean, in the order in which a reader meets them."""


def clean(text: str) -> str:
    """Text without control characters, which could rewrite a terminal or turn a line around."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def code(text: str) -> str:
    """Lines of Python, in which control characters would hide what they do."""
    return "\n".join(clean(line) for line in text.splitlines())


def shorten(name: str, room: int, tail: int | None = None) -> str:
    """A name for where there is little room, cut in the middle.

    Args:
        name: to be shortened; control characters are escaped first.
        room: characters there are.
        tail: of these, how many are for the end of the name. Default: half of them.
    """
    name = clean(name)
    if len(name) <= room:
        return name
    tail = room // 2 if tail is None else tail
    return f"{name[: room - 1 - tail]}…{name[len(name) - tail :]}"


def shortened(names: Sequence[str], room: int) -> list[str]:
    """Names cut in the middle, at the place that leaves as many as possible different."""

    def cut(tail: int) -> list[str]:
        return [shorten(site_name(name), room, tail) for name in names]

    tails = sorted(range(1, max(2, room - 1)), key=lambda tail: abs(tail - room // 2))
    return cut(max(tails, key=lambda tail: len(set(cut(tail)))))


def site_name(name: str) -> str:
    """The name of a site, or what stands for the model itself."""
    return clean(name) or "(model)"


def number(value: float | None) -> str:
    """Three digits or four; powers of ten far from one; ``-`` for None."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "NaN")
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 9999.5:
        return f"{value:.4g}" if abs(value) >= 9.9995 else f"{value:#.3g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def percent(share: float | None) -> str:
    """A share in per cent; what is not quite none or all does not read as such."""
    if share is None:
        return "-"
    if not math.isfinite(share):
        return "NaN"
    if 0 < share < 0.001:
        return "<0.1 %"
    if 0.99 < share < 1:
        return f"{math.floor(1000 * share) / 10:g} %"
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def count(part: int, whole: int) -> str:
    """``0``, or ``61 (12 %)``."""
    return f"{part} ({percent(part / whole)})" if part and whole else f"{part}"


def gains(measured: float, predicted: float | None) -> str:
    """``0.583 / 0.584``: measured and expected."""
    return f"{number(measured)} / {number(predicted)}"


def plural(amount: int, noun: str) -> str:
    """``1 site``, ``3 sites``."""
    return f"{amount} {noun}" + ("" if amount == 1 else "s")


def rms(site: SiteReport) -> float:
    """Root mean square of the output; NaN or infinite where mean or deviation are."""
    return math.hypot(site.mean, site.std)


def notes(report: Report) -> int:
    """How many findings are worth knowing but no alarm."""
    every = (report.verdicts, *(site.verdicts for site in report.sites))
    return sum(verdict.level == "note" for group in every for verdict in group)


def judgement(report: Report) -> str:
    """The overall finding in a few words: ``healthy``, ``3 alarms``."""
    alarms = sum(1 for _ in report.alarms())
    noted = f"{plural(notes(report), 'note')}" if notes(report) else ""
    if alarms:
        return plural(alarms, "alarm") + (f", {noted}" if noted else "")
    if not report.sites:
        return "nothing was seen"
    return "healthy" + (f", with {noted}" if noted else "")


def summary(report: Report) -> str:
    """The overall finding in a sentence or two."""
    kinds: dict[str, list[str]] = {}
    for name, verdict in report.alarms():
        kinds.setdefault(verdict.fault, []).append(name)
    found = [f"{FAULTS.get(fault) or clean(fault) or 'other'} ({_where(names)})"
             for fault, names in kinds.items()]  # fmt: skip
    if found:
        return f"Something is wrong: {listed(found)}."
    if not report.sites:
        return (
            "No activation ran while the model was watched, so there is nothing to judge. "
            "Run at least one forward pass, and a backward pass for gradients."
        )
    fine = f"Nothing is wrong at the {plural(len(report.sites), 'site')} that ran."
    return fine + (" A few things are worth knowing." if notes(report) else "")


def seen(report: Report) -> str:
    """How much the report rests on, and what looking cost."""
    passes = "forward pass" + ("" if report.steps == 1 else "es")
    looked = f"{report.observed} of {report.steps} {passes} looked at"
    if report.every > 1:
        looked += f" (one in {report.every})"
    if report.overhead is None:
        return looked
    if not math.isfinite(report.overhead) or report.overhead < 0.0005:
        return f"{looked}; watching took no time that could be measured"
    return f"{looked}; watching added {percent(report.overhead)} to the time"


def sentence(text: str) -> str:
    """The text with its first letter raised, the others left as they are."""
    return text[:1].upper() + text[1:]


def listed(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _where(names: list[str]) -> str:
    sites = list(dict.fromkeys(name for name in names if name))
    if not sites:
        return "the model as a whole"
    return f"at {site_name(sites[0])}" if len(sites) == 1 else f"at {len(sites)} sites"


def times(decades: float) -> str:
    """A ratio from its log10: ``200 times``."""
    if not math.isfinite(decades):
        return "NaN or infinite"
    # Beyond, the ratio itself would be infinite.
    return f"{number(10.0**decades)} times" if abs(decades) < 300 else f"1e{decades:.0f} times"


def some(units: Sequence[int]) -> str:
    """The numbers of units, runs of them as ``3-17``; the first dozen where there are more."""
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][1] + 1:
            runs[-1][1] = unit
        else:
            runs.append([unit, unit])
    parts = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs]
    rest = sum(high - low + 1 for low, high in runs[12:])
    return ", ".join(parts[:12]) + (f" and {rest} more" if rest else "")
