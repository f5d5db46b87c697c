"""Federated averaging: clients with different shares of the digits train one network together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn

from actlab.lab.datasets import classes
from actlab.lab.models.classifier import CLASSES
from actlab.lab.models.clients import Clients, deal
from actlab.lab.models.fit import OptimiserName, fit
from actlab.lab.models.measure import cross_entropy
from actlab.lab.models.members import Members, gather_of_run, members_of, per_run, spread
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task


class FederatedSettings(Settings):
    """Clients, network and budget."""

    clients: int = Field(default=5, ge=2, le=50)
    concentration: float = Field(default=0.3, gt=0.0, le=1e6)
    """Of the Dirichlet distribution that deals each class to the clients; small: uneven."""
    rounds: int = Field(default=20, ge=1, le=100_000)
    local_steps: int = Field(default=20, ge=1, le=100_000)
    """Updates that every client makes in a round."""
    depth: int = Field(default=2, ge=1, le=1000)
    width: int = Field(default=128, ge=1, le=8192)
    batch: int = Field(default=32, ge=1, le=100_000)
    optimiser: OptimiserName = "sgd"


def run(batch: Batch) -> Sequence[Run]:
    """Train every run round by round: clients from the same network, then their mean."""
    settings: FederatedSettings = batch.settings
    start, many = Start.of(batch), members_of(batch, settings.clients)
    data = classes.load(start, "digits")
    clients = deal(start, data.train_y, settings.clients, settings.concentration)
    whole = _network(start, data, settings)
    locals_ = _network(members_of(batch, settings.clients, alike=True), data, settings)
    weights = clients.count / clients.count.sum(1, keepdim=True)
    alike, united, right, broken = [], [], [], torch.zeros(start.runs, dtype=torch.bool)
    for number in range(settings.rounds):
        before = _broadcast(whole, locals_, settings.clients)
        losses = _local_round(batch, settings, locals_, data, clients, many, number)
        broken |= torch.as_tensor(~np.isfinite(losses).reshape(start.runs, -1).all(axis=1))
        updates = per_run(_flat(locals_) - before, settings.clients)
        alike.append(mean_cosine(updates))
        united.append(unity(updates))
        _average(whole, locals_, weights)
        right.append(_rights(whole, data))
        batch.tick((number + 1) / settings.rounds)
    at = np.arange(1.0, settings.rounds + 1)
    cosines, unities = (torch.stack(rows, dim=1).cpu().numpy() for rows in (alike, united))
    overall = 100.0 * torch.stack([row.mean(1) for row in right], dim=1).cpu().numpy()
    spreads = client_spread(right[-1], data.test_y, clients.shares).cpu().numpy()
    return [
        Run(
            metrics={
                "accuracy": overall[i, -1],
                "cosine": cosines[i].mean(),
                "unity": unities[i].mean(),
                "spread": 100.0 * spreads[i],
            },
            diverged=bool(broken[i]),
            curves={"accuracy": (at, overall[i]), "cosine": (at, cosines[i])},
        )
        for i in range(start.runs)
    ]


def mean_cosine(updates: Tensor) -> Tensor:
    """Mean over pairs of clients of the cosine between their updates, ``(runs,)``.

    Args:
        updates: ``(runs, clients, parameters)``; a client that did not move counts as 0.
    """
    units = _units(updates)
    products = units @ units.transpose(1, 2)
    clients = updates.shape[1]
    pairs = products.sum((1, 2)) - products.diagonal(dim1=1, dim2=2).sum(1)
    return pairs / (clients * (clients - 1))


def unity(updates: Tensor) -> Tensor:
    """Norm of the mean update over the mean norm of the updates: 1 for equal updates, ``(runs,)``.

    Args:
        updates: ``(runs, clients, parameters)``.
    """
    tiny = torch.finfo(torch.float64).tiny
    return updates.mean(1).norm(dim=-1) / updates.norm(dim=-1).mean(1).clamp_min(tiny)


def client_spread(right: Tensor, labels: Tensor, shares: Tensor) -> Tensor:
    """Standard deviation over clients of the accuracy that each would meet, ``(runs,)``.

    A client meets the classes in the shares of its own training data; its accuracy is the
    accuracy on each class, weighted by them.

    Args:
        right: whether each test example is answered right, ``(runs, n)``.
        labels: of the test examples, ``(runs, n)``.
        shares: ``(runs, clients, classes)``.
    """
    kinds = nn.functional.one_hot(labels, CLASSES).double()
    by_class = torch.einsum("rn,rnc->rc", right.double(), kinds) / kinds.sum(1).clamp_min(1.0)
    met = (shares * by_class[:, None]).sum(-1)
    return met.std(dim=1, correction=0)


def _network(start: Start, data: classes.Classes, settings: FederatedSettings) -> Perceptron:
    return Perceptron(
        start, data.features, data.classes, width=settings.width, depth=settings.depth + 1
    )


def _local_round(
    batch: Batch,
    settings: FederatedSettings,
    net: Perceptron,
    data: classes.Classes,
    clients: Clients,
    many: Members,
    number: int,
) -> npt.NDArray[np.float32]:
    """Train every client on its own examples, drawn with replacement; the losses by client."""
    size = (settings.local_steps, settings.batch)
    chance = many.repeated(
        [many.generator(seed, "round", number).random(size) for seed in many.seeds]
    )
    first, count = clients.first.reshape(-1, 1), clients.count.reshape(-1, 1)
    order = clients.order.repeat_interleave(settings.clients, 0)

    def loss_of(step: int) -> Tensor:
        place = first + (chance[:, step] * count).long()
        index = order.gather(1, place)
        inputs = gather_of_run(data.train_x, index)
        return cross_entropy(net(inputs), gather_of_run(data.train_y, index))

    return fit(
        loss_of,
        net.parameters(),
        spread(batch, settings.clients),
        settings.local_steps,
        optimiser=settings.optimiser,
        tick=lambda share: None,
    )


def _broadcast(whole: nn.Module, locals_: nn.Module, clients: int) -> Tensor:
    """Give every client its run's network; what they start from, ``(runs * clients, numbers)``."""
    with torch.no_grad():
        for one, several in zip(whole.parameters(), locals_.parameters(), strict=True):
            # By blocks of a run: a parameter learned per unit has several rows for each.
            blocks = one.reshape(_runs(whole), -1).repeat_interleave(clients, 0)
            several.copy_(blocks.reshape(several.shape))
    return _flat(locals_)


def _average(whole: nn.Module, locals_: nn.Module, weights: Tensor) -> None:
    """Make every run's network the mean of its clients', weighted, ``(runs, clients)``."""
    with torch.no_grad():
        for one, several in zip(whole.parameters(), locals_.parameters(), strict=True):
            blocks = several.reshape(*weights.shape, -1)
            one.copy_((blocks * weights[..., None]).sum(1).reshape(one.shape))


def _flat(net: nn.Module) -> Tensor:
    rows = _runs(net)
    return torch.cat([p.detach().reshape(rows, -1) for p in net.parameters()], dim=1).double()


def _runs(net: nn.Module) -> int:
    """Networks of a stack: the first dimension of its first weight."""
    return next(net.parameters()).shape[0]


def _units(updates: Tensor) -> Tensor:
    tiny = torch.finfo(torch.float64).tiny
    return updates / updates.norm(dim=-1, keepdim=True).clamp_min(tiny)


def _rights(whole: Perceptron, data: classes.Classes) -> Tensor:
    with torch.no_grad():
        return (whole(data.test_x).argmax(-1) == data.test_y).double()


def _seconds(settings: FederatedSettings) -> float:
    weights = settings.width * (64 + settings.width * (settings.depth - 1) + CLASSES)
    per_step = 3e-10 * weights * (6 * settings.batch + 10) / 10 + 4e-5 * (settings.depth + 1)
    steps = settings.rounds * settings.local_steps
    return settings.clients * (steps * per_step + settings.rounds * 3e-8 * weights)


TASK = Task(
    name="federated",
    title="Federated averaging on digits",
    about=(
        "Digits (70 % to train on), each class dealt to five clients in shares from a Dirichlet "
        "distribution; 20 rounds of 20 local steps from the common network, whose next version is "
        "the mean of the clients' weighted by their examples."
    ),
    version=1,
    settings=FederatedSettings,
    metrics=(
        Metric("accuracy", "test accuracy of the common network", "higher", 100.0 / CLASSES,
               unit="pp"),
        Metric("cosine", "cosine between client updates, mean over pairs and rounds", "higher",
               0.0, capped=False),
        Metric("unity", "norm of the mean update over mean norm of updates", "higher", 0.0),
        Metric("spread", "standard deviation of accuracy over clients", "lower", 50.0, unit="pp"),
    ),
    run=run,
    curves=(
        Curve("accuracy", "test accuracy in percent", "round"),
        Curve("cosine", "cosine between client updates", "round"),
    ),
    data=lambda: classes.identity("digits"),
    seconds=_seconds,
    trial={"width": 16, "rounds": 3, "local_steps": 5, "clients": 3},
    any_device=True,
)  # fmt: skip
