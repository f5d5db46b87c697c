"""The vocabulary: what an activation is, and the mathematics its formula may use."""

from actlab.core.direct import Direct
from actlab.core.errors import (
    BackendUnavailableError,
    MissingExtraError,
    UnknownNameError,
)
from actlab.core.maths import Maths
from actlab.core.spec import Activation, Domain, FromOutput, Joint, Param, Reference, Traits

__all__ = [
    "Activation",
    "BackendUnavailableError",
    "Direct",
    "Domain",
    "FromOutput",
    "Joint",
    "Maths",
    "MissingExtraError",
    "Param",
    "Reference",
    "Traits",
    "UnknownNameError",
]
