"""Several networks for every seed, with draws of their own or with the same ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from actlab.lab.models.start import Start
from actlab.lab.task import Batch


@dataclass(frozen=True)
class Members(Start):
    """The start of a stack with several networks per seed.

    Its ``seeds`` are those of :func:`spread`. Member 0 draws what a network trained alone draws,
    the others draw for themselves unless they are ``alike``.

    Args:
        count: networks per seed.
        alike: all members of a seed draw the same.
    """

    count: int = 1
    alike: bool = False

    def generator(self, seed: int, *axes: str | int) -> np.random.Generator:
        """A generator for a member and named axes, the same for every function and rate."""
        whose, member = divmod(seed, self.count)
        if member and not self.alike:
            axes = (*axes, "member", member)
        return super().generator(whose, *axes)


def spread(batch: Batch, count: int) -> Batch:
    """The batch with every seed ``count`` times: seed s as ``count * s`` and the numbers after.

    The members of a run are neighbours: run i of ``batch`` has rows ``count * i`` and following.
    """
    seeds = tuple(count * seed + member for seed in batch.seeds for member in range(count))
    return replace(batch, seeds=seeds)


def members_of(batch: Batch, count: int, *, alike: bool = False) -> Members:
    """The start of ``count`` networks for each run of a batch.

    Args:
        batch: what is asked for, not spread.
        count: networks per seed.
        alike: all members of a seed draw the same. Default: False.
    """
    seeds = spread(batch, count).seeds
    return Members(batch.arm, seeds, len(batch.rates), batch.role, count, alike)


def gather_of_run(data: Tensor, index: Tensor) -> Tensor:
    """The examples of each member from the data of its run.

    Args:
        data: ``(runs, n, ...)``.
        index: ``(runs * members, size)``.
    """
    rows = torch.arange(index.shape[0]) // (index.shape[0] // data.shape[0])
    return data[rows[:, None], index]


def per_run(values: Tensor, members: int) -> Tensor:
    """``(runs * members, ...)`` as ``(runs, members, ...)``."""
    return values.reshape(-1, members, *values.shape[1:])


def disagreement(chances: Tensor) -> Tensor:
    """Share of examples that two members answer differently, mean over pairs, ``(runs,)``.

    Args:
        chances: of the classes, ``(runs, members, n, classes)``.
    """
    answers = chances.argmax(-1)
    pairs = torch.combinations(torch.arange(answers.shape[1]))
    differ = answers[:, pairs[:, 0]] != answers[:, pairs[:, 1]]
    return differ.double().mean((1, 2))
