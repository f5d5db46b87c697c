"""Numbers as words: one way of writing each kind, for the terminal and for the page."""

from __future__ import annotations

from actlab.lab.task import Metric
from actlab.stats import Interval

REGIME_TITLES = {
    "as-claimed": "as claimed (PyTorch's initialisation)",
    "fair": "fair (each function's own initialisation)",
}


def regime_title(regime: str, init: str | None = None) -> str:
    """A regime in words; a part may fix the initialisation in all its regimes."""
    title = REGIME_TITLES[regime]
    return f"{title.partition(' (')[0]} (initialisation: {init})" if init else title


def sentence(text: str) -> str:
    """The text with its first letter raised, the others left as they are."""
    return text[:1].upper() + text[1:]


def loss(value: float | None) -> str:
    """A loss: three decimals near one, powers of ten below."""
    if value is None:
        return "-"
    return f"{value:.3f}" if value >= 0.01 else f"{value:.1e}".replace("e-0", "e-")


def rate(value: float | None) -> str:
    """A learning rate."""
    return "-" if value is None else f"{value:.3g}".replace("e-0", "e-")


def share(successes: int, trials: int) -> str:
    """``9 of 10``."""
    return f"{successes} of {trials}"


def percent(interval: Interval) -> str:
    """An interval of a proportion, in per cent."""
    return f"{100 * interval.low:.0f}-{100 * interval.high:.0f} %"


def value(number: float | None, metric: Metric) -> str:
    """A metric's value: four digits, powers of ten on a logarithmic scale."""
    if number is None:
        return "-"
    if metric.scale == "log10":
        return loss(number)
    return f"{number:.4g}"


def difference(number: float, metric: Metric) -> str:
    """A difference on a metric's scale, with its unit."""
    if metric.scale == "log10":
        return f"{number:.2g} decades" if abs(number) < 1 else f"{number:.1f} decades"
    return f"{number:.3g}" + (f" {metric.unit}" if metric.unit else "")


def signed(number: float) -> str:
    """A difference with its sign, three digits."""
    return f"{number:+.3g}"


def between(interval: Interval | None) -> str:
    """An interval of differences, or that there is none."""
    if interval is None:
        return "no interval"
    return f"{interval.low:+.3g} to {interval.high:+.3g}"


def p_value(p: float) -> str:
    """A p-value: as exact as is useful."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}".replace("e-0", "e-")


def seconds(value: float) -> str:
    """A duration."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 seed``, ``3 seeds``; ``many`` where the plural is not the noun with an s."""
    return f"{count} {noun if count == 1 else many or noun + 's'}"
