"""Checkpoints between whole and sharded models, and the older ways of distributing one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_state_dict,
    set_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.distributed.tensor import Shard, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from actlab import functional as F
from actlab import nn

from .checks_ddp import named_groups
from .checks_fsdp import sharded
from .learned import (
    adamw,
    batch,
    expect_close,
    expect_same,
    gradients,
    in_turn,
    learned,
    loss,
    part,
    steps,
    values,
    whole,
)


def trained(model: torch.nn.Module, rank: int) -> tuple[torch.nn.Module, torch.optim.AdamW]:
    """Two steps away from where it began."""
    optimiser = adamw(model)
    steps(model, optimiser, lambda m: loss(m(part(batch(), rank))).backward(), count=2)
    return model, optimiser


def state(model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> dict:
    weights, moments = get_state_dict(model, optimiser)
    return {"model": weights, "optimiser": moments}


def resumed(model: torch.nn.Module, folder: Path) -> tuple[torch.nn.Module, torch.optim.AdamW]:
    """A fresh model with what a checkpoint holds, whatever it was sharded like."""
    optimiser = adamw(model)
    into = state(model, optimiser)
    checkpoint.load(into, checkpoint_id=folder)
    set_state_dict(
        model,
        optimiser,
        model_state_dict=into["model"],
        optim_state_dict=into["optimiser"],
    )
    return model, optimiser


WAYS = {
    "sharded": lambda: sharded(learned()),
    "sharded as a whole": lambda: sharded(learned(), each=False),
    "replicated": lambda: DistributedDataParallel(learned()),
}


def between(before: str, others: Iterable[str], rank: int, folder: Path) -> None:
    """Saved one way and resumed in others: what is loaded and the next step are the same."""
    model, optimiser = trained(WAYS[before](), rank)
    checkpoint.save(state(model, optimiser), checkpoint_id=folder / before)
    saved = values(model)
    steps(model, optimiser, lambda m: loss(m(part(batch(), rank))).backward(), count=1)
    want = values(model)
    for after in others:
        again, resuming = resumed(WAYS[after](), folder / before)
        expect_same(values(again), saved, f"{before} to {after}: loaded")
        steps(again, resuming, lambda m: loss(m(part(batch(), rank))).backward(), count=1)
        expect_same(values(again), want, f"{before} to {after}: the next step")
    # And by one process alone, which takes both parts in turn.
    again, resuming = resumed(learned(), folder / before)
    steps(again, resuming, lambda m: in_turn(m, batch()), count=1)
    expect_same(values(again), want, f"{before} to one process: the next step")


def checkpoint_of_shards(rank: int, folder: Path) -> None:
    """Saved sharded, resumed by one process."""
    between("sharded", (), rank, folder)


def checkpoints_all_ways(rank: int, folder: Path) -> None:
    """Saved in every way and resumed in every way."""
    for before in WAYS:
        between(before, WAYS, rank, folder)


def full_state(rank: int, folder: Path) -> None:
    """A sharded model's full state is a plain file that one process reads by itself."""
    model, _ = trained(sharded(learned()), rank)
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights, _ = get_state_dict(model, (), options=options)
    want = values(model)
    if rank == 0:
        assert set(weights) == set(learned().state_dict())
        torch.save(weights, folder / "full.pt")
    distributed.barrier()
    alone = learned()
    alone.load_state_dict(torch.load(folder / "full.pt", weights_only=True))
    expect_same(values(alone), want, "full state")


def older_fsdp(rank: int, folder: Path) -> None:
    """FullyShardedDataParallel with its original parameters: gradients' bits, groups, updates."""
    model = FullyShardedDataParallel(learned(), use_orig_params=True, device_id=torch.device("cpu"))
    alone = learned()
    assert named_groups(model) == named_groups(alone)
    steps(model, adamw(model), lambda m: loss(m(part(batch(), rank))).backward())
    steps(alone, adamw(alone), lambda m: in_turn(m, batch()))
    with FullyShardedDataParallel.summon_full_params(model):
        got = values(model)
    expect_same(got, values(alone), "parameters after AdamW")


def tensor_parallel(rank: int, folder: Path) -> None:
    """Inputs that are split themselves: values, and gradients of shared and split parameters."""
    mesh = init_device_mesh("cpu", (2,))
    x = batch(torch.float64).requires_grad_()
    for module in (nn.PowerLU(), nn.RaLU(dtype=torch.float64)):
        y = module(x)
        (want,) = torch.autograd.grad(loss(y), x)
        split = distribute_tensor(x.detach(), mesh, [Shard(0)]).requires_grad_()
        if list(module.parameters()):
            distributed.tensor.distribute_module(module, mesh)
        got = module(split)
        loss(got).backward()
        pair = {"y": whole(got), "slope": whole(split.grad)}
        expect_close(pair, {"y": y.detach(), "slope": want}, ulps=2)
    alpha = torch.linspace(0.5, 3.5, 6, dtype=torch.float64)
    rows = torch.linspace(-4, 4, 24, dtype=torch.float64).reshape(4, 6)
    split_rows, split_alpha = (
        distribute_tensor(t, mesh, [Shard(t.dim() - 1)]).requires_grad_() for t in (rows, alpha)
    )
    loss(F.ralu(split_rows, split_alpha)).backward()
    alpha.requires_grad_()
    loss(F.ralu(rows, alpha)).backward()
    expect_close({"alpha": whole(split_alpha.grad)}, {"alpha": alpha.grad}, ulps=8)


def compiled(rank: int, folder: Path) -> None:
    """A compiled model in DistributedDataParallel: gradients of one process within rounding."""
    model = DistributedDataParallel(torch.compile(learned(), backend="aot_eager"))
    alone = learned()
    loss(model(part(batch(), rank))).backward()
    in_turn(alone, batch())
    got = {name.replace("_orig_mod.", ""): g for name, g in gradients(model).items()}
    # Gradients of parameters sum in another order in the graph.
    expect_close(got, gradients(alone), ulps=8)


def broken_checkpoint(rank: int, folder: Path) -> None:
    """A checkpoint without one activation's parameter: this has to be found."""
    model, optimiser = trained(sharded(learned()), rank)
    found = state(model, optimiser)
    saved = values(model)
    del found["model"]["channels.alpha"]
    checkpoint.save(found, checkpoint_id=folder / "broken")
    fresh = sharded(learned())
    into: dict[str, Tensor] = get_state_dict(fresh, ())[0]
    into.pop("channels.alpha")
    checkpoint.load({"model": into}, checkpoint_id=folder / "broken")
    fresh.load_state_dict(into, strict=False)
    expect_same(values(fresh), saved, "loaded")


DEFAULT = (checkpoint_of_shards, full_state)
FULL = (checkpoints_all_ways, older_fsdp, tensor_parallel, compiled)
