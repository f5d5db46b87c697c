"""actlab: activation functions for PyTorch, exact, fast and honestly compared.

``actlab.functional`` has the functions, ``actlab.nn`` the modules, ``actlab.get`` the
definitions. The subpackages that need torch are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from actlab._version import __version__
from actlab.core import (
    Activation,
    Domain,
    Equivalent,
    FromOutput,
    Joint,
    Param,
    Reference,
    Traits,
)
from actlab.registry import get, names

if TYPE_CHECKING:
    from actlab import functional, nn, testing
    from actlab.nn.groups import parameter_groups

__all__ = [
    "Activation",
    "Domain",
    "Equivalent",
    "FromOutput",
    "Joint",
    "Param",
    "Reference",
    "Traits",
    "__version__",
    "functional",
    "get",
    "names",
    "nn",
    "parameter_groups",
    "testing",
]


def __getattr__(name: str) -> Any:
    if name in ("analysis", "diagnose", "functional", "init", "lab", "nn", "surgery", "testing"):
        return importlib.import_module(f"actlab.{name}")
    if name == "parameter_groups":
        return importlib.import_module("actlab.nn.groups").parameter_groups
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
