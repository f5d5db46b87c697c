"""Numbers as words: one way of writing each kind, for the terminal and for the page."""

from __future__ import annotations

from actlab.stats import Interval

REGIME_TITLES = {
    "as-claimed": "as claimed (nn.Linear's own initialisation)",
    "fair": "fair (each function's own initialisation)",
}


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


def signed(value: float) -> str:
    """A difference in decades, with its sign."""
    return f"{value:+.1f}"


def between(interval: Interval | None) -> str:
    """An interval of differences, or why there is none."""
    return "no interval" if interval is None else f"{interval.low:+.1f} to {interval.high:+.1f}"


def p_value(p: float) -> str:
    """A p-value: as exact as is useful."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}".replace("e-0", "e-")


def seconds(value: float) -> str:
    """A duration."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def plural(count: int, noun: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{count} {noun}" + ("" if count == 1 else "s")
