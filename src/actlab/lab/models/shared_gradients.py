"""What each of several processes does that train a network on the mean of their gradients."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.distributed as dist
from torch.futures import Future
from torch.nn.parallel import DistributedDataParallel

from actlab.lab.arm import Arm, Init
from actlab.lab.datasets import classes
from actlab.lab.models.fit import Order, gather_own
from actlab.lab.models.measure import cross_entropy
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.start import Start
from actlab.lab.task import Role

if TYPE_CHECKING:
    from actlab.lab.models.data_parallel import Job

REFERENCE = "relu"
"""The function whose network takes turns with the arm's, so that both meet the same machine."""

WARM_UP = 5
"""Steps before the first that counts: messages are laid out anew after the first."""


def prepare() -> None:
    """Load what every process needs, before they are forked."""
    import torch._dynamo  # noqa: F401  optimisers import it when they are made

    classes.digits()


def train(job: Job, rank: int, ranks: int, meeting: Path) -> list[dict[str, Any]]:
    """Train every run with the other processes; what this one saw.

    Args:
        job: what to do.
        rank: of this process.
        ranks: how many there are.
        meeting: a file, not there yet, through which they find each other.
    """
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=meeting.absolute().as_uri(),
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=job.timeout),
    )
    found = [_run(job, rank, seed, rate) for rate in job.rates for seed in job.seeds]
    dist.barrier()
    dist.destroy_process_group()
    return found


def _run(job: Job, rank: int, seed: int, rate: float) -> dict[str, Any]:
    fields: dict[str, Any] = {**job.arm, "init": Init(**job.arm["init"])}
    arm = Arm(**fields)
    shared = {
        "": Shared(job, arm, rank, seed, rate),
        "_reference": Shared(job, Arm(REFERENCE), rank, seed, rate),
    }
    for one in shared.values():
        one.advance(WARM_UP)
        one.forget()
    result: dict[str, Any] = {}
    each = max(1, job.steps // job.rounds)
    for number in range(job.rounds):
        # Who goes first changes from round to round.
        for name in sorted(shared, reverse=number % 2 == 1):
            seconds, waiting = shared[name].advance(each)
            result.setdefault(f"step{name}", []).append(seconds / each)
            result.setdefault(f"comm{name}", []).append(waiting / each)
    own = shared[""]
    return {**result, "bytes": own.sent / own.steps, "loss": own.loss}


class Shared:
    """A perceptron on digits under ``DistributedDataParallel``, with its messages counted.

    Args:
        job: networks and budget.
        arm: the function and its initialisation.
        rank: of this process.
        seed, rate: of the run.
    """

    def __init__(self, job: Job, arm: Arm, rank: int, seed: int, rate: float) -> None:
        start = Start(arm, (seed,), 1, cast(Role, job.role))
        self._data = classes.load(start, "digits")
        self._rank, self._ranks = rank, dist.get_world_size()
        self._order = Order(start, self._data.train_x.shape[1], job.batch * self._ranks)
        net = Perceptron(
            start, self._data.features, self._data.classes, width=job.width, depth=job.depth + 1
        )
        self._net = DistributedDataParallel(net)
        # Torch reads the annotations of a hook and takes only such as are no text.
        self._net.register_comm_hook(self, lambda shared, bucket: _counted(shared, bucket))
        self._optimiser = torch.optim.Adam(net.parameters(), lr=rate, fused=True)
        self._place = 0
        self.loss = float("nan")
        self.forget()

    def forget(self) -> None:
        """Set what has been counted to zero."""
        self.sent = 0
        self.steps = 0
        self.waited = 0.0

    def advance(self, steps: int) -> tuple[float, float]:
        """Make so many steps; seconds in all, and seconds in the exchange of gradients."""
        before, began = self.waited, time.perf_counter()
        for _ in range(steps):
            index = self._order.at(self._place)[:, self._rank :: self._ranks]
            inputs = gather_own(self._data.train_x, index)
            labels = gather_own(self._data.train_y, index)
            loss = cross_entropy(self._net(inputs), labels).sum()
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            self._place += 1
            self.steps += 1
            self.loss = float(loss.detach())
        return time.perf_counter() - began, self.waited - before


def _counted(shared: Shared, bucket: dist.GradBucket) -> Future[torch.Tensor]:
    """The mean of a message over the processes; the wait for the slower one is not counted."""
    buffer = bucket.buffer()
    dist.barrier()
    began = time.perf_counter()
    dist.all_reduce(buffer)
    shared.waited += time.perf_counter() - began
    shared.sent += buffer.numel() * buffer.element_size()
    done: Future[torch.Tensor] = Future()
    done.set_result(buffer.div_(dist.get_world_size()))
    return done
