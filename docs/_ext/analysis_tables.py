"""The numbers of an activation's page: gains, depth, shape under a normal input, precision."""

from __future__ import annotations

import math

from actlab.analysis import Analysis
from actlab.analysis.formats import Edges

EXACT = 1e-12

INITIALISATIONS = {
    "pytorch": "PyTorch's default",
    "he": "He",
    "own": "its own forward gain",
    "critical": "critical",
    "pytorch, normalised": "PyTorch's default, LayerNorm after it",
}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown; bars inside cells are escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines
    )


def number(value: float | None, digits: int = 6) -> str:
    """A number as people write it."""
    if value is None:
        return "none"
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}".replace("-", "−")


def gains(found: Analysis) -> str:
    """What one layer does to signal and gradient."""
    if "gains" in found.missing:
        return f"## Gains\n\nNot found: {found.missing['gains']}\n"
    gains = found.gains
    point = gains.critical
    if point is None:
        critical = "none: gradients vanish or explode with depth whatever the weights are"
    else:
        critical = f"weights {number(point[0])}, biases {number(point[1])}"
    rows = [
        ("forward gain", number(gains.forward), "keeps the second moment of the signal"),
        ("centred gain", number(gains.centred), "keeps its variance, where the mean is removed"),
        ("backward gain", number(gains.backward), "keeps the squared gradient"),
        ("critical σ", critical, "keeps both: the edge of chaos"),
        ("gradient factor", number(gains.chi), "per layer, squared, at the forward gain"),
        ("the same, normalised", number(gains.chi_normalised), "with LayerNorm after it"),
        ("variance map", f"{gains.verdict}, slope {number(gains.slope, 4)}", "at the forward gain"),
    ]
    text = "## Gains\n\nUnder a standard normal input, at the default parameters.\n\n"
    return text + table(("", "value", "meaning"), rows)


def moments(found: Analysis) -> str:
    """Moments, and what depends on the law of the input."""
    if "moments" in found.missing or "law" in found.missing:
        return ""
    m, law = found.moments, found.law
    rows = [
        ("mean of f", number(m.mean if abs(m.mean) > EXACT else 0.0)),
        ("mean of f²", number(m.square)),
        ("variance of f", number(m.variance)),
        ("mean slope", number(m.slope)),
        ("mean squared slope", number(m.slope_square)),
        ("inputs with slope 0", f"{100 * law.dead:.3g} %"),
        ("outputs that are 0", f"{100 * law.sparsity:.3g} %"),
        ("nonlinearity index", number(max(law.nonlinearity, 0.0), 4)),
        ("linear signal to noise", number(law.linear_snr, 4)),
    ]
    return table(("under a standard normal input", ""), rows)


def depth(found: Analysis) -> str:
    """Thirty layers at each initialisation."""
    if "propagation" in found.missing:
        return ""
    rows = []
    for name, path in found.propagation.items():
        layers = path.depth
        distance = path.distance[-1] if path.distance else math.nan
        rows.append(
            (
                INITIALISATIONS[name],
                f"{number(path.weight, 4)}, {number(path.bias, 3)}",
                number(path.variance[-1], 3),
                f"10<sup>{number(_rounded(path.gradient[-1]), 3)}</sup>" if layers else "",
                number(distance, 2),
                str(layers) if not path.ended else f"{layers} ({path.ended})",
            )
        )
    head = (
        "initialisation",
        "σ of weights, biases",
        "variance",
        "squared gradient",
        "1 − c",
        "layers",
    )
    text = (
        "## Depth\n\nA wide network of 30 layers, from input variance 1 and two inputs of "
        "correlation 0.5: the variance at the end, the factor of the squared gradient, and what "
        "is left of the difference between the inputs.\n\n"
    )
    return text + table(head, rows)


def _rounded(exponent: float) -> float:
    """Without the rounding errors of thirty factors of 1."""
    return 0.0 if abs(exponent) < EXACT else exponent


def shape(found: Analysis) -> list[str]:
    """Facts about the shape, a line each."""
    if "shape" in found.missing:
        return []
    s = found.shape
    lines = [
        f"{s.monotone} on the whole line" if s.monotone != "no" else "not monotone",
        {"convex": "convex", "concave": "concave", "straight": "a straight line"}.get(s.bend, ""),
        s.parity or "",
        f"range {'[' if s.low_reached else '('}{number(s.low)}, {number(s.high)}"
        f"{']' if s.high_reached else ')'}",
        f"Lipschitz constant {number(s.lipschitz)}; largest |f''| between joints "
        f"{number(s.curvature)}",
        _smoothness(s.smoothness),
        *(
            f"at x = {number(j.at)} the slope goes from {number(j.left)} to {number(j.right)}"
            for j in s.jumps
        ),
        f"slope 0 on {_intervals(s.flat)}" if s.flat else "",
        f"turns at x = {', '.join(number(x) for x in s.extrema[:4])}"
        + (" and so on" if s.oscillates or len(s.extrema) > 4 else "")
        if s.extrema
        else "",
        f"the output determines the input: {s.inverse.kind}",
    ]
    return [line for line in lines if line]


def _smoothness(order: float) -> str:
    if math.isinf(order):
        return "smooth"
    return f"C^{order:g}" if order else "continuous, with a slope that jumps (C^0)"


def _intervals(intervals: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(f"({number(low)}, {number(high)})" for low, high in intervals)


def precision(found: Analysis) -> str:
    """Where each format loses the slope."""
    if "precision" in found.missing:
        return ""
    ours = [
        (fact.dtype, *_edges(fact.ours.gradient_gone), *_edges(fact.ours.asymptote_met))
        for fact in found.precision
    ]
    theirs = [
        (fact.dtype, *_edges(fact.torch.gradient_gone), *_edges(fact.torch.asymptote_met))
        for fact in found.precision
        if fact.torch is not None
    ]
    head = ("format", "slope is 0 below", "above", "value is its limit below", "above")
    text = (
        "## Floating point\n\nWhere a format's slope becomes exactly 0 although the true one is "
        "not, and where the value can no longer be told from its asymptote.\n\n"
    )
    text += table(head, ours)
    if theirs and theirs != ours:
        text += "\nThe same of torch's own function:\n\n" + table(head, theirs)
    return text


def _edges(edges: Edges) -> tuple[str, str]:
    return number(edges.left, 5), number(edges.right, 5)
