"""Multi-layer perceptrons."""

from __future__ import annotations

from torch import Tensor, nn

from actlab.lab.models.layers import Activate, Linear, Norm, normalisation
from actlab.lab.models.start import Start


class Perceptron(nn.Module):
    """Linear maps with the function of an arm between them.

    Args:
        start: where the parameters come from; its arm is the function.
        inputs, outputs: features of the data.
        width: units of a hidden layer.
        depth: number of linear maps, at least 1.
        norm: normalisation of each hidden layer. Default: ``none``.
        norm_first: normalise before the function, not after it. Default: False.
        bias: whether the linear maps have biases. Default: True.
    """

    def __init__(
        self,
        start: Start,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        norm: Norm = "none",
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        sizes = [inputs, *[width] * (depth - 1), outputs]
        self.maps = nn.ModuleList()
        self.functions = nn.ModuleList()
        self.norms = nn.ModuleList()
        self.norm_first = norm_first
        for index in range(depth):
            last = index == depth - 1
            # A network of one layer is all output; its inputs are raw, so they scale it.
            place = "first" if index == 0 else "last" if last else "hidden"
            linear = Linear(
                start, f"layer {index}", sizes[index], sizes[index + 1], place=place, bias=bias
            )
            self.maps.append(linear)
            if not last:
                self.functions.append(Activate(start.arm, start.runs, width))
                self.norms.append(normalisation(norm, start.runs, width))

    @property
    def linears(self) -> list[Linear]:
        """The linear maps, first to last."""
        return [linear for linear in self.maps if isinstance(linear, Linear)]

    def hidden(self, x: Tensor) -> list[Tensor]:
        """What every hidden layer gives, first to last."""
        given = []
        for linear, function, norm in zip(self.maps, self.functions, self.norms, strict=False):
            x = linear(x)
            x = function(norm(x)) if self.norm_first else norm(function(x))
            given.append(x)
        return given

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, inputs)`` to ``(runs, n, outputs)``."""
        given = self.hidden(x)
        return self.maps[-1](given[-1] if given else x)
