"""Initialisation for any activation, in any model.

``gain``, ``critical`` and ``recommended`` give the scales of a function; ``init_`` finds out which
activation follows each layer of a model and initialises the layer for it; ``check`` measures
what came out, against the mean-field prediction; ``lsuv_`` corrects it from data.
"""

from actlab.init.check import CheckReport, Measured, check
from actlab.init.fill import init_
from actlab.init.gain import Recommendation, critical, gain, recommended
from actlab.init.lsuv import Adjustment, LsuvReport, lsuv_
from actlab.init.naming import recognise
from actlab.init.nonlinearity import Nonlinearity
from actlab.init.report import InitReport, Row

__all__ = [
    "Adjustment",
    "CheckReport",
    "InitReport",
    "LsuvReport",
    "Measured",
    "Nonlinearity",
    "Recommendation",
    "Row",
    "check",
    "critical",
    "gain",
    "init_",
    "lsuv_",
    "recognise",
    "recommended",
]
