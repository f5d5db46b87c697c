"""Training examples dealt to clients unevenly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actlab.lab.models.start import Start

FEWEST = 10
"""Examples that every client has at least; a partition that gives one fewer is drawn again."""

TRIES = 1000


@dataclass(frozen=True)
class Clients:
    """Which training examples every client of a run has.

    Args:
        order: examples sorted by client, ``(runs, n)``.
        first: where each client's begin, ``(runs, clients)``.
        count: how many each has, ``(runs, clients)``.
        shares: of each class among a client's examples, ``(runs, clients, classes)``.
    """

    order: Tensor
    first: Tensor
    count: Tensor
    shares: Tensor


def deal(start: Start, labels: Tensor, clients: int, concentration: float) -> Clients:
    """Deal the training examples of every run to its clients, class by class.

    The shares of each class are drawn from a Dirichlet distribution (Hsu, Qi and Brown 2019,
    arXiv:1909.06335).

    Args:
        start: seeds of the draws.
        labels: of the training examples, ``(runs, n)``.
        clients: how many there are.
        concentration: of the distribution; the smaller, the more uneven.
    """
    owners = []
    for seed, row in zip(start.seeds, labels[: len(start.seeds)].cpu().numpy(), strict=True):
        rng = start.generator(seed, "clients")
        owners.append(owners_of(rng, row, clients, concentration))
    owner = start.repeated(owners)
    one_hot = nn.functional.one_hot(owner, clients)
    count = one_hot.sum(1)
    kinds = nn.functional.one_hot(labels)
    held = torch.einsum("rnk,rnc->rkc", one_hot.double(), kinds.double())
    return Clients(
        order=owner.argsort(dim=1, stable=True),
        first=count.cumsum(1) - count,
        count=count,
        shares=held / count[..., None],
    )


def owners_of(
    rng: np.random.Generator, labels: npt.NDArray[np.integer], clients: int, concentration: float
) -> npt.NDArray[np.int64]:
    """The client of every example, ``(n,)``.

    Raises:
        ValueError: there are too few examples for each client to have ``FEWEST``.
    """
    if len(labels) < 2 * FEWEST * clients:
        raise ValueError(
            f"clients must be at most {len(labels) // (2 * FEWEST)} for {len(labels)} examples, "
            f"got {clients}"
        )
    for _ in range(TRIES):
        owner = np.empty(len(labels), dtype=np.int64)
        for kind in np.unique(labels):
            places = np.flatnonzero(labels == kind)
            shares = rng.dirichlet(np.full(clients, concentration))
            cuts = (np.cumsum(shares)[:-1] * len(places)).round().astype(int)
            for client, part in enumerate(np.split(places, cuts)):
                owner[part] = client
        if np.bincount(owner, minlength=clients).min() >= FEWEST:
            return owner
    raise ValueError(
        f"concentration must be larger for {clients} clients: in {TRIES} partitions with "
        f"{concentration:g} one of them always had fewer than {FEWEST} examples"
    )
