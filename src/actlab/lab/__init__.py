"""The laboratory: honest comparisons of activations, with tasks of its own and with yours.

``compare`` takes a training function of your own; ``as_task`` makes it a task that studies and
the command line know by name; ``tune`` searches the parameters of an activation. Everything is
imported on first use.
"""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actlab.lab.arm import Arm
    from actlab.lab.comparing import compare
    from actlab.lab.comparison import Comparison
    from actlab.lab.function_task import as_task
    from actlab.lab.given import GivenActivation
    from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task
    from actlab.lab.tuning.entry import tune
    from actlab.lab.tuning.outcome import Tuned

__all__ = [
    "Arm",
    "Batch",
    "Comparison",
    "Curve",
    "GivenActivation",
    "Metric",
    "Run",
    "Settings",
    "Task",
    "Tuned",
    "as_task",
    "compare",
    "tune",
]

_PLACES = MappingProxyType(
    {
        "Arm": "arm",
        "Batch": "task",
        "Comparison": "comparison",
        "Curve": "task",
        "GivenActivation": "given",
        "Metric": "task",
        "Run": "task",
        "Settings": "task",
        "Task": "task",
        "Tuned": "tuning.outcome",
        "as_task": "function_task",
        "compare": "comparing",
        "tune": "tuning.entry",
    }
)


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"actlab.lab.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
