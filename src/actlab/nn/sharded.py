"""Parameters of which every process has a part."""

from __future__ import annotations

from torch import Tensor, nn


def laid_out(value: Tensor, like: Tensor) -> Tensor:
    """A whole tensor as another one is: whole, or this process's part of it."""
    if type(like) in (Tensor, nn.Parameter):
        return value
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(like, DTensor):
        return value
    # No source: every process has the value already.
    return distribute_tensor(value, like.device_mesh, like.placements, src_data_rank=None)
