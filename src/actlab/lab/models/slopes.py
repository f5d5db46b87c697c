"""Slopes that the functions of a network have at its examples."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from actlab.lab.models.layers import Activate


def steepest_slopes(net: nn.Module, x: Tensor) -> Tensor:
    """The largest magnitude of the slope at every unit's function, over all examples.

    The slope is what automatic differentiation uses, so a unit with 0 passes no gradient on,
    whichever of the examples it sees. A slope that is not a number counts as infinite.

    Args:
        net: a stack whose functions are :class:`Activate` layers.
        x: ``(runs, n, features)``.

    Returns:
        ``(runs, units)``, layer after layer.
    """
    sites = [module for module in net.modules() if isinstance(module, Activate)]
    seen: dict[nn.Module, Tensor] = {}

    def keep(site: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen[site] = given[0].detach()

    hooks = [site.register_forward_pre_hook(keep) for site in sites]
    try:
        with torch.no_grad():
            net(x)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat([_steepest(site, seen[site]) for site in sites], dim=1)


def _steepest(site: nn.Module, z: Tensor) -> Tensor:
    with torch.enable_grad():
        z = z.requires_grad_(True)
        (slope,) = torch.autograd.grad(site(z).sum(), z)
    flat = slope.abs().reshape(z.shape[0], -1, z.shape[-1])
    return torch.nan_to_num(flat, nan=torch.inf, posinf=torch.inf).amax(dim=1)
