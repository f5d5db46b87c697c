"""What happens to signal, gradient and the distance of two inputs over many layers.

Mean-field theory (Poole et al. 2016, arXiv:1606.05340): in a wide random network with weights
N(0, sw^2 / fan_in) and biases N(0, sb^2), the variance q of what enters an activation, the
squared gradient and the correlation c of two inputs each follow a map from layer to layer.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from actlab.analysis.case import Analysed, Case, case
from actlab.analysis.correlation import drop
from actlab.analysis.gain import critical, forward_gain
from actlab.analysis.laws import Law
from actlab.analysis.moments import Moments, moments_of
from actlab.analysis.quadrature import AccuracyError

Init: TypeAlias = Literal["pytorch", "he", "own", "critical"]
Norm: TypeAlias = Literal["after", "before"]

VANISHED = 1e-180
"""A variance below this is 0 for doubles, whose squares have to hold it."""

EXPLODED = 1e180


@dataclass(frozen=True, slots=True)
class Propagation:
    """The maps over depth; entry l is after l layers.

    Attributes:
        weight, bias: sw and sb.
        norm: where layers are normalised: ``"after"`` the activation, ``"before"`` it, or None.
        variance: of what enters the activation; with ``norm="before"``, before normalisation.
        gradient: log10 of the factor of the squared gradient over the first l layers; -inf
            where it is 0.
        distance: 1 - c of two inputs, accurate however small; empty if it was not asked for.
        ended: why the maps stop before the depth asked for, or an empty string.
    """

    weight: float
    bias: float
    norm: Norm | None
    variance: tuple[float, ...]
    gradient: tuple[float, ...]
    distance: tuple[float, ...]
    ended: str = ""

    @property
    def depth(self) -> int:
        """The number of layers passed."""
        return len(self.gradient) - 1


def weights(
    activation: Analysed, init: Init | tuple[float, float], width: int = 512, **params: float
) -> tuple[float, float]:
    """The (sw, sb) that an initialisation amounts to.

    Args:
        activation: a name, a definition, or a case.
        init: ``"pytorch"``: what ``nn.Linear`` does, weights of variance 1 / (3 fan_in) and
            biases of variance 1 / (3 fan_in). ``"he"``: sw^2 = 2, no bias. ``"own"``: the
            forward gain, no bias. ``"critical"``: on the edge of chaos. Or the pair itself.
        width: units per layer, on which PyTorch's biases depend. Default: 512.
        **params: its parameters; those not given take their defaults.

    Raises:
        ValueError: an unknown name, a width below 1, a negative pair, or ``"critical"`` for a
            function without an edge of chaos.

    Example:
        >>> from actlab.analysis.propagation import weights
        >>> [round(w, 4) for w in weights("relu", "pytorch")]
        [0.5774, 0.0255]
    """
    subject = case(activation, params)
    if not isinstance(init, str):
        weight, bias = (float(number) for number in init)
        if not (0 < weight < math.inf and 0 <= bias < math.inf):
            raise ValueError(f"init must be (sw, sb) with sw > 0 and sb >= 0, got {init!r}")
        return weight, bias
    if init not in get_args(Init):
        raise ValueError(
            f"init must be one of {', '.join(get_args(Init))} or a pair (sw, sb), got {init!r}"
        )
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width!r}")
    if init == "pytorch":
        return math.sqrt(1 / 3), math.sqrt(1 / (3 * width))
    if init == "he":
        return math.sqrt(2), 0.0
    if init == "own":
        return forward_gain(subject), 0.0
    point = critical(subject)
    if point is None:
        raise ValueError(f"{subject} has no edge of chaos, so no critical weights")
    return point


def propagate(
    activation: Analysed,
    init: Init | tuple[float, float] = "pytorch",
    depth: int = 30,
    *,
    norm: Norm | None = None,
    variance: float = 1.0,
    distance: float | None = 0.5,
    width: int = 512,
    **params: float,
) -> Propagation:
    """Signal, gradient and distance of two inputs over the layers of a wide random network.

    Args:
        activation: a name, a definition, or a case.
        init: ``"pytorch"``, ``"he"``, ``"own"``, ``"critical"`` or a pair (sw, sb).
            Default: ``"pytorch"``.
        depth: number of layers. Default: 30.
        norm: layer normalisation ``"after"`` the activation or ``"before"`` it. Default: None.
        variance: q of the first layer. Default: 1.
        distance: 1 - c of two inputs, in [0, 2]; None leaves it out. Default: 0.5.
        width: units per layer, for PyTorch's biases. Default: 512.
        **params: its parameters; those not given take their defaults.

    Returns:
        The maps. They end early, and say why, where the variance leaves the range of doubles or
        a number cannot be found to the accuracy promised.

    Raises:
        ValueError: an argument or a parameter is outside its domain.

    Example:
        >>> from actlab.analysis.propagation import propagate
        >>> relu = propagate("relu", "pytorch")
        >>> round(relu.gradient[-1], 1), relu.distance[-1] < 1e-20
        (-23.3, True)
    """
    subject = case(activation, params)
    if norm not in (None, *get_args(Norm)):
        raise ValueError(f"norm must be 'after', 'before' or None, got {norm!r}")
    if depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth!r}")
    if not VANISHED <= variance <= EXPLODED:
        raise ValueError(f"variance must be in (0, inf), got {variance!r}")
    if distance is not None and not 0 <= distance <= 2:
        raise ValueError(f"distance must be in [0, 2], got {distance!r}")
    weight, bias = weights(subject, init, width)
    start = None if distance is None else float(distance)
    return _propagate(subject, weight, bias, depth, norm, float(variance), start)


@functools.lru_cache(maxsize=256)
def _propagate(
    subject: Case,
    weight: float,
    bias: float,
    depth: int,
    norm: Norm | None,
    q: float,
    d: float | None,
) -> Propagation:
    if norm == "after":
        q = weight**2 + bias**2
    variances, gradients = [q], [0.0]
    distances = [] if d is None else [d]
    ended = ""
    for _ in range(depth):
        seen = 1.0 if norm == "before" else q
        if not VANISHED <= seen <= EXPLODED:
            ended = f"the variance is {'0' if seen < 1 else 'infinite'} for doubles"
            break
        try:
            at = moments_of(subject, Law(variance=seen))
            kept, chi = _layer(at, weight, bias, norm)
            if not (kept > 0 and math.isfinite(kept)):
                ended = "nothing of the signal is left" if kept == 0 else "the signal is infinite"
                break
            if d is not None:
                d = min(2.0, weight**2 * drop(subject, seen, d) / kept)
                distances.append(d)
        except AccuracyError as error:
            ended = str(error)
            break
        gradients.append(gradients[-1] + (math.log10(chi) if chi > 0 else -math.inf))
        q = kept if norm != "after" else weight**2 + bias**2
        variances.append(q)
    return Propagation(
        weight, bias, norm, tuple(variances), tuple(gradients), tuple(distances), ended
    )


def _layer(at: Moments, weight: float, bias: float, norm: Norm | None) -> tuple[float, float]:
    """The second moment that distances are relative to, and the factor of squared gradients."""
    if norm == "after":
        # Normalising divides by Var f: weights see unit variance, gradients the inverse.
        if at.variance == 0:
            return 0.0, 0.0
        kept = at.variance * (weight**2 + bias**2)
        return kept, weight**2 * at.slope_square / at.variance
    kept = weight**2 * at.square + bias**2
    chi = weight**2 * at.slope_square
    return kept, chi / kept if norm == "before" and kept else chi
