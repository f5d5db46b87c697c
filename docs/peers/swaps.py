"""Replacing activations: how many were replaced, counted by what torch runs afterwards."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from models import (
    FEATURES,
    Encoder,
    Functional,
    InPlaceResidual,
    Mlp,
    QuickGelu,
    Shared,
    he,
    two_names,
)


class SqueezeExcite(nn.Module):
    """A convolution with a gate: the sigmoid's result only multiplies."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 16, 3), nn.ReLU()
        self.down, self.inner = nn.Conv2d(16, 4, 1), nn.ReLU()
        self.up, self.gate = nn.Conv2d(4, 16, 1), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.conv(x))
        return x * self.gate(self.up(self.inner(self.down(x.mean((2, 3), keepdim=True)))))


@dataclass(frozen=True)
class SwapCase:
    """A model whose activations are to be replaced.

    Attributes:
        name, title, build: of the model. old: the activation, or its class. ops: torch's operations
            that apply it. total: how often it is applied. shape: of one sample.
        keeps: operation that must stay, such as a gate's.
    """

    name: str
    title: str
    build: Callable[[], nn.Module]
    old: str | type[nn.Module]
    ops: tuple[str, ...]
    total: int
    shape: tuple[int, ...] = (FEATURES,)
    keeps: str = ""


RELU = ("relu", "relu_")
SWAPS = (
    SwapCase("module", "two ReLU modules", lambda: Mlp(nn.ReLU, 64), "relu", RELU, 2),
    SwapCase("functional", "two calls of `F.relu`", lambda: Functional(64), "relu", RELU, 2),
    SwapCase("shared", "one ReLU used twice", Shared, "relu", RELU, 2),
    SwapCase("two-names", "one ReLU under two names", two_names, "relu", RELU, 2),
    SwapCase("in-place", "in-place ReLU, input used again", lambda: InPlaceResidual(64), "relu",
             RELU, 1),
    SwapCase("encoder", "`nn.TransformerEncoderLayer`", Encoder, "relu", RELU, 1, (7, FEATURES)),
    SwapCase("subclass", "two of a subclass of GELU, by class", lambda: Mlp(QuickGelu, 64),
             nn.GELU, ("sigmoid",), 2),
    SwapCase("subclass-name", "the same, by name", lambda: Mlp(QuickGelu, 64), "gelu",
             ("sigmoid",), 2),
    SwapCase("gate", "two ReLU and a sigmoid gate", SqueezeExcite, "relu", RELU, 2, (3, 12, 12),
             "sigmoid"),
)  # fmt: skip


class Ops(TorchDispatchMode):
    """Counts the operations that torch runs, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        return func(*args, **(kwargs or {}))


def applied(model: nn.Module, ops: tuple[str, ...], x: Tensor) -> int:
    """How often operations run in one pass, with gradients."""
    with Ops() as seen:
        model(x)
    return sum(seen.counts.get(op, 0) for op in ops)


def overwrites(model: nn.Module, x: Tensor) -> bool:
    """Whether the output of ``fc1`` is overwritten later."""
    kept: list[Tensor] = []
    hook = model.fc1.register_forward_hook(lambda *a: kept.extend([a[2], a[2].detach().clone()]))
    model(x)
    hook.remove()
    return not torch.equal(kept[0].detach(), kept[1])


def steklov(model: nn.Module, case: SwapCase, x: Tensor) -> tuple[nn.Module, str]:
    """`swap_activation(model)`, which prints how many it replaced."""
    from steklov_activations import swap_activation

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        model = swap_activation(model)
    return model, out.getvalue().strip()


def actlab(model: nn.Module, case: SwapCase, x: Tensor) -> tuple[nn.Module, str]:
    """`swap(model, {...: "powerlu"}, example)`, which lists every site."""
    from actlab.surgery import swap

    result = swap(model, {case.old: "powerlu"}, x)
    rows = [f"{row.name} {row.action}{f' ({row.note})' if row.note else ''}" for row in result.rows]
    return getattr(result, "model", model), "; ".join(rows)


TOOLS = {"actlab": actlab, "steklov": steklov}


def compare_swaps(short: Callable[..., str]) -> dict[str, dict[str, dict]]:
    """Every tool on every model; the operations before and after say what was replaced."""
    table: dict[str, dict[str, dict]] = {}
    for name, tool in TOOLS.items():
        try:
            __import__({"actlab": "actlab.surgery", "steklov": "steklov_activations"}[name])
        except ImportError:
            continue
        for case in SWAPS:
            if name == "steklov" and case.name == "subclass-name":
                continue  # it selects by class only
            torch.manual_seed(1)
            model, x = he(case.build()).train(), torch.randn(8, *case.shape)
            before = applied(model, case.ops, x)
            assert before == case.total, (case.name, before)
            gates = applied(model, (case.keeps,), x)
            row: dict = {"title": case.title, "total": case.total, "replaced": 0}
            try:
                model, said = tool(model, case, x)
                row["replaced"] = before - applied(model, case.ops, x)
                row["said"] = short(said, 400)
                if case.keeps:
                    row["gate kept"] = applied(model, (case.keeps,), x) == gates
                if case.name == "in-place":
                    row["input overwritten as before"] = overwrites(model, x)
            except Exception as error:
                row["said"] = f"raised {type(error).__name__}: {short(str(error))}"
            table.setdefault(name, {})[case.name] = row
            print(f"swap {name:12}{case.name:14}{row}", flush=True)
    return table
