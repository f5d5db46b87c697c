"""Initialisation gains: the weight scale at which a deep network keeps its signal alive.

A layer with weights N(0, sw^2 / fan_in) and biases N(0, sb^2) maps the variance q of its inputs
to ``sw^2 E f(sqrt(q) z)^2 + sb^2``, and multiplies squared gradients by
``chi = sw^2 E f'(sqrt(q) z)^2`` (Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017,
arXiv:1611.01232).
"""

from __future__ import annotations

import math

from actlab.analysis.moments import moments
from actlab.registry import Named

SEARCH = (0.05, 20.0)
"""Variances between which a critical fixed point is looked for."""

ROUNDING = 1e-12
"""A bias variance this close to 0 is 0."""


def forward_gain(activation: Named, **params: float) -> float:
    """The gain that preserves the second moment: ``1 / sqrt(E f(z)^2)``, z ~ N(0, 1).

    Args:
        activation: a name or a definition.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: a parameter is outside its domain.

    Example:
        >>> from actlab.analysis.gain import forward_gain
        >>> round(forward_gain("relu"), 5), round(forward_gain("ralu", alpha=3.0), 5)
        (1.41421, 0.57735)
    """
    return 1 / math.sqrt(moments(activation, **params).square)


def backward_gain(activation: Named, **params: float) -> float:
    """The gain that preserves squared gradients: ``1 / sqrt(E f'(z)^2)``, z ~ N(0, 1).

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import backward_gain
        >>> round(backward_gain("elu"), 5)
        1.22343
    """
    return 1 / math.sqrt(moments(activation, **params).slope_square)


def critical(activation: Named, **params: float) -> tuple[float, float] | None:
    """The critical ``(sw, sb)``: variance has a fixed point, and there chi = 1.

    At q = 1 if that needs no negative bias variance; otherwise at the variance where sb = 0.

    Args, raises: as ``forward_gain``.

    Returns:
        ``(sw, sb)``, or None where the function has no such point (PowerLU with p = 2,
        Softplus): its gradients vanish with depth whatever the weights are.

    Example:
        >>> from actlab.analysis.gain import critical
        >>> [round(value, 4) for value in critical("elu")]
        [1.2234, 0.1862]
    """
    at_one = moments(activation, **params)
    bias = 1 - at_one.square / at_one.slope_square
    if bias > -ROUNDING:
        return 1 / math.sqrt(at_one.slope_square), math.sqrt(bias) if bias > ROUNDING else 0.0
    q = _unbiased_fixed_point(activation, params)
    return (
        None if q is None else (1 / math.sqrt(moments(activation, q, **params).slope_square), 0.0)
    )


def own_init(activation: Named, **params: float) -> tuple[float, float]:
    """The ``(sw, sb)`` to initialise plain deep networks with: critical, else forward.

    Args, raises: as ``forward_gain``.

    Example:
        >>> from actlab.analysis.gain import own_init
        >>> [round(value, 4) for value in own_init("expolu")]
        [0.7254, 0.0]
    """
    point = critical(activation, **params)
    return (forward_gain(activation, **params), 0.0) if point is None else point


def _unbiased_fixed_point(activation: Named, params: dict[str, float]) -> float | None:
    """The smallest q in SEARCH with ``E f^2 = q E f'^2``, or None."""

    def excess(log_q: float) -> float:
        q = math.exp(log_q)
        at = moments(activation, q, **params)
        return at.square / (q * at.slope_square) - 1

    low, high = (math.log(end) for end in SEARCH)
    grid = [low + (high - low) * k / 60 for k in range(61)]
    values = [excess(point) for point in grid]
    for left, right, before, after in zip(grid, grid[1:], values, values[1:], strict=False):
        if before > 0 >= after or before < 0 <= after:
            for _ in range(60):
                middle = 0.5 * (left + right)
                left, right = (
                    (middle, right) if (excess(middle) > 0) == (before > 0) else (left, middle)
                )
            return math.exp(0.5 * (left + right))
    return None
