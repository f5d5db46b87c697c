"""Sharded models: fully_shard (FSDP2)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

from actlab import nn

from .checks_ddp import Recomputed, named_groups, recomputed
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
    sgd,
    steps,
    values,
    whole,
)

SINGLE, HALF = torch.float32, torch.bfloat16


def sharded(model: Learned, each: bool = True, **options) -> Learned:
    """Sharded as a whole, or module by module, activations included."""
    if each:
        for module in model.children():
            if any(True for _ in module.parameters()):
                fully_shard(module, **options)
    return fully_shard(model, **options)


def gradients_by_wrapping(rank: int, folder: Path) -> None:
    """The bits of one process, sharded as a whole or module by module, by kernels and formula."""
    for backend in (None, "formula"):
        alone = learned(backend)
        in_turn(alone, batch())
        for each in (False, True):
            model = sharded(learned(backend), each)
            loss(model(part(batch(), rank))).backward()
            expect_same(gradients(model), gradients(alone), f"{backend}, {each=}: gradients")


def shards(rank: int, folder: Path) -> None:
    """Seven channels lie as four and three, and a single value in the first process alone."""
    model = sharded(learned())
    assert model.channels.alpha.to_local().numel() == (4, 3)[rank]
    free = model.power.parametrizations.p.original
    assert free.to_local().numel() == (1, 0)[rank]
    assert type(model.channels).__name__ == "FSDPRaLU"


def gradients_of_the_whole_batch(rank: int, folder: Path) -> None:
    """Double numbers agree with one backward over all rows, sums being in another order."""
    model, alone = sharded(learned(None, torch.float64)), learned(None, torch.float64)
    x = batch(torch.float64)
    loss(model(part(x, rank))).backward()
    loss(alone(x)).backward()
    expect_close(gradients(model), gradients(alone), ulps=16)


def updates(rank: int, folder: Path) -> None:
    """Three steps with momentum and with AdamW, shapes undecayed, leave the same bits."""
    for optimiser in (sgd, adamw):
        model, alone = sharded(learned()), learned()
        steps(model, optimiser(model), lambda m: loss(m(part(batch(), rank))).backward())
        steps(alone, optimiser(alone), lambda m: in_turn(m, batch()))
        expect_same(values(model), values(alone), f"parameters after {optimiser.__name__}")


def clipping(rank: int, folder: Path) -> None:
    """The norm of all gradients, and gradients clipped by it."""
    model, alone = sharded(learned()), learned()
    loss(model(part(batch(), rank))).backward()
    in_turn(alone, batch())
    norms = [torch.nn.utils.clip_grad_norm_(m.parameters(), 0.1) for m in (model, alone)]
    got, want = ({"norm": whole(norm)} for norm in norms)
    # The shards' squares are summed first, and the root is taken of their sum.
    expect_close(got, want, ulps=4)
    expect_close(gradients(model), gradients(alone), ulps=4)


def groups(rank: int, folder: Path) -> None:
    """Sharded parameters have the groups of whole ones, in names, order and decay."""
    for each in (False, True):
        assert named_groups(sharded(learned(), each)) == named_groups(learned())


def mixed_precision(rank: int, folder: Path) -> None:
    """bfloat16 inside, float32 shards and gradients: the bits of a bfloat16 copy in one process."""
    policy = MixedPrecisionPolicy(param_dtype=HALF, reduce_dtype=SINGLE)
    alone = learned().to(HALF)
    want: dict[str, torch.Tensor] = {}
    for half in range(2):
        alone.zero_grad()
        loss(alone(part(batch(), half).to(HALF))).backward()
        for name, gradient in gradients(alone).items():
            want[name] = want.get(name, 0) + gradient.float() / 2
    for each in (False, True):
        model = sharded(learned(), each, mp_policy=policy)
        y = model(part(batch(), rank))
        assert y.dtype == HALF
        loss(y).backward()
        expect_same(gradients(model), want, f"{each=}: gradients")
        assert {p.dtype for p in model.parameters()} == {SINGLE}


def mixed_precision_without_activations(rank: int, folder: Path) -> None:
    """Activations wrapped on their own keep float32 parameters among bfloat16 values."""
    policy = MixedPrecisionPolicy(param_dtype=HALF, reduce_dtype=SINGLE)
    model, alone = learned(), learned()
    seen: list[tuple[torch.dtype, torch.dtype]] = []

    def note(module: torch.nn.Module, args: tuple, y: torch.Tensor) -> None:
        seen.append((args[0].dtype, module.alpha.dtype))

    for module in alone.children():
        if isinstance(module, torch.nn.Linear):
            module.to(HALF)
    gates = [module.activation for module in model.modules() if isinstance(module, nn.GLU)]
    for module in model.modules():
        shapes = isinstance(module, nn.Activation | nn.GLU) and any(
            True for _ in module.parameters()
        )
        if shapes and module not in gates:
            fully_shard(module)
    fully_shard(model, mp_policy=policy)
    model.channels.register_forward_hook(note)
    want: dict[str, torch.Tensor] = {}
    for half in range(2):
        alone.zero_grad()
        loss(alone(part(batch(), half).to(HALF))).backward()
        for name, gradient in gradients(alone).items():
            want[name] = want.get(name, 0) + gradient.float() / 2
    loss(model(part(batch(), rank))).backward()
    assert seen == [(HALF, SINGLE)]
    expect_same(gradients(model), want, "gradients")


def activation_checkpointing(rank: int, folder: Path) -> None:
    """Recomputed activations give the bits of kept ones, by both kinds of checkpoint."""
    alone = learned()
    in_turn(alone, batch())
    for reentrant in (False, True):
        model = sharded(recomputed(reentrant), each=False)
        assert isinstance(model, Recomputed)
        loss(model(part(batch(), rank))).backward()
        expect_same(gradients(model), gradients(alone), f"{reentrant=}: gradients")


def from_meta(rank: int, folder: Path) -> None:
    """Built without memory, sharded, given memory, and set by reset_parameters."""
    with torch.device("meta"):
        model = Learned()
    sharded(model)
    model.to_empty(device="cpu")
    for p in model.parameters():
        p.detach().to_local().fill_(torch.nan)
    for module in model.modules():
        if isinstance(module, nn.Activation):
            module.reset_parameters()
    want = {n: v for n, v in values(learned()).items() if not n.endswith(("weight", "bias"))}
    got = {n: v for n, v in values(model).items() if n in want}
    expect_same(got, want, "activation parameters after reset_parameters")


def by_hand(rank: int, folder: Path) -> None:
    """Sharded activations take values, one or one per channel, and refuse those outside."""
    model, alone = sharded(learned()), learned()
    rows = torch.linspace(0.5, 3.5, 7)
    for value in (1.5, torch.tensor(1.25), torch.tensor([2.5]), rows):
        model.channels.alpha = alone.channels.alpha = value
        expect_same(values(model), values(alone), f"{value}: values")
    for value in (3.25, torch.tensor(3.5), torch.tensor([4.5])):
        model.power.p = alone.power.p = value
        expect_same(values(model), values(alone), f"{value}: values")
    three = torch.tensor([1.5, 2.5, 4.0])
    model.three.p = alone.three.p = three
    expect_same(values(model), values(alone), "values")
    for wrong in (-1.0, 0.5, torch.tensor([0.5]), torch.tensor([2.0, 3.0])):
        for module in (model.three, model.power):
            with pytest.raises(ValueError, match="p |learned value"):
                module.p = wrong
    expect_same({"y": model(batch()).detach()}, {"y": alone(batch()).detach()}, "outputs")
    model.power.reset_parameters()
    assert whole(model.power.p).item() == 2.5


def printing(rank: int, folder: Path) -> None:
    """Each process prints, also the one that has no part, and neither waits for the other."""
    model = sharded(learned())
    name = fully_shard(nn.Activation("leaky_relu", learnable=True))
    for turn in range(2):
        torch.distributed.barrier()
        if rank != turn:
            continue
        text = repr(model)
        assert "RaLU(alpha=sharded, learnable=True, num_parameters=7, channel_dim=1)" in text
        assert "PowerLU(p=sharded, learnable=True)" in text
        assert repr(name) == "Activation('leaky_relu', negative_slope=sharded, learnable=True)"


def gate_of_its_own(rank: int, folder: Path) -> None:
    """The activation in a gated unit is not called: sharding it alone is an error, no guess."""
    model = learned()
    fully_shard(model.glu.activation)
    fully_shard(model)
    with pytest.raises(RuntimeError, match="DTensor"):
        model(batch())


def broken_slope(rank: int, folder: Path) -> None:
    """One process scales one gradient by 8 units of its last place: this has to be found."""
    model, alone = sharded(learned()), learned()

    def scale(module: torch.nn.Module, args: tuple) -> None:
        if rank == 1:
            module.alpha.register_hook(lambda g: g * (1 + 2**-20))

    model.channels.register_forward_pre_hook(scale)
    loss(model(part(batch(), rank))).backward()
    in_turn(alone, batch())
    expect_same(gradients(model), gradients(alone), "gradients")


DEFAULT = (gradients_by_wrapping, shards, updates, groups, mixed_precision,
           mixed_precision_without_activations, activation_checkpointing, from_meta,
           by_hand, printing)  # fmt: skip
FULL = (gradients_of_the_whole_batch, clipping, gate_of_its_own)
