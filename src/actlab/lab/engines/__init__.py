"""Engines: where cells are computed. The outcome of a cell does not depend on the engine."""

from actlab.lab.engines.interface import CellTimeoutError, Engine, Job, Outcome, WorkerLostError

__all__ = ["CellTimeoutError", "Engine", "Job", "Outcome", "WorkerLostError"]
