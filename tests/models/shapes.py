"""The shapes of models that break tools: ``SHAPES``, small and with the answers known."""

from __future__ import annotations

from models.shape import Shape
from models.shapes_blocks import BLOCKS
from models.shapes_calls import CALLS
from models.shapes_compiled import COMPILED
from models.shapes_gates import GATES
from models.shapes_inputs import INPUTS
from models.shapes_modules import MODULES
from models.shapes_transformers import TRANSFORMERS

SHAPES: tuple[Shape, ...] = CALLS + MODULES + BLOCKS + GATES + TRANSFORMERS + INPUTS + COMPILED
