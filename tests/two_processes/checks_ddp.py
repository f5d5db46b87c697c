"""Replicated models: DistributedDataParallel."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from actlab import nn, parameter_groups

from .learned import (
    Learned,
    adamw,
    batch,
    expect_close,
    expect_same,
    gradients,
    in_turn,
    learned,
    loss,
    part,
    plain,
    sgd,
    steps,
    values,
)


def gradients_by_backend(rank: int, folder: Path) -> None:
    """The bits of one process that takes both parts in turn, by kernels and by formula."""
    for backend in (None, "formula"):
        model, alone = DistributedDataParallel(learned(backend)), learned(backend)
        loss(model(part(batch(), rank))).backward()
        in_turn(alone, batch())
        expect_same(gradients(model), gradients(alone), f"gradients by {backend or 'kernels'}")


def gradients_of_the_whole_batch(rank: int, folder: Path) -> None:
    """Double numbers agree with one backward over all rows, sums being in another order."""
    model, alone = (
        DistributedDataParallel(learned(None, torch.float64)),
        learned(None, torch.float64),
    )
    x = batch(torch.float64)
    loss(model(part(x, rank))).backward()
    loss(alone(x)).backward()
    expect_close(gradients(model), gradients(alone), ulps=16)


def updates(rank: int, folder: Path) -> None:
    """Three steps with momentum and with AdamW, shapes undecayed, leave the same bits."""
    for optimiser in (sgd, adamw):
        model, alone = DistributedDataParallel(learned()), learned()
        before = values(alone)
        steps(model, optimiser(model), lambda m: loss(m(part(batch(), rank))).backward())
        steps(alone, optimiser(alone), lambda m: in_turn(m, batch()))
        expect_same(values(model), values(alone), f"parameters after {optimiser.__name__}")
        assert not any(torch.equal(before[name], value) for name, value in values(alone).items())


def groups(rank: int, folder: Path) -> None:
    """The wrapped model has the groups of the model itself, in names, order and decay."""
    model, alone = DistributedDataParallel(learned()), learned()
    assert named_groups(model) == named_groups(alone)
    shapes = named_groups(model)[1][0]
    assert "channels.alpha" in shapes
    assert "power.parametrizations.p.original" in shapes
    assert not any(name.endswith(("weight", "bias")) for name in shapes)


def named_groups(model: torch.nn.Module) -> list[tuple[list[str], float]]:
    names = {id(p): plain(name) for name, p in model.named_parameters()}
    return [
        ([names[id(p)] for p in group["params"]], group["weight_decay"])
        for group in parameter_groups(model, 0.25)
    ]


def accumulation(rank: int, folder: Path) -> None:
    """Gradients gathered without talking, then with it, are the sum of both."""
    model, alone = DistributedDataParallel(learned()), learned()
    with model.no_sync():
        loss(model(part(batch(), rank))).backward()
    loss(model(part(-batch(), rank))).backward()
    totals: list[dict[str, Tensor]] = []
    for half in range(2):
        alone.zero_grad()
        for sign in (1, -1):
            loss(alone(part(sign * batch(), half))).backward()
        totals.append(gradients(alone))
    want = {name: (totals[0][name] + totals[1][name]) / 2 for name in totals[0]}
    expect_same(gradients(model), want, "accumulated gradients")


class Branches(torch.nn.Module):
    """Two branches of which each call takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.RaLU(num_parameters=5)
        self.right = nn.PowerLU(2.5, learnable=True)

    def forward(self, x: Tensor, take_left: bool) -> Tensor:
        return self.left(x) if take_left else self.right(x)


def unused_parameters(rank: int, folder: Path) -> None:
    """A branch that one process or none of them takes."""
    model, alone = Branches(), Branches()
    wrapped = DistributedDataParallel(model, find_unused_parameters=True)
    loss(wrapped(part(batch(), rank), rank == 0)).backward()
    for half in range(2):
        (loss(alone(part(batch(), half), half == 0)) / 2).backward()
    expect_same(gradients(wrapped), gradients(alone), "gradients of branches")
    wrapped.zero_grad()
    loss(wrapped(part(batch(), rank), True)).backward()
    assert model.right.parametrizations.p.original.grad is None
    assert model.left.alpha.grad is not None


class Recomputed(Learned):
    """The middle of the model is computed again in backward."""

    reentrant = False

    def forward(self, x: Tensor) -> Tensor:
        h = checkpoint(self._first, self.enter(x), use_reentrant=self.reentrant)
        h = checkpoint(self._second, h, use_reentrant=self.reentrant)
        return self.last(self.leave(self.fixed(h)))

    def _first(self, h: Tensor) -> Tensor:
        return self.power(self.twice(self.twice(self.middle(self.channels(h)))))

    def _second(self, h: Tensor) -> Tensor:
        return self.three(self.glu(self.gate(h)))


def recomputed(reentrant: bool) -> Recomputed:
    model = Recomputed()
    model.reentrant = reentrant
    model.load_state_dict(learned().state_dict())
    return model


def activation_checkpointing(rank: int, folder: Path) -> None:
    """Recomputed activations give the bits of kept ones, by both kinds of checkpoint."""
    alone = learned()
    in_turn(alone, batch())
    for reentrant in (False, True):
        model = DistributedDataParallel(recomputed(reentrant))
        loss(model(part(batch(), rank))).backward()
        expect_same(gradients(model), gradients(alone), f"reentrant={reentrant}: gradients")


def autocast(rank: int, folder: Path) -> None:
    """bfloat16 inside, float32 parameters and gradients, and the bits of one process."""
    model, alone = DistributedDataParallel(learned()), learned()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = model(part(batch(), rank))
    assert y.dtype == torch.bfloat16
    loss(y).backward()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        in_turn(alone, batch())
    expect_same(gradients(model), gradients(alone), "gradients under autocast")
    assert {g.dtype for g in gradients(model).values()} == {torch.float32}


def broken_not_averaged(rank: int, folder: Path) -> None:
    """One activation's gradient is left out of the average: this has to be found."""
    inside = learned()
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(inside, ["channels.alpha"])
    model, alone = DistributedDataParallel(inside), learned()
    loss(model(part(batch(), rank))).backward()
    in_turn(alone, batch())
    expect_same(gradients(model), gradients(alone), "gradients")


DEFAULT = (gradients_by_backend, gradients_of_the_whole_batch, updates, groups, unused_parameters,
           activation_checkpointing, autocast)  # fmt: skip
FULL = (accumulation,)
