"""Models with learned activations of every kind, and what one process makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from actlab import nn, parameter_groups

BATCH, FEATURES = 8, 5
PER_PROCESS = BATCH // 2
DECAY = 0.25


class Learned(torch.nn.Module):
    """Shared, per channel, constrained and fixed activations; one of them is used twice.

    Seven and three channels do not divide by two processes, and one-element parameters leave
    one of them with nothing.
    """

    def __init__(self, backend: str | None = None, **factory) -> None:
        super().__init__()
        linear = torch.nn.Linear
        self.enter = linear(FEATURES, 7, **factory)
        self.channels = nn.RaLU(num_parameters=7, backend=backend, **factory)
        self.middle = linear(7, 6, **factory)
        self.twice = nn.RaLU(2.0, constraint="monotone", backend=backend, **factory)
        self.power = nn.PowerLU(2.5, learnable=True, backend=backend, **factory)
        self.gate = linear(6, 6, **factory)
        self.glu = nn.GLU("ralu", learnable=True, num_parameters=3, backend=backend, **factory)
        self.three = nn.ExpoLU(
            2.0, 0.5, 2.5, learnable=True, num_parameters=3, backend=backend, **factory
        )
        self.fixed = nn.PowerLU(3.0, backend=backend)
        self.leave = linear(3, 3, **factory)
        self.last = nn.ELU(0.5, learnable=True, backend=backend, **factory)

    def forward(self, x: Tensor) -> Tensor:
        h = self.twice(self.middle(self.channels(self.enter(x))))
        h = self.glu(self.gate(self.power(self.twice(h))))
        return self.last(self.leave(self.fixed(self.three(h))))


def learned(backend: str | None = None, dtype: torch.dtype = torch.float32) -> Learned:
    """The same numbers in every process."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Learned(backend).to(dtype)


def batch(dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 3 * torch.randn(BATCH, FEATURES, generator=generator, dtype=torch.float64).to(dtype)


def part(x: Tensor, rank: int) -> Tensor:
    """The rows of one of the two processes."""
    return x[rank * PER_PROCESS : (rank + 1) * PER_PROCESS]


def loss(y: Tensor) -> Tensor:
    return y.float().square().mean() if y.dtype.itemsize < 4 else y.square().mean()


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor, also where each process has a part."""
    full = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return full.detach().clone()


def gradients(model: torch.nn.Module) -> dict[str, Tensor]:
    return {plain(name): whole(p.grad) for name, p in model.named_parameters()}


def values(model: torch.nn.Module) -> dict[str, Tensor]:
    return {plain(name): whole(p) for name, p in model.named_parameters()}


def plain(name: str) -> str:
    """A parameter's name without the wrappers that its model is in."""
    return name.removeprefix("_fsdp_wrapped_module.").removeprefix("module.")


def in_turn(model: torch.nn.Module, x: Tensor) -> None:
    """Backward through the parts of both processes in one, each with half of the weight.

    What each process does, in the order of ranks: halving is exact, and the sum of two is the
    same either way, so that gradients agree to the last bit.
    """
    model.zero_grad()
    halves: list[dict[str, Tensor]] = []
    for rank in range(2):
        model.zero_grad()
        loss(model(part(x, rank))).backward()
        halves.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    for name, p in model.named_parameters():
        found = [half[name].float() if p.dtype.itemsize < 4 else half[name]
                 for half in halves if name in half]  # fmt: skip
        p.grad = (sum(found) / 2).to(p.dtype) if found else None


def adamw(model: torch.nn.Module) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameter_groups(model, DECAY), lr=0.05)


def sgd(model: torch.nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(parameter_groups(model, DECAY), lr=0.05, momentum=0.9)


def steps(
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    backward: Callable[[torch.nn.Module], None],
    count: int = 3,
) -> None:
    for _ in range(count):
        optimiser.zero_grad()
        backward(model)
        optimiser.step()


def expect_same(got: dict[str, Tensor], want: dict[str, Tensor], what: str) -> None:
    """The same names and the same bits."""
    assert got.keys() == want.keys(), f"{what}: {got.keys() ^ want.keys()} on one side only"
    wrong = {
        name: (got[name].tolist(), want[name].tolist())
        for name in want
        if got[name].dtype != want[name].dtype or not torch.equal(got[name], want[name])
    }
    assert not wrong, f"{what} differ: {wrong}"


def expect_close(
    got: dict[str, Tensor], want: dict[str, Tensor], ulps: float, names: Iterable[str] = ()
) -> None:
    """The same names, and numbers within a few units of the largest one's last place."""
    assert got.keys() == want.keys()
    for name in names or want:
        eps = torch.finfo(want[name].dtype).eps
        room = ulps * eps * want[name].abs().max().item()
        torch.testing.assert_close(
            got[name], want[name], rtol=0, atol=room, msg=lambda m, n=name: f"{n}: {m}"
        )
