"""Swapped models in two processes: replicated and sharded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor, multiprocessing, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from .swapped_models import X, swapped


def whole(gradient: Tensor) -> Tensor:
    """All of a gradient, also where each process has a part."""
    return gradient.full_tensor() if isinstance(gradient, DTensor) else gradient


def worker(rank: int, store: str, sharded: bool, results) -> None:
    """One of two processes; the gradients of both are averaged."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
    try:
        model, _ = swapped(learnable=True)
        parallel: nn.Module = model
        if sharded:
            for block in model.blocks:
                fully_shard(block)
            fully_shard(model)
        else:
            parallel = nn.parallel.DistributedDataParallel(model)
        parallel(X[rank * 2 : rank * 2 + 2]).square().mean().backward()
        results[rank] = {n: whole(p.grad).tolist() for n, p in model.named_parameters()}
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.full
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch.distributed is missing")
@pytest.mark.parametrize("sharded", [False, True])
def test_distributed(sharded: bool, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        results, store = manager.dict(), os.fspath(tmp_path / "store")
        processes = [
            context.Process(target=worker, args=(rank, store, sharded, results))
            for rank in range(2)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        both = dict(results)
    assert sorted(both) == [0, 1]
    model, _ = swapped(learnable=True)
    model(X).square().mean().backward()
    for name, parameter in model.named_parameters():
        for found in both.values():
            torch.testing.assert_close(torch.tensor(found[name]), parameter.grad)
