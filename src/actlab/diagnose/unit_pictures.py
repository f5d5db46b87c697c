"""Small pictures of the units of one site; plain SVG, since a page may hold hundreds of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from actlab.diagnose import words
from actlab.diagnose.depth import STATES, Array, unit_states
from actlab.diagnose.report import SiteReport

MOST_PARTS = 40
BINS = 20
WIDTH, HEIGHT = 320, 84
"""Of every picture, in its own units; text is 11 of them high."""

BASE, TOP = 64, 50
"""Where bars stand, and how high the highest is."""


@dataclass(frozen=True)
class Picture:
    """One small picture.

    Args:
        svg: the drawing; made of numbers only, so it needs no escaping.
        title: above it. spoken: what it shows, for readers who do not see it.
    """

    svg: Markup
    title: str
    spoken: str


def pictures(site: SiteReport) -> list[Picture]:
    """The pictures of a site; none where single units were not recorded."""
    made = [_lost(site), _slopes(site), _means(site)]
    return [picture for picture in made if picture is not None]


def _lost(site: SiteReport) -> Picture | None:
    """Where among the units the dead and the saturated ones lie: their share, part by part."""
    states = unit_states(site)
    if not states.size:
        return None
    parts = np.array_split(states, min(MOST_PARTS, states.size))
    shapes = [Markup(f'<path class="back" d="M0 {BASE}v-{TOP}h{WIDTH}v{TOP}z"/>')]
    below = [0] * len(parts)
    for state in ("dead", "saturated"):
        shares = [float((part == STATES.index(state)).mean()) for part in parts]
        heights = [max(2, round(TOP * share)) if share else 0 for share in shares]
        shapes.append(_histogram(heights, WIDTH, state, below))
        below = [low + high for low, high in zip(below, heights, strict=True)]
    each = -(-states.size // len(parts))
    present = [
        f"{int((states == place).sum())} {state}"
        for place, state in enumerate(STATES)
        if (states == place).any()
    ]
    labels = _ends("first unit", "last unit") if states.size > 1 else _ends("the unit", "")
    return Picture(
        _svg([*shapes, _line(), labels]),
        "Where lost units are" + (f", share in every {each}" if each > 1 else ""),
        f"Units: {', '.join(present)}.",
    )


def _slopes(site: SiteReport) -> Picture | None:
    """How many units have how large a share of samples with a slope near 0; all apart."""
    off = _finite(site.unit_small_slope or site.unit_zero_slope)
    if not off.size:
        return None
    always = int((off >= 1).sum())
    counts, _ = np.histogram(off[off < 1], bins=BINS, range=(0, 1))
    highest = max(1, always, int(counts.max()))
    bars = _histogram([_high(c, highest) for c in counts], 260, "off")
    lost = Markup(f'<path class="{"dead" if site.flat else "saturated"}" stroke-width="24" ')
    apart = lost + Markup(f'd="M302 {BASE}v-{_high(always, highest)}"/>')
    return Picture(
        _svg([bars, apart, _line(260), _line(30, 290), _label(0, "0 %"), _label(130, "50 %", "m"),
              _label(260, "99 %", "e"), _label(320, "all", "e"),
              _label(302, str(always), "m", BASE - 4 - _high(always, highest))]),
        "Units by share of samples with slope near 0",
        f"{always} of {words.plural(off.size, 'unit')} have a slope near 0 for every sample; the "
        f"median share is {words.percent(float(np.median(off)))}.",
    )  # fmt: skip


def _means(site: SiteReport) -> Picture | None:
    """How the averages of the units are spread."""
    means = _finite(site.unit_mean)
    if not means.size:
        return None
    low, high = float(means.min()), float(means.max())
    # Far from one, halves first: the difference of two large numbers may be infinite.
    spread = high / 2 - low / 2
    flat = spread <= 1e-12 * max(abs(low), abs(high))
    places = np.full(means.shape, 0.5) if flat else (means / 2 - low / 2) / spread
    counts, _ = np.histogram(places, bins=BINS, range=(0, 1))
    highest = max(1, int(counts.max()))
    bars = _histogram([_high(c, highest) for c in counts], WIDTH, "mean")
    ends = _ends(words.number(low), "" if flat else words.number(high))
    zero = Markup()
    if low < 0 < high:
        at = f"{WIDTH * (-low / 2) / spread:.1f}"
        zero = Markup(f'<path class="zero" d="M{at} 2V{BASE}"/>') + (
            _label(float(at), "0", "m") if 60 < float(at) < WIDTH - 60 else Markup()
        )
    return Picture(
        _svg([bars, zero, _line(), ends]),
        "Units by average output",
        f"Averages of units lie between {words.number(low)} and {words.number(high)}.",
    )


def _finite(values: Sequence[float]) -> Array:
    every = np.asarray(values, dtype=np.float64)
    return every[np.isfinite(every)]


def _high(count: int, highest: int) -> int:
    """A bar's height; a single unit among thousands is still seen."""
    return max(2, round(TOP * int(count) / highest)) if count else 0


def _histogram(
    heights: Sequence[int], width: int, name: str, below: Sequence[int] | None = None
) -> Markup:
    """Bars side by side as strokes; in relative moves, since a large page is mostly these.

    Args:
        heights: of the bars. width: of all together. name: the class that colours them.
        below: how far above the base line each begins. Default: on it.
    """
    if not any(heights):
        return Markup()
    step = width / len(heights)
    gap = 1 if step > 6 else 0.4 if step > 3 else 0
    path, x, y = f"M{step / 2:.4g} {BASE}", 0, BASE
    for place, high in enumerate(heights):
        if high:
            bottom = BASE - (below[place] if below else 0)
            path += f"m{(place - x) * step:.4g} {bottom - y}v-{high}"
            x, y = place, bottom - high
    return Markup(f'<path class="{name}" stroke-width="{step - gap:.4g}" d="{path}"/>')


def _line(width: float = WIDTH, left: float = 0) -> Markup:
    return Markup(f'<path class="base" d="M{left:g} {BASE}h{width:g}"/>')


def _label(left: float, text: str, anchor: str = "", top: float = 79) -> Markup:
    placed = f' class="{anchor}"' if anchor else ""
    return Markup(f'<text x="{left:g}" y="{top:g}"{placed}>') + text + Markup("</text>")


def _ends(first: str, last: str) -> Markup:
    return _label(0, first) + (_label(WIDTH, last, "e") if last else Markup())


def _svg(parts: Sequence[Markup]) -> Markup:
    head = f'<svg class="units" viewBox="0 0 {WIDTH} {HEIGHT}">'
    return Markup(head) + Markup().join(parts) + Markup("</svg>")
