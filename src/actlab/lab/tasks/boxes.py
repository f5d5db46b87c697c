"""Find the edges of a rectangle in a noisy image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field

from actlab.lab.datasets.boxes import LARGEST, NOISE, SIDE, SMALLEST, constant_overlap, images, overlap
from actlab.lab.datasets.sequences import Stream, examples
from actlab.lab.models.convolution import ConvolutionalNet, Filters
from actlab.lab.models.fit import fit
from actlab.lab.models.layers import Norm
from actlab.lab.models.measure import squared_error
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

TESTED = 256
EVERY = 10
"""Steps from a test to the next."""


class BoxSettings(Settings):
    """Network and budget."""

    channels: int = Field(default=8, ge=1, le=1024)
    hidden: int = Field(default=32, ge=1, le=8192)
    norm: Norm = "none"
    steps: int = Field(default=400, ge=EVERY, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=10_000)
