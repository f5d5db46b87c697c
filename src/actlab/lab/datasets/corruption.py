"""Noise on examples, drawn anew for every epoch, the same for all functions of a seed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from actlab.lab.models.start import Start

Kind = Literal["none", "gaussian", "salt-pepper"]


class Corruption:
    """The examples of a stack of runs with noise on them.

    Args:
        start: its seeds and role fix the draws.
        examples: ``(runs, n, features)``.
        kind: ``gaussian``: N(0, amount^2) added to every number. ``salt-pepper``: each number is,
            with chance ``amount``, replaced by ``low`` or ``high``, as likely as not.
        amount: standard deviation or chance.
        low, high: ends of the range of a number.
        name: tells apart several of one seed.
    """

    def __init__(
        self,
        start: Start,
        examples: Tensor,
        kind: Kind,
        amount: float,
        *,
        low: float = 0.0,
        high: float = 1.0,
        name: str = "noise",
    ) -> None:
        self.start, self.examples = start, examples
        self.kind, self.amount, self.name = kind, amount, name
        self.low, self.high = low, high
        self._epoch = -1
        self._made = examples

    def at(self, epoch: int) -> Tensor:
        """All examples with the noise of an epoch."""
        if self.kind != "none" and epoch != self._epoch:
            self._made, self._epoch = self._corrupted(epoch), epoch
        return self._made

    def _corrupted(self, epoch: int) -> Tensor:
        if self.kind == "gaussian":
            return self.examples + self.amount * self._drawn(epoch)
        draws = self._drawn(epoch)
        extreme = torch.where(draws < self.amount / 2, self.low, self.high)
        return torch.where(draws < self.amount, extreme, self.examples)

    def _drawn(self, epoch: int) -> Tensor:
        shape = tuple(self.examples.shape[1:])
        rows: list[np.ndarray] = []
        for seed in self.start.seeds:
            draw = self.start.generator(seed, self.name, epoch)
            if self.kind == "gaussian":
                rows.append(draw.standard_normal(shape, dtype="float32"))
            else:
                rows.append(draw.random(shape, dtype="float32"))
        return self.start.repeated(rows)
