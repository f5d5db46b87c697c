"""The scale that each initialisation scheme gives a function."""

from __future__ import annotations

import math
from collections.abc import Mapping

from actlab.core.errors import UnknownNameError
from actlab.lab.arm import SCHEMES, Init, Scheme

SIGNIFICANT = 12
"""Digits kept of a computed gain, so that a last-bit difference does not rename every cell."""


def init_for(name: str, params: Mapping[str, float], scheme: Scheme) -> Init:
    """How networks of a function start under a scheme.

    Args:
        name: what ``actlab.get`` is called with.
        params: its parameters.
        scheme: one of ``SCHEMES``.

    Raises:
        UnknownNameError: no scheme of that name.
        ValueError: the function has no such gain.
    """
    from actlab.analysis.gain import centred_gain, forward_gain, own_init

    if scheme not in SCHEMES:
        raise UnknownNameError("initialisation", scheme, SCHEMES)
    if scheme == "default":
        return Init()
    if scheme == "own":
        weight, bias = own_init(name, **params)
        return Init(scheme, _rounded(weight), _rounded(bias))
    scale = {
        "he": lambda: math.sqrt(2.0),
        "lecun": lambda: 1.0,
        "forward": lambda: forward_gain(name, **params),
        "centred": lambda: centred_gain(name, **params),
    }[scheme]
    return Init(scheme, _rounded(scale()), 0.0)


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")
