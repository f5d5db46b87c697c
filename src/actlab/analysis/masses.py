"""What depends on the law of the input besides moments: dead mass, sparsity, linearity."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actlab.analysis.case import Analysed, case
from actlab.analysis.laws import Law, LawName
from actlab.analysis.moments import moments_of
from actlab.analysis.shapes import shape


@dataclass(frozen=True, slots=True)
class UnderLaw:
    """What depends on the law of the input as well.

    Attributes:
        dead: P(f' = 0). sparsity: P(f = 0).
        nonlinearity: 1 - (E f')^2 q / Var f: the part of the output's variance that no linear
            function of the input explains.
        linear_snr: Var f / (q E f'^2), 1 for a linear function and less for every other.
    """

    dead: float
    sparsity: float
    nonlinearity: float
    linear_snr: float


def under_law(
    activation: Analysed,
    q: float = 1.0,
    *,
    mean: float = 0.0,
    law: LawName = "normal",
    **params: float,
) -> UnderLaw:
    """Dead mass, sparsity and linearity under a law of the input.

    Args, raises: as ``moments``.

    Example:
        >>> from actlab.analysis import under_law
        >>> found = under_law("relu")
        >>> found.dead, found.sparsity, round(found.nonlinearity, 3)
        (0.5, 0.5, 0.267)
    """
    subject, input_law = case(activation, params), Law(law, float(mean), float(q))
    found, at = shape(subject), moments_of(subject, input_law)
    explained = at.slope**2 * q
    return UnderLaw(
        dead=min(1.0, sum(input_law.mass(*stretch) for stretch in found.flat)),
        sparsity=min(1.0, sum(input_law.mass(*stretch) for stretch in found.zero)),
        nonlinearity=max(0.0, 1 - explained / at.variance) if at.variance else 0.0,
        linear_snr=at.variance / (q * at.slope_square) if at.slope_square else math.nan,
    )
