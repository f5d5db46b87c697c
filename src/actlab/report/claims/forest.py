"""A comparison as a small drawing: interval, estimate, and the band of effects too small."""

from __future__ import annotations

from markupsafe import Markup

from actlab.report.claims.finding import Finding

WIDTH, HEIGHT = 190.0, 20.0
REACH = 4.0
"""Half the axis, in units of the smallest effect of interest; what lies beyond is cut off there."""


def drawing(finding: Finding) -> Markup:
    """The finding as an SVG element; empty where there is nothing to draw.

    The middle is no effect, the right side is in favour of the claim; the grey band holds
    effects smaller than the smallest of interest.
    """
    delta = finding.evidence.delta
    if finding.estimate is None or finding.interval is None or delta is None:
        return Markup("")

    def place(value: float) -> float:
        cut = max(-REACH, min(REACH, value / delta))
        return WIDTH / 2 + cut / REACH * (WIDTH / 2 - 4)

    low, high = (place(end) for end in finding.interval)
    middle = HEIGHT / 2
    parts = [
        f'<rect class="band" x="{place(-delta):.1f}" y="1" '
        f'width="{place(delta) - place(-delta):.1f}" height="{HEIGHT - 2:.0f}"/>',
        f'<line class="zero" x1="{WIDTH / 2:.1f}" x2="{WIDTH / 2:.1f}" y1="1" '
        f'y2="{HEIGHT - 1:.0f}"/>',
        f'<line class="span" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.0f}" y2="{middle:.0f}"/>',
        *(_arrow(end) for end in finding.interval if abs(end / delta) > REACH),
        f'<circle class="mark" cx="{place(finding.estimate):.1f}" cy="{middle:.0f}" r="3.6"/>',
    ]  # fmt: skip
    return Markup(
        f'<svg class="forest" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" aria-hidden="true" '
        f'focusable="false">{"".join(parts)}</svg>'
    )


def _arrow(end: float) -> str:
    """The interval goes on beyond the axis, on the side its end lies."""
    side = 1 if end > 0 else -1
    tip = WIDTH - 1 if side > 0 else 1.0
    return (
        f'<path class="beyond" d="M{tip - 5 * side:.1f} {HEIGHT / 2 - 4:.0f}L{tip:.1f} '
        f'{HEIGHT / 2:.0f}L{tip - 5 * side:.1f} {HEIGHT / 2 + 4:.0f}"/>'
    )
