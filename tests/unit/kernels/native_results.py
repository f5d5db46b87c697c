"""One call with everything that comes out of it, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import actlab.functional as F


@dataclass(frozen=True)
class Results:
    """A value, the input's gradient, and the gradients of parameters that are tensors."""

    value: Tensor
    slope: Tensor
    of_params: dict[str, Tensor]

    def everything(self) -> dict[str, Tensor]:
        return {"value": self.value, "gradient": self.slope, **self.of_params}


def results(
    name: Any, x: Tensor, params: Mapping[str, Any], cotangent: Tensor | None = None, **options: Any
) -> Results:
    """Everything of one call; tensors among the parameters are learned."""
    leaf = x.detach().requires_grad_()
    held = {
        key: value.detach().clone().requires_grad_() if isinstance(value, Tensor) else value
        for key, value in params.items()
    }
    learned = {key: value for key, value in held.items() if isinstance(value, Tensor)}
    y = F.call(name, leaf, **held, **options)
    cotangent = torch.ones_like(y) if cotangent is None else cotangent
    grads = torch.autograd.grad(y, [leaf, *learned.values()], cotangent)
    return Results(y.detach(), grads[0], dict(zip(learned, grads[1:], strict=True)))


def both(name: Any, x: Tensor, params: Mapping[str, Any], *rest: Any, **options: Any) -> Any:
    """The same call by kernels and by formula."""
    return [results(name, x, params, *rest, backend=b, **options) for b in ("native", "formula")]


def apart(got: Tensor, want: Tensor, scale: float | Tensor = 0.0) -> float:
    """The largest distance in units in the last place of ``got``'s dtype.

    Args:
        got: results.
        want: what they should be, in the same dtype or a wider one.
        scale: where to take the unit when it is larger than ``want``.
    """
    assert got.shape == want.shape
    if not want.numel():
        return 0.0
    assert torch.equal(got.isnan(), want.isnan())
    facts = torch.finfo(got.dtype)
    size = torch.maximum(want.double().abs(), torch.as_tensor(scale, dtype=torch.float64))
    size = size.clamp(facts.smallest_normal, facts.max)
    unit = torch.exp2(size.frexp().exponent.double() - 1) * facts.eps
    distance = (got.double() - want.double()).abs() / unit
    return torch.where(got.double() == want, 0.0, distance).nan_to_num(nan=0.0).max().item()


def same_bits(left: Tensor, right: Tensor) -> bool:
    """Equal to the last bit, in logical order."""
    width = {8: torch.int64, 4: torch.int32, 2: torch.int16}[left.element_size()]
    return torch.equal(left.contiguous().view(width), right.contiguous().view(width))


def noise(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 1) -> Tensor:
    """N(0, 4) draws, the same in every process."""
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(dtype)
