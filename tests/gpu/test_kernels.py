"""Kernels on tensors of every size, layout and dtype, with parameters of every kind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from actlab import functional, get, names
from actlab.core import BackendUnavailableError
from actlab.kernels.gpu import backend
from actlab.testing import Subject
from actlab.testing.comparison import compare
from actlab.testing.transforms import places

pytestmark = pytest.mark.skipif(
    bool(backend.problem()), reason=f"backend 'triton': {backend.problem()}"
)

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
BLOCK = 1024
SIZES = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3)


def numbers(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (3 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(DEVICE, dtype)


def run(name: str, x: Tensor, cotangent: Tensor | None = None, **params: Any) -> list[Tensor]:
    """The value, and the gradients in x and in every parameter that needs one."""
    leaf = x.detach().requires_grad_()
    learned = [v for v in params.values() if isinstance(v, Tensor) and v.requires_grad]
    y = functional.call(name, leaf, backend="triton", **params)
    given = torch.ones_like(y) if cotangent is None else cotangent
    return [y.detach(), *torch.autograd.grad(y, [leaf, *learned], given)]


def same(left: Tensor, right: Tensor) -> bool:
    """Whether all numbers and signs of zeros are equal; NaN equals NaN."""
    return torch.equal(left.nan_to_num(1.2345), right.nan_to_num(1.2345)) and torch.equal(
        torch.signbit(left), torch.signbit(right)
    )


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What kernels write to holds NaN at first: a place they leave out shows."""
    empty, like = torch.empty, torch.empty_like
    monkeypatch.setattr(torch, "empty", lambda *a, **k: empty(*a, **k).fill_(torch.nan))
    monkeypatch.setattr(torch, "empty_like", lambda *a, **k: like(*a, **k).fill_(torch.nan))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    "dtype",
    [torch.float32, *(pytest.param(d, marks=pytest.mark.full) for d in DTYPES[1:])],
    ids=str,
)
def test_every_definition_against_the_oracle(name: str, dtype: torch.dtype) -> None:
    subject = Subject(get(name), "triton", DEVICE)
    params = subject.activation.defaults
    inputs = places(subject, params, dtype)
    x = subject.tensor(inputs, dtype).requires_grad_()
    y = functional.call(name, x, backend="triton", save="input", **params)
    compare(subject, "value", inputs, y, params)
    (slope,) = torch.autograd.grad(y.sum(), x)
    compare(subject, "slope", inputs, slope, params)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["powerlu", "ralu"])
def test_sizes_around_the_block(name: str, dtype: torch.dtype, poisoned: None) -> None:
    x, g = numbers(SIZES[-1], dtype=dtype), numbers(SIZES[-1], dtype=dtype, seed=1)
    whole = run(name, x, g)
    assert not any(result.isnan().any() for result in whole)
    for size in SIZES:
        for result, part in zip(whole, run(name, x[:size], g[:size]), strict=True):
            assert same(result[:size], part)


LAYOUTS = {
    "transposed": lambda x: x.transpose(0, 1),
    "rows of a wider matrix": lambda x: x[:, : x.shape[1] // 2],
    "second halves": lambda x: x.chunk(2, 1)[1],
    "every other": lambda x: x[::2, ::3],
    "channels last": lambda x: x.reshape(2, 3, 5, -1).to(memory_format=torch.channels_last),
    "permuted": lambda x: x.reshape(2, 3, 5, -1).permute(3, 1, 0, 2),
    "expanded": lambda x: x[:, :1].expand(30, 7),
    "offset": lambda x: x.reshape(-1)[1:],
    "one number": lambda x: x[3, 5],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["elu", "ralu"])
def test_layouts_change_no_bit(name: str, layout: str, poisoned: None) -> None:
    x = LAYOUTS[layout](numbers(30, 70))
    g = LAYOUTS[layout](numbers(30, 70, seed=1))
    dense = run(name, x.contiguous(), g.contiguous())
    for result, expected in zip(run(name, x, g), dense, strict=True):
        assert result.shape == x.shape
        assert same(result, expected)
    assert run(name, x)[0].stride() == torch.empty_like(x).stride()


def test_offsets_of_64_bits_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from actlab.kernels.gpu import launch

    x, g = numbers(40, 50).t(), numbers(50, 40, seed=1)
    narrow = run("elu", x, g)
    monkeypatch.setattr(launch, "LARGEST_OFFSET", 100)
    for result, expected in zip(run("elu", x, g), narrow, strict=True):
        assert same(result, expected)


SHAPES = ((21, 6), (4, 6, 37), (3, 6, 5, 7))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_learned_parameters(
    shape: tuple[int, ...], channels: int, dtype: torch.dtype, poisoned: None
) -> None:
    # Some values have formulas in single precision and some have not.
    alpha = torch.tensor([0.5, 1.5, 2.0, 3.0, 5.0, -1.0][:channels], device=DEVICE)
    x, g = numbers(*shape, dtype=dtype), numbers(*shape, dtype=dtype, seed=1)
    y, x_grad, alpha_grad = run("ralu", x, g, alpha=alpha.requires_grad_())
    for channel in range(channels):
        place = (slice(None), channel) if channels > 1 else ()
        number = float(alpha[channel].detach())
        alone = run("ralu", x[place], g[place], alpha=number)
        assert same(y[place], alone[0])
        assert same(x_grad[place], alone[1])
    wide = x.double()
    terms = g.double() * (wide / (wide * wide + 1))
    each = terms.transpose(0, 1).reshape(6, -1) if channels > 1 else terms.reshape(1, -1)
    if dtype == torch.float32:
        torch.testing.assert_close(alpha_grad.double(), each.sum(1), rtol=3e-7, atol=1e-9)
    # The terms of half types are in single precision, within 2^-21; their sum is not.
    assert ((alpha_grad - each.sum(1)).abs() <= 2.0**-21 * each.abs().sum(1)).all()
    again = run("ralu", x, g, alpha=alpha)
    assert same(again[2], alpha_grad)


def test_sums_do_not_depend_on_the_layout() -> None:
    alpha = torch.full((6,), 2.0, device=DEVICE, requires_grad=True)
    x, g = numbers(2, 6, 40, 30), numbers(2, 6, 40, 30, seed=1)
    expected = run("ralu", x, g, alpha=alpha)
    last = (t.to(memory_format=torch.channels_last) for t in (x, g))
    for result, wanted in zip(run("ralu", *last, alpha=alpha), expected, strict=True):
        assert same(result, wanted)


@pytest.mark.parametrize("name", ["expolu", "elu", "powerlu"])
def test_parameters_as_tensors_are_those_as_numbers(name: str) -> None:
    defaults = get(name).defaults
    x, g = numbers(300), numbers(300, seed=1)
    tensors = {k: torch.tensor([v], device=DEVICE) for k, v in defaults.items()}
    by_number, by_tensor = run(name, x, g, **defaults), run(name, x, g, **tensors)
    for result, expected in zip(by_tensor, by_number, strict=True):
        torch.testing.assert_close(result, expected, rtol=2.4e-7, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("learned", [False, True])
def test_gated_units(dtype: torch.dtype, learned: bool, poisoned: None) -> None:
    from actlab import nn

    pair = numbers(9, 14, dtype=dtype)
    cotangent = numbers(9, 7, dtype=dtype, seed=1)
    results = []
    for chosen in ("triton", "formula"):
        unit = nn.GLU("elu", backend=chosen, learnable=learned).to(DEVICE, torch.float32)
        leaf = pair.clone().requires_grad_()
        y = unit(leaf)
        wanted = [leaf, *unit.parameters()]
        results.append([y.detach(), *torch.autograd.grad(y, wanted, cotangent)])
    rtol = {torch.float32: 3e-7, torch.bfloat16: 8e-3, torch.float64: 4e-15}[dtype]
    for fused, formula in zip(*results, strict=True):
        torch.testing.assert_close(fused, formula, rtol=rtol, atol=rtol * 1e-2)


def test_a_backend_asked_for_by_name_never_falls_back() -> None:
    with pytest.raises(BackendUnavailableError, match="serves plain eager tensors"):
        torch.func.vmap(lambda x: functional.elu(x, backend="triton"))(numbers(3, 4))


def test_second_derivatives_are_those_of_the_formula() -> None:
    x = numbers(20, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: functional.ralu(x, backend="triton"), [x])
    assert torch.autograd.gradgradcheck(lambda x: functional.ralu(x, backend="triton"), [x])


@pytest.mark.parametrize("omega", [0.001, 1.0, 3.7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_sines_of_angles_of_any_size(omega: float, dtype: torch.dtype) -> None:
    # What the product with omega loses is itself an angle of many turns here.
    subject, params = Subject(get("sine"), "triton", DEVICE), {"omega": omega}
    given = [1e6, 1048577.0, -1e9, 1e15, -1e22, 3e37, -3.4e38, 1.5, -1e-30]
    inputs = torch.tensor(given, dtype=dtype).tolist()
    x = subject.tensor(inputs, dtype).requires_grad_()
    y = functional.call("sine", x, omega=omega, backend="triton")
    compare(subject, "value", inputs, y, params)
    (slope,) = torch.autograd.grad(y.sum(), x)
    compare(subject, "slope", inputs, slope, params)
