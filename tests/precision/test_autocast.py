"""Mixed precision: the dtype of x rules, parameters keep theirs, sums are in double.

That numbers under autocast are those without it is checked for every definition by the
conformance suite (``modules.autocast``).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from actlab import functional as F
from actlab import nn

SINGLE = torch.float32
HALVES = [torch.bfloat16, torch.float16]
DTYPES = [torch.float64, SINGLE, *HALVES]

CALLS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ralu": F.ralu,
    "elu": F.elu,
    "powerlu": F.powerlu,
    "expolu": lambda x, p: F.expolu(x, 2.0, p, 1.5),
    "leaky_relu": lambda x, p: F.call("leaky_relu", x, p),
    "glu": lambda x, p: F.glu(x, "ralu", alpha=p),
    "gated": lambda x, p: F.gated("ralu", x, x, alpha=p),
    "formula": lambda x, p: F.ralu(x, p, backend="formula"),
}
"""Functions of x and of one parameter, which may be a tensor."""


def noise(*shape: int, dtype: torch.dtype = SINGLE) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (2 * torch.randn(*shape, generator=generator, dtype=torch.float64)).to(dtype)


def inside(dtype: torch.dtype = torch.bfloat16) -> torch.autocast:
    return torch.autocast("cpu", dtype=dtype)


def expect_dtypes(call: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> None:
    """The value has the dtype of x, each gradient that of what it belongs to, autocast or not."""
    for kept in DTYPES:
        results = []
        for cast in (None, *HALVES):
            x = noise(6, 4, dtype=dtype).requires_grad_()
            param = torch.tensor([1.5], dtype=kept, requires_grad=True)
            if cast is None:
                y = call(x, param)
            else:
                with inside(dtype=cast):
                    y = call(x, param)
            assert y.dtype == dtype, f"{y.dtype} from {dtype} with a parameter of {kept}"
            y.sum().backward()
            for tensor in (x, param):
                assert tensor.grad is not None
                assert tensor.grad.dtype == tensor.dtype
            results.append((y.detach(), x.grad, param.grad))
        for other in results[1:]:
            assert all(map(torch.equal, results[0], other)), "autocast changes numbers"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    expect_dtypes(CALLS[name], dtype)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", CALLS)
def test_a_single_parameter_is_not_rounded(name: str, dtype: torch.dtype) -> None:
    expect_exact_parameter(CALLS[name], dtype)


def expect_exact_parameter(call: Callable[..., Tensor], dtype: torch.dtype) -> None:
    """Half values with a float32 parameter are those with the same number as a Python float."""
    number = torch.tensor([1.5 + torch.finfo(dtype).eps / 2.5])
    x = noise(64, 8, dtype=dtype)
    assert torch.equal(call(x, number), call(x, number.item()))
    assert not torch.equal(call(x, number), call(x, number.to(dtype)))


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("backend", [None, "formula"])
def test_gradients_of_parameters_sum_in_double(backend: str | None, dtype: torch.dtype) -> None:
    expect_double_sum(lambda x, alpha: F.ralu(x, alpha, backend=backend), dtype)


def expect_double_sum(call: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> None:
    """60 000 half terms: the float32 gradient is the exact sum of them, rounded once."""
    x = noise(60_000, dtype=dtype)
    alpha = torch.tensor([2.5], requires_grad=True)
    call(x, alpha).backward(torch.ones_like(x))
    wide = x.double()
    exact = (wide / (wide * wide + 1)).sum().float()
    assert alpha.grad is not None
    assert alpha.grad.item() == exact.item()


def model() -> torch.nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        linear = torch.nn.Linear
        return torch.nn.Sequential(
            linear(5, 8), nn.RaLU(num_parameters=8), linear(8, 8),
            nn.PowerLU(2.5, learnable=True), linear(8, 8),
            nn.GLU("elu", learnable=True, num_parameters=4), linear(4, 2),
        )  # fmt: skip


def dtypes_inside(net: torch.nn.Module) -> list[torch.dtype]:
    seen: list[torch.dtype] = []
    for module in net.modules():
        if isinstance(module, nn.Activation | nn.GLU):
            module.register_forward_hook(lambda _, args, y: seen.extend((args[0].dtype, y.dtype)))
    return seen


@pytest.mark.parametrize("dtype", HALVES)
def test_models(dtype: torch.dtype) -> None:
    net = model()
    seen = dtypes_inside(net)
    with inside(dtype=dtype):
        y = net(noise(16, 5))
    assert len(seen) == 6
    assert set(seen) == {y.dtype} == {dtype}
    y.float().square().mean().backward()
    assert all(p.dtype == SINGLE for p in net.parameters())
    assert all(p.grad is not None and p.grad.dtype == SINGLE for p in net.parameters())
    assert all(bool(p.grad.isfinite().all()) and bool(p.grad.any()) for p in net.parameters())


@pytest.mark.parametrize("dtype", HALVES)
def test_a_region_without_autocast(dtype: torch.dtype) -> None:
    linear, act = torch.nn.Linear(5, 8), nn.RaLU(num_parameters=8)
    with inside(dtype=dtype):
        h = linear(noise(16, 5))
        with torch.autocast("cpu", enabled=False):
            single, half = act(h.float()), act(h)
        after = act(h)
    assert (single.dtype, half.dtype, after.dtype) == (SINGLE, dtype, dtype)
    assert torch.equal(single.to(dtype), half)
    assert torch.equal(after, half)
    (single.sum() + half.float().sum()).backward()
    assert act.alpha.grad.dtype == linear.weight.grad.dtype == SINGLE


def test_parameters_are_not_cached() -> None:
    """A step inside an autocast region is seen by the next call, unlike that of cached weights."""
    act, linear, x = nn.RaLU(2.0), torch.nn.Linear(4, 4, bias=False), noise(8, 4)
    with inside():
        before, cached = act(x), linear(x)
        with torch.no_grad():
            act.alpha.add_(1.0)
            linear.weight.add_(1.0)
        after = act(x)
        assert torch.equal(linear(x), cached)
    assert torch.equal(before, F.ralu(x, 2.0))
    assert torch.equal(after, F.ralu(x, 3.0))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", HALVES)
def test_compiled(dtype: torch.dtype) -> None:
    net = model()
    with inside(dtype=dtype):
        y = torch.compile(net, backend="aot_eager", fullgraph=True)(noise(16, 5))
        plain = net(noise(16, 5))
    assert y.dtype == dtype
    # Graphs round half types through float32 (0.501 ulp), which the next product carries on.
    torch.testing.assert_close(y, plain, rtol=4 * torch.finfo(dtype).eps, atol=1e-2)
    y.float().sum().backward()
    assert all(p.grad is not None and p.grad.dtype == SINGLE for p in net.parameters())


def test_small_steps_need_single_parameters() -> None:
    """What the documentation says of bfloat16 parameters: steps below half an ulp are lost."""
    for dtype, moved in ((SINGLE, True), (torch.bfloat16, False)):
        act = nn.RaLU(3.0, dtype=dtype)
        optimiser = torch.optim.SGD(act.parameters(), lr=1.0)
        for _ in range(100):
            act.alpha.grad = torch.full_like(act.alpha, 0.0078)
            optimiser.step()
        assert (act.alpha.item() != 3.0) == moved


def to_single(x: Tensor, alpha: Tensor) -> Tensor:
    return F.ralu(x.float(), alpha)


def half_parameter(x: Tensor, alpha: Tensor | float) -> Tensor:
    alpha = alpha.to(x.dtype) if isinstance(alpha, Tensor) else alpha
    return F.ralu(x, alpha)


def half_sum(x: Tensor, alpha: Tensor) -> Tensor:
    return F.ralu(x, alpha.to(x.dtype))


def cast_by_autocast(x: Tensor, alpha: Tensor) -> Tensor:
    return F.ralu(x, alpha) if not torch.is_autocast_enabled("cpu") else F.ralu(x, alpha * 1.01)


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (expect_dtypes, to_single),
        (expect_dtypes, cast_by_autocast),
        (expect_exact_parameter, half_parameter),
        (expect_double_sum, half_sum),
        (expect_double_sum, lambda x, a: x + (a - 1) * (x / (x * x + 1))),
    ],
)
def test_faults_are_found(check: Callable[..., None], broken: Callable[..., Tensor]) -> None:
    with pytest.raises(AssertionError):
        check(broken, torch.bfloat16)
