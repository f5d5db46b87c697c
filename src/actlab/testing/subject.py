"""What is being tested: one activation on one backend, and how to get numbers out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from actlab import functional
from actlab.core import Activation
from actlab.kernels import operators


class NotApplicableError(Exception):
    """A check has nothing to say about this subject; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One activation on one backend.

    Args:
        activation: the definition.
        backend: the backend asked for by name. Default: ``"formula"``.
        device: where its tensors live. Default: ``"cpu"``.
    """

    activation: Activation
    backend: Any = "formula"
    device: str = "cpu"

    def __call__(
        self, x: Tensor, params: Mapping[str, Any], *, save: Any = None, channel_dim: int = 1
    ) -> Tensor:
        """The activation of a tensor, through the public API."""
        return functional.call(
            self.activation,
            x,
            backend=self.backend,
            save=save,
            channel_dim=channel_dim,
            **params,
        )

    @property
    def traces(self) -> bool:
        """Whether exporters and transforms can be asked to run it: only formulas serve those."""
        return self.backend in (None, "formula")

    @property
    def compiles(self) -> bool:
        """Whether torch.compile is given the kernels of this backend."""
        return self.backend == "native" and operators.compiles(self.activation)

    def label(self, params: Mapping[str, Any] | None = None) -> str:
        """Name, parameters and backend, for messages."""
        inside = ", ".join(f"{k}={_shown(v)}" for k, v in (params or {}).items())
        return f"{self.activation.name}({inside}) on {self.backend!r}"

    def tensor(self, values: list[float] | Tensor, dtype: torch.dtype) -> Tensor:
        """Numbers as a tensor on the subject's device."""
        if isinstance(values, Tensor):
            return values.to(self.device, dtype)
        return torch.tensor(values, dtype=dtype, device=self.device)

    def gradient(
        self,
        x: Tensor,
        params: Mapping[str, Any],
        *,
        cotangent: Tensor | None = None,
        save: Any = None,
        channel_dim: int = 1,
    ) -> Tensor:
        """``cotangent * f'(x)`` by eager backward; the cotangent is 1 unless given."""
        leaf = x.detach().requires_grad_()
        y = self(leaf, params, save=save, channel_dim=channel_dim)
        if cotangent is None:
            cotangent = torch.ones_like(y)
        return torch.autograd.grad(y, leaf, cotangent)[0]

    def partials(
        self, x: Tensor, params: Mapping[str, float], *, save: Any = None
    ) -> dict[str, Tensor]:
        """The derivative in every parameter at every element of a 1-D ``x``.

        Each element gets a channel, and so parameters, of its own.
        """
        leaves = {
            name: torch.full_like(x, value).requires_grad_() for name, value in params.items()
        }
        y = self(x.detach()[None], leaves, save=save)
        grads = torch.autograd.grad(y, list(leaves.values()), torch.ones_like(y))
        return dict(zip(leaves, grads, strict=True))


def pullback(f: Callable[..., Tensor], at: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The value of a function and its vector-Jacobian product, by torch.func.vjp."""
    result = torch.func.vjp(f, at)
    return result[0], lambda cotangent: result[1](cotangent)[0]


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"tensor{tuple(value.shape)}" if value.numel() > 1 else f"tensor({value.item():g})"
    return repr(value)
