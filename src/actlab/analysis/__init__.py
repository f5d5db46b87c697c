"""What an activation does to a signal, computed from its definition alone.

``analyse`` gives all of it; the other names give parts. Every function takes a name, a
definition (a user's own included) or a ``case``, and parameters as keywords.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Four of these are called like their module, so they are bound here and now: the name then means
# the function, whichever is imported first.
from actlab.analysis.case import Case, case
from actlab.analysis.cost import cost
from actlab.analysis.edge import edge_of_chaos
from actlab.analysis.gain import (
    backward_gain,
    centred_gain,
    critical,
    forward_gain,
    gains,
    own_init,
)
from actlab.analysis.moments import Moments, moments
from actlab.analysis.propagation import Propagation, propagate, weights
from actlab.analysis.quadrature import AccuracyError

if TYPE_CHECKING:
    from actlab.analysis.formats import precision
    from actlab.analysis.masses import under_law
    from actlab.analysis.shapes import shape
    from actlab.analysis.summary import Analysis, analyse

LATER = {
    "Analysis": "summary",
    "analyse": "summary",
    "precision": "formats",
    "shape": "shapes",
    "under_law": "masses",
}
"""The modules of names that need mpmath; they are imported when a name is first used."""

__all__ = [
    "AccuracyError",
    "Analysis",
    "Case",
    "Moments",
    "Propagation",
    "analyse",
    "backward_gain",
    "case",
    "centred_gain",
    "cost",
    "critical",
    "edge_of_chaos",
    "forward_gain",
    "gains",
    "moments",
    "own_init",
    "precision",
    "propagate",
    "shape",
    "under_law",
    "weights",
]


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{LATER[name]}"), name)
