"""Models with planted faults and models without: ``FAULTS``, ``HEALTHY`` and ``DEEP``."""

from __future__ import annotations

from models.fault import Fault, Healthy
from models.faults_code import IN_CODE
from models.faults_dead import DEAD
from models.faults_depth import DEPTH, SHIFT
from models.faults_nonfinite import NONFINITE
from models.faults_saturated import SATURATED
from models.healthy_plain import DEEP, PLAIN
from models.healthy_sequences import SEQUENCES

__all__ = ["DEEP", "FAULTS", "HEALTHY"]

FAULTS: tuple[Fault, ...] = DEAD + IN_CODE + SATURATED + DEPTH + NONFINITE + SHIFT

HEALTHY: tuple[Healthy, ...] = PLAIN + SEQUENCES
