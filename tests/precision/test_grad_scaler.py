"""Loss scaling: what overflows is skipped and training goes on; what would vanish is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.amp import GradScaler

from actlab import functional as F
from actlab import nn, parameter_groups


def noise(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (2 * torch.randn(*shape, generator=generator, dtype=torch.float64)).to(dtype)


def model(make: Callable[[], torch.nn.Module]) -> torch.nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(5, 8), make(), torch.nn.Linear(8, 2))


ACTIVATIONS: dict[str, Callable[[], torch.nn.Module]] = {
    "shared": nn.RaLU,
    "channels": lambda: nn.RaLU(num_parameters=8),
    "constrained": lambda: nn.PowerLU(2.5, learnable=True),
    "three": lambda: nn.ExpoLU(2.0, 0.5, 2.5, learnable=True, num_parameters=8),
    "fixed": nn.PowerLU,
}


def values(net: torch.nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in net.parameters()]


def step(
    net: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    scaler: GradScaler,
    factor: float = 1.0,
    dtype: torch.dtype = torch.float16,
) -> None:
    optimiser.zero_grad()
    with torch.autocast("cpu", dtype=dtype):
        y = net(noise(16, 5))
    scaler.scale(factor * y.float().square().mean()).backward()
    scaler.step(optimiser)
    scaler.update()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_step_that_overflows_is_skipped(name: str) -> None:
    """Nothing moves, the scale halves, and the next steps are those without the bad one."""
    nets = [model(ACTIVATIONS[name]) for _ in range(2)]
    optimisers = [torch.optim.AdamW(parameter_groups(net, 0.1), lr=0.05) for net in nets]
    scalers = [GradScaler("cpu", init_scale=2.0**k) for k in (9, 8)]
    before = values(nets[0])
    # float16 ends at 65504: the cotangent of the output is far beyond it.
    step(nets[0], optimisers[0], scalers[0], factor=1e6)
    assert all(map(torch.equal, values(nets[0]), before))
    assert scalers[0].get_scale() == 2.0**8
    for _ in range(3):
        for net, optimiser, scaler in zip(nets, optimisers, scalers, strict=True):
            step(net, optimiser, scaler)
    assert all(map(torch.equal, values(nets[0]), values(nets[1])))
    assert not any(map(torch.equal, values(nets[0]), before))
    assert scalers[0].get_scale() == 2.0**8


@pytest.mark.parametrize("bad", [float("inf"), -float("inf"), float("nan")])
@pytest.mark.parametrize("make", [nn.RaLU, lambda: nn.RaLU(num_parameters=4)])
def test_one_parameter_gradient_that_is_not_finite(make, bad: float) -> None:
    """A cotangent that is not finite reaches the parameter's gradient, and the scaler sees it."""
    act = make()
    optimiser, scaler = torch.optim.SGD(act.parameters(), lr=0.1), GradScaler("cpu")
    x = noise(6, 4)
    cotangent = torch.ones_like(x)
    cotangent[2, 1] = bad
    act(x).backward(cotangent)
    assert not bool(act.alpha.grad.isfinite().all())
    scaler.scale(torch.zeros(()))
    before = values(act)
    scaler.step(optimiser)
    scaler.update()
    assert all(map(torch.equal, values(act), before))
    assert scaler.get_scale() == 2.0**15


def test_an_overflow_above_dead_units_is_seen() -> None:
    """A dead unit passes 0 whatever comes in; the weights above it still show the overflow."""
    net = model(nn.PowerLU)
    with torch.no_grad():
        net[0].bias.fill_(-100.0)
    optimiser, scaler = torch.optim.SGD(net.parameters(), lr=0.1), GradScaler("cpu", 2.0**9)
    before = values(net)
    step(net, optimiser, scaler, factor=1e9)
    assert not net[0].weight.grad.any()
    assert not bool(net[2].weight.grad.isfinite().all())
    assert all(map(torch.equal, values(net), before))
    assert scaler.get_scale() == 2.0**8


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_scaling_changes_no_bit_in_bfloat16(name: str) -> None:
    """Powers of two pass through slopes and sums exactly where nothing under- or overflows."""
    nets = [model(ACTIVATIONS[name]) for _ in range(2)]
    for net, scale in zip(nets, (1.0, 2.0**12), strict=True):
        optimiser = torch.optim.SGD(parameter_groups(net, 0.1), lr=0.05)
        step(net, optimiser, GradScaler("cpu", init_scale=scale), dtype=torch.bfloat16)
    assert all(map(torch.equal, values(nets[0]), values(nets[1])))


def test_scaling_keeps_what_float16_would_lose() -> None:
    """Gradients below 2**-25 round to 0 in float16; scaled, they arrive at the parameter."""
    x = noise(64, 4)
    exact = 2.0**-27 * (x.double() / (x.double() ** 2 + 1)).sum().item()
    found = []
    for scale in (1.0, 2.0**16):
        alpha = torch.tensor([3.0], requires_grad=True)
        with torch.autocast("cpu", dtype=torch.float16):
            y = F.ralu(x.half(), alpha)
        (scale * 2.0**-27 * y.float().sum()).backward()
        found.append(alpha.grad.item() / scale)
    assert found[0] == 0.0
    # The inputs themselves are rounded to float16.
    assert found[1] == pytest.approx(exact, rel=1e-2)


def test_clipping_between_unscaling_and_the_step() -> None:
    net = model(ACTIVATIONS["channels"])
    optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
    scaler = GradScaler("cpu", init_scale=2.0**8)
    before = values(net)
    with torch.autocast("cpu", dtype=torch.float16):
        y = net(noise(16, 5))
    scaler.scale(y.float().square().mean()).backward()
    scaler.unscale_(optimiser)
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1e-3)
    scaler.step(optimiser)
    assert norm > 1e-3
    moved = torch.cat([(a - b).flatten() for a, b in zip(before, values(net), strict=True)])
    # Differences of parameters of size 1 in float32.
    assert moved.norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_state_of_the_scaler_goes_on() -> None:
    scaler = GradScaler("cpu", init_scale=2.0**9)
    net = model(nn.RaLU)
    step(net, torch.optim.SGD(net.parameters(), lr=0.1), scaler, factor=1e6)
    again = GradScaler("cpu")
    again.load_state_dict(scaler.state_dict())
    assert again.get_scale() == 2.0**8
