"""Residual networks of fully connected layers."""

from __future__ import annotations

from torch import Tensor, nn

from actlab.lab.models.layers import Activate, Linear, Norm, normalisation
from actlab.lab.models.start import Start


class Block(nn.Module):
    """Adds to its input what two linear maps make of it, each after norm and function.

    The order of "Identity mappings in deep residual networks" (He et al. 2016, arXiv:1603.05027).

    Args:
        start: where the parameters come from.
        name: names the draws.
        width: features.
        norm: normalisation before each function.
        gain: factor on the initial weights of the second map. Default: 1.
    """

    def __init__(
        self, start: Start, name: str, width: int, norm: Norm, *, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(normalisation(norm, start.runs, width) for _ in range(2))
        self.functions = nn.ModuleList(Activate(start.arm, start.runs, width) for _ in range(2))
        self.maps = nn.ModuleList(
            Linear(start, f"{name} map {index}", width, width, gain=scale)
            for index, scale in enumerate((1.0, gain))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, width)`` to the same."""
        y = x
        for norm, function, linear in zip(self.norms, self.functions, self.maps, strict=True):
            y = linear(function(norm(y)))
        return x + y


class ResidualNet(nn.Module):
    """A linear map, residual blocks, and norm, function and linear map at the end.

    With PyTorch's initialisation the blocks are as they are drawn. With any other, which keeps
    the signal's size through a map, what n blocks add is scaled by 1 / sqrt(n): otherwise the
    signal would double with each of them.

    Args:
        start: where the parameters come from; its arm is the function.
        inputs, outputs: features of the data.
        width: features between the blocks.
        blocks: how many.
        norm: normalisation before each function.
    """

    def __init__(
        self, start: Start, inputs: int, outputs: int, *, width: int, blocks: int, norm: Norm
    ) -> None:
        super().__init__()
        self.first = Linear(start, "first", inputs, width, place="first")
        gain = 1.0 if start.arm.init.scheme == "default" else blocks**-0.5
        self.blocks = nn.Sequential(
            *(Block(start, f"block {index}", width, norm, gain=gain) for index in range(blocks))
        )
        self.norm = normalisation(norm, start.runs, width)
        self.function = Activate(start.arm, start.runs, width)
        self.last = Linear(start, "last", width, outputs, place="last")

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, inputs)`` to ``(runs, n, outputs)``."""
        return self.last(self.function(self.norm(self.blocks(self.first(x)))))
