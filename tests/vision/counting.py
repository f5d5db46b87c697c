"""A second opinion on how often a model applies activations: counted where torch computes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from actlab.surgery import Site

OPERATORS = frozenset(
    {"celu", "elu", "gelu", "glu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
     "log_sigmoid_forward", "mish", "relu", "rrelu_with_noise", "sigmoid", "silu", "softplus",
     "softshrink", "tanh"}
)  # fmt: skip
"""Of aten, without the underscore of those that overwrite their input."""

OPERATOR_OF = {
    "GammaAct": "gelu",
    "StarReLU": "relu",
    "gelu_tanh": "gelu",
    "hard_sigmoid": "hardsigmoid",
    "hard_swish": "hardswish",
    "hard_tanh": "hardtanh",
    "relu6": "hardtanh",
    "relu_squared": "relu",
    "selu": "elu",
    "star_relu": "relu",
}
"""What computes an activation of the catalogue, or of timm, where it is not called like it."""


class _Counting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func.overloadpacket.__name__.removesuffix("_")
        if func.namespace == "aten" and name in OPERATORS:
            self.counts[name] += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Counts operators, by name, while active."""
    with _Counting() as mode:
        yield mode.counts


def operator_of(site: Site) -> str:
    """The operator of aten that computes a site's function."""
    return OPERATOR_OF.get(site.activation, site.activation)


def calls_of(sites: Iterable[Site], mode: str) -> Counter[str]:
    """How often each operator runs in a mode, according to ``find``."""
    found: Counter[str] = Counter()
    for site in sites:
        if mode in site.modes:
            found[operator_of(site)] += site.calls
    return found
