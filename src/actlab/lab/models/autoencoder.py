"""Encoders and decoders with one hidden layer each, and a linear code between them."""

from __future__ import annotations

from torch import Tensor, nn

from actlab.lab.models.layers import Activate, Linear
from actlab.lab.models.start import Start


class Autoencoder(nn.Module):
    """An encoder to a short code and a decoder back; the function of an arm is inside each.

    Args:
        start: where the parameters come from; its arm is the function.
        features: numbers of an example.
        width: units of the hidden layers.
        code: numbers of a code.
        outputs_per_code: what the encoder gives for each number of the code. Default: 1.
    """

    def __init__(
        self, start: Start, features: int, *, width: int, code: int, outputs_per_code: int = 1
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            Linear(start, "encoder", features, width, place="first"),
            Activate(start.arm, start.runs, width),
            Linear(start, "code", width, code * outputs_per_code, place="last"),
        )
        # No function has shaped a code, so the decoder begins as a network of its own.
        self.decoder = nn.Sequential(
            Linear(start, "decoder", code, width, place="first"),
            Activate(start.arm, start.runs, width),
            Linear(start, "picture", width, features, place="last"),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(runs, n, features)`` to its reconstruction."""
        return self.decoder(self.encoder(x))
