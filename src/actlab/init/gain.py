"""Gains, critical points and defaults of any function, at any value of its parameters."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import torch

from actlab.analysis import gain as gains
from actlab.analysis.case import case
from actlab.init.arguments import check_choice
from actlab.init.naming import Named, recognise
from actlab.init.nonlinearity import Nonlinearity

GainMode: TypeAlias = Literal["forward", "centred", "backward", "auto"]
InitMode: TypeAlias = Literal["auto", "forward", "centred", "backward", "critical"]

SEARCH = (0.05, 20.0)
"""Variances between which a critical fixed point without biases is looked for."""

ROUNDING = 1e-9
"""A bias variance this close to 0 is 0."""

CENTRED = 1e-4
"""A mean this small, against the root mean square, is 0."""

STEEP = 1e-3
"""How far above 1 the slope of the variance map must be to call it unstable."""

FAR = 1e6


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A default for plain deep networks of one activation.

    Attributes:
        sigma_w: weights are N(0, sigma_w^2 / fan_in).
        sigma_b: biases are N(0, sigma_b^2).
        mode: how it was chosen: ``"forward"``, ``"critical"`` or ``"asymptotic"``.
        q: the variance of pre-activations that it keeps, or that chi and the slope are taken at.
        chi: factor of squared gradients per layer there.
        variance_slope: slope of the variance map there; above 1, deviations grow.
        stable: whether that slope is at most 1, so that networks without normalisation and
            residual branches keep their variance.
        why: the reason, in words.
    """

    sigma_w: float
    sigma_b: float
    mode: Literal["forward", "critical", "asymptotic"]
    q: float
    chi: float
    variance_slope: float
    stable: bool
    why: str


def gain(act: Named, mode: GainMode = "forward", **params: float) -> float:
    """The weight gain of an activation: weights are ``N(0, gain^2 / fan_in)``.

    With z ~ N(0, 1): ``"forward"`` is ``1 / sqrt(E f(z)^2)`` and keeps the second moment,
    ``"centred"`` is ``1 / sqrt(Var f(z))`` and keeps the variance, for use under a batch
    normalisation, ``"backward"`` is ``1 / sqrt(E f'(z)^2)`` and keeps squared gradients, and
    ``"auto"`` is the weight scale of ``recommended``.

    Args:
        act: anything that ``recognise`` takes: names, definitions, modules, functions.
        mode: which gain. Default: ``"forward"``.
        **params: the function's parameters; those not given take their defaults.

    Raises:
        ValueError: an unknown mode, a parameter outside its domain, or a function that is 0
            (or constant) and has no such gain.

    Reference:
        He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    Example:
        >>> from actlab import init
        >>> round(init.gain("relu"), 5), round(init.gain("ralu", alpha=3.0), 5)
        (1.41421, 0.57735)
    """
    check_choice("mode", mode, get_args(GainMode))
    function = recognise(act, **params)
    if mode == "auto":
        return recommended(function).sigma_w
    return _gain(function, mode)


def critical(act: Named, q: float | None = None, **params: float) -> tuple[float, float] | None:
    """The critical ``(sw, sb)``: the variance q maps to itself, and squared gradients keep size.

    ``sw^2 = 1 / E f'^2`` and ``sb^2 = q - E f^2 / E f'^2`` under N(0, q).

    Args:
        act: anything that ``recognise`` takes.
        q: the variance to keep, positive. None: 1 where that needs no negative bias variance,
            otherwise the one that needs no bias. Default: None.
        **params: the function's parameters.

    Returns:
        ``(sw, sb)``, or None where there is no such point: for that q, or (q=None) for q = 1 and
        any bias-free q in [0.05, 20]. PowerLU with p = 2, SmeLU, Softplus and Squareplus have
        none at any q: their gradients shrink with depth whatever the weights are.

    Raises:
        ValueError: q or a parameter is outside its domain.

    Reference:
        Schoenholz, Gilmer, Ganguli, Sohl-Dickstein (2017), arXiv:1611.01232.

    Example:
        >>> from actlab import init
        >>> [round(value, 4) for value in init.critical("elu")], init.critical("softplus")
        ([1.2234, 0.1862], None)
    """
    function = recognise(act, **params)
    if function.definition is not None:
        return gains.critical(case(function.definition, dict(function.params)), q)
    if q is not None:
        return _critical_at(function, q)
    found = _critical_point(function)
    return None if found is None else found[:2]


def recommended(act: Named, **params: float) -> Recommendation:
    """The default ``(sigma_w, sigma_b)`` for a deep network of this activation.

    Functions of mean 0 (RaLU, SELU, tanh) take the forward gain and no biases. Others take their
    critical point if the variance stays there (ELU, CELU, ReLU, ExpoLU), otherwise the forward
    gain, which is then unstable without normalisation (GELU, SiLU, Mish). Functions without a
    critical point that approach a rectifier (PowerLU with p = 2 or 3, Softplus) take the
    rectifier's gain, towards which their gradients' shrinking slows down with depth.

    Args:
        act: anything that ``recognise`` takes.
        **params: the function's parameters.

    Raises:
        ValueError: a parameter outside its domain, or a function that is 0 or constant.

    Example:
        >>> from actlab import init
        >>> init.recommended("selu").mode, init.recommended("elu").mode
        ('forward', 'critical')
        >>> init.recommended("gelu").stable
        False
    """
    return _recommended(recognise(act, **params))


@functools.lru_cache(maxsize=256)
def _recommended(function: Nonlinearity) -> Recommendation:
    at_one = function.expectation()
    forward = _gain(function, "forward")
    if abs(at_one.mean) <= CENTRED * math.sqrt(at_one.square):
        return _recommend(function, forward, 0.0, 1.0, "forward", "its mean is 0")
    point = _critical_point(function)
    if point is not None:
        sigma_w, sigma_b, q = point
        if sigma_b == 0 and abs(sigma_w / forward - 1) < ROUNDING:
            why = "forward and backward gain agree"
            return _recommend(function, forward, 0.0, q, "forward", why)
        why = "gradients keep their size"
        choice = _recommend(function, sigma_w, sigma_b, q, "critical", why)
        if choice.stable:
            return choice
        why = "its critical point is unstable"
    else:
        far = _asymptotic_gain(function)
        if far is not None:
            why = "it has no critical point, and approaches a rectifier"
            return _recommend(function, far, 0.0, 1.0, "asymptotic", why)
        why = "it has no critical point"
    return _recommend(function, forward, 0.0, 1.0, "forward", why)


@functools.lru_cache(maxsize=256)
def gate_gain(function: Nonlinearity) -> float:
    """The gain of the two layers whose outputs meet in ``f(u) v``: ``E f(u)^2 E v^2 = 1``.

    Both u and v get the variance q with ``q E f(sqrt(q) z)^2 = 1``, and sqrt(q) is the gain.

    Raises:
        ValueError: no q in [1e-4, 1e4] does that.
    """
    low, high = math.log(1e-4), math.log(1e4)

    def size(log_q: float) -> float:
        return math.exp(log_q) * function.expectation(math.exp(log_q)).square

    if not size(low) < 1 < size(high):
        raise ValueError(f"{function} has no gain as a gate")
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if size(middle) < 1 else (low, middle)
    return math.exp(0.25 * (low + high))


def scales(function: Nonlinearity, mode: InitMode) -> tuple[float, float]:
    """``(sigma_w, sigma_b)`` of a mode.

    Raises:
        ValueError: the mode is ``"critical"`` and there is no critical point.
    """
    if mode == "auto":
        choice = recommended(function)
        return choice.sigma_w, choice.sigma_b
    if mode == "critical":
        point = critical(function)
        if point is None:
            raise ValueError(
                f"{function} has no critical point; use mode='auto', 'forward' or 'backward'"
            )
        return point
    return _gain(function, mode), 0.0


def _gain(function: Nonlinearity, mode: str) -> float:
    found = function.expectation()
    kept = {"forward": found.square, "centred": found.variance, "backward": found.slope_square}
    if not kept[mode] > 0:
        raise ValueError(f"{function} has no {mode} gain: it is constant on N(0, 1)")
    return 1 / math.sqrt(kept[mode])


def _critical_at(function: Nonlinearity, q: float) -> tuple[float, float] | None:
    found = function.expectation(q)
    if not found.slope_square > 0:
        return None
    bias = q - found.square / found.slope_square
    if bias < -ROUNDING * q:
        return None
    sigma_b = math.sqrt(bias) if bias > ROUNDING * q else 0.0
    return 1 / math.sqrt(found.slope_square), sigma_b


def _critical_point(function: Nonlinearity) -> tuple[float, float, float] | None:
    """``(sw, sb, q)``, at q = 1 or where sb = 0."""
    at_one = _critical_at(function, 1.0)
    if at_one is not None:
        return *at_one, 1.0
    q = _unbiased_fixed_point(function)
    return None if q is None else (1 / math.sqrt(function.expectation(q).slope_square), 0.0, q)


def _unbiased_fixed_point(function: Nonlinearity) -> float | None:
    """The smallest q in SEARCH with ``E f^2 = q E f'^2``, or None."""

    def excess(log_q: float) -> float:
        found = function.expectation(math.exp(log_q))
        return found.square - math.exp(log_q) * found.slope_square

    low, high = (math.log(end) for end in SEARCH)
    grid = [low + (high - low) * k / 60 for k in range(61)]
    before = excess(grid[0])
    for left, right in itertools.pairwise(grid):
        after = excess(right)
        if before * after < 0 or after == 0:
            for _ in range(60):
                middle = 0.5 * (left + right)
                if (excess(middle) > 0) == (before > 0):
                    left = middle
                else:
                    right = middle
            return math.exp(0.5 * (left + right))
        before = after
    return None


def _asymptotic_gain(function: Nonlinearity) -> float | None:
    """``sqrt(2 / (s^2 + t^2))`` of a function that approaches s x and t x, else None."""
    x = torch.tensor([-FAR, FAR], dtype=torch.float64)
    value, slope = function.at(x)
    straight = bool(torch.isfinite(value).all()) and float((value - slope * x).abs().max()) < 1e-3
    size = float(slope.square().sum())
    return math.sqrt(2 / size) if straight and size > 0 else None


def _recommend(
    function: Nonlinearity, sigma_w: float, sigma_b: float, q: float, mode: Any, why: str
) -> Recommendation:
    found = function.expectation(q)
    slope, chi = sigma_w**2 * found.growth, sigma_w**2 * found.slope_square
    stable = slope <= 1 + STEEP
    if not stable:
        why += f"; unstable without a norm: deviations of the variance grow by {slope:.3f} a layer"
    return Recommendation(sigma_w, sigma_b, mode, q, chi, slope, stable, why)
