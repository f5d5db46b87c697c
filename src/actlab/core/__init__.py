"""The vocabulary: what an activation is, and the mathematics its formula may use."""

from actlab.core.direct import Direct, HalfTypes, moderate, power_of_two
from actlab.core.errors import (
    BackendUnavailableError,
    MissingExtraError,
    UnknownNameError,
)
from actlab.core.facts import FAMILIES, Equivalent, Joint, Reference, Traits
from actlab.core.maths import Maths
from actlab.core.param import Domain, Param
from actlab.core.spec import Activation, FromOutput

__all__ = [
    "FAMILIES",
    "Activation",
    "BackendUnavailableError",
    "Direct",
    "Domain",
    "Equivalent",
    "FromOutput",
    "HalfTypes",
    "Joint",
    "Maths",
    "MissingExtraError",
    "Param",
    "Reference",
    "Traits",
    "UnknownNameError",
    "moderate",
    "power_of_two",
]
