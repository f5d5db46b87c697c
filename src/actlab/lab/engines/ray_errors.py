"""What Ray says when something is lost, in one line."""

from __future__ import annotations


def gist(error: BaseException) -> str:
    """The line that says most; Ray's messages are pages long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if " because " in line] or lines or [""]
    line = telling[0].partition(" Some common causes")[0]
    if "all references to the actor were removed" in line:
        # What a worker says that may not speak to the driver.
        line += " Perhaps one side uses a token and the other none: see RAY_AUTH_MODE."
    return f"{type(error).__name__}: {line[:300]}" if line else type(error).__name__


def with_advice(said: str) -> str:
    """What a cell says, and what to do where it says that the cluster lacks a module."""
    if said.startswith("ModuleNotFoundError"):
        return f"{said}; a module of your own reaches the cluster by naming its folder to ship"
    return said
