"""Engines: where cells are computed. The outcome of a cell does not depend on the engine."""

from actlab.lab.engines.interface import (
    BuildEngine,
    CellError,
    CellTimeoutError,
    Engine,
    EngineError,
    Job,
    Outcome,
    WorkerLostError,
)
from actlab.lab.engines.named import ENGINES, engine_named

__all__ = [
    "ENGINES",
    "BuildEngine",
    "CellError",
    "CellTimeoutError",
    "Engine",
    "EngineError",
    "Job",
    "Outcome",
    "WorkerLostError",
    "engine_named",
]
