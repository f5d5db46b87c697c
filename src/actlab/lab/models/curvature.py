"""The largest eigenvalue of the Hessian of every run's loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from actlab.lab.models.start import Start


def top_eigenvalue(
    loss_of: Callable[[], Tensor],
    parameters: Sequence[nn.Parameter],
    start: Start,
    products: int = 20,
) -> Tensor:
    """The eigenvalue that power iteration finds, run by run, without building the Hessian.

    The Hessian of a stack is made of one block for each run, so its product with a vector is the
    product of each block with that run's part; every part is normalised by itself.

    Args:
        loss_of: the loss of each run, ``(runs,)``.
        parameters: what the Hessian is taken of, each with a first dimension of runs or a
            multiple of it.
        start: seeds of the first vectors.
        products: Hessian-vector products. Default: 20.

    Returns:
        The Rayleigh quotient after the last product, ``(runs,)``; 0 for a loss without curvature.

    Raises:
        ValueError: ``products`` below 1.
    """
    if products < 1:
        raise ValueError(f"products must be at least 1, got {products}")
    runs = start.runs
    loss = loss_of()
    grads = torch.autograd.grad(loss.sum(), parameters, create_graph=True, allow_unused=True)
    used = [(p, g) for p, g in zip(parameters, grads, strict=True) if g is not None]
    # A run's loss that is linear in everything has a gradient without a graph.
    if not any(grad.requires_grad for _, grad in used):
        return torch.zeros(runs)
    vector = _unit([start.normal(f"vector {i}", *_row(p, runs)) for i, (p, _) in enumerate(used)])
    value = torch.zeros(runs)
    for step in range(products):
        product = _hessian_product(used, vector, keep=step < products - 1)
        parts = [(v * w).sum(1) for v, w in zip(vector, product, strict=True)]
        value = torch.stack(parts).sum(0)
        vector = _unit(product)
    return value.detach()


def _row(parameter: Tensor, runs: int) -> tuple[int, ...]:
    """The shape of one run's part: a parameter learned per unit has several rows for each run."""
    return (parameter.numel() // runs,)


def _hessian_product(
    used: Sequence[tuple[nn.Parameter, Tensor]], vector: Sequence[Tensor], *, keep: bool
) -> list[Tensor]:
    parameters, grads = zip(*used, strict=True)
    inner = torch.stack(
        [(grad.reshape(part.shape) * part).sum() for grad, part in zip(grads, vector, strict=True)]
    ).sum()
    found = torch.autograd.grad(inner, parameters, retain_graph=keep, allow_unused=True)
    return [
        torch.zeros_like(part) if product is None else product.reshape(part.shape)
        for product, part in zip(found, vector, strict=True)
    ]


def _unit(vector: Sequence[Tensor]) -> list[Tensor]:
    """Every run's part scaled to length 1; a part that is zero stays zero."""
    square = torch.stack([part.flatten(1).double().square().sum(1) for part in vector]).sum(0)
    length = square.sqrt().clamp_min(torch.finfo(torch.float32).tiny)
    return [(part / length[:, None]).float() for part in vector]
