"""Initial parameters: drawn once per seed and scaled per function: arms differ by scale only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from actlab.lab.arm import Arm
from actlab.lab.seeds import generator
from actlab.lab.task import Batch, Role

Place = Literal["first", "hidden", "last"]


@dataclass(frozen=True)
class Start:
    """Where the parameters of a stack of networks come from.

    Args:
        arm: the function; its initialisation scales the draws.
        seeds: by number.
        copies: how many learning rates every seed runs at.
        role: ``test`` or ``tuning``; the two never share a draw.
    """

    arm: Arm
    seeds: tuple[int, ...]
    copies: int = 1
    role: Role = "test"

    @classmethod
    def of(cls, batch: Batch) -> Start:
        """For the runs of a batch."""
        return cls(batch.arm, batch.seeds, len(batch.rates), batch.role)

    @property
    def runs(self) -> int:
        """How many networks there are."""
        return len(self.seeds) * self.copies

    def generator(self, seed: int, *axes: str | int) -> np.random.Generator:
        """A generator for a seed and named axes, the same for every function and rate."""
        return generator("draw", self.role, seed, *axes)

    def normal(self, name: str, *shape: int) -> Tensor:
        """Draws from N(0, 1), ``(runs, *shape)``."""
        return self._repeated(
            [self.generator(s, name).standard_normal(shape, dtype="float32") for s in self.seeds]
        )

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Draws from U(-1, 1), ``(runs, *shape)``."""
        return self._repeated(
            [self.generator(s, name).random(shape, dtype="float32") * 2 - 1 for s in self.seeds]
        )

    def weight(
        self, name: str, *shape: int, fan_in: int, place: Place = "hidden", gain: float = 1.0
    ) -> nn.Parameter:
        """Weights of a layer, ``(runs, *shape)``.

        ``default``: U(-1, 1) / sqrt(fan_in), as ``nn.Linear`` and ``nn.Conv1d`` draw. Otherwise
        N(0, w^2 / fan_in), w being the scheme's, and 1 for a ``first`` layer, whose inputs no
        activation has shaped.

        Args:
            name: names the draw.
            shape: of one network's weights.
            fan_in: inputs of a unit.
            place: where in the network the layer is.
            gain: factor besides.
        """
        if self.arm.init.scheme == "default":
            return nn.Parameter(self.uniform(name, *shape) * (gain / fan_in**0.5))
        scale = 1.0 if place == "first" else self.arm.init.weight
        return nn.Parameter(self.normal(name, *shape) * (gain * scale / fan_in**0.5))

    def bias(self, name: str, *shape: int, fan_in: int, place: Place = "hidden") -> nn.Parameter:
        """Biases of a layer, ``(runs, *shape)``.

        ``default``: U(-1, 1) / sqrt(fan_in). Otherwise N(0, b^2), b being the scheme's; N(0, 1 /
        fan_in) in a ``first`` layer and 0 in a ``last`` one.
        """
        name = f"{name} bias"
        if self.arm.init.scheme == "default":
            return nn.Parameter(self.uniform(name, *shape) / fan_in**0.5)
        scale = {"first": fan_in**-0.5, "hidden": self.arm.init.bias, "last": 0.0}[place]
        return nn.Parameter(self.normal(name, *shape) * scale)

    def repeated(self, arrays: list[np.ndarray]) -> Tensor:
        """One array per seed as one tensor of all runs, ``(runs, *shape)``."""
        return self._repeated(arrays)

    def _repeated(self, arrays: list[np.ndarray]) -> Tensor:
        whole = torch.as_tensor(np.stack(arrays))
        return whole.repeat(self.copies, *[1] * (whole.dim() - 1)) if self.copies > 1 else whole
