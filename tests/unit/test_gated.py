"""Gated linear units: against torch and the written-out product, in value, gradient and memory."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import actlab.functional as F
from actlab import nn

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def draw(*shape, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(dtype)


@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_the_plain_one_is_torchs(dim) -> None:
    x = draw(4, 6, 8).requires_grad_()
    ours, theirs = F.glu(x, dim=dim), torch.nn.functional.glu(x, dim=dim)
    torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=0)
    g = draw(*ours.shape, seed=1)
    ours, theirs = (torch.autograd.grad(y, x, g)[0] for y in (ours, theirs))
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", ["silu", "gelu", "relu", "powerlu", "ralu"])
@pytest.mark.parametrize("gate", ["first", "second"])
def test_any_activation_on_either_side(name, gate) -> None:
    x = draw(3, 10).requires_grad_()
    first, second = x.chunk(2, -1)
    pair = (first, second) if gate == "first" else (second, first)
    written_out = F.call(name, pair[0]) * pair[1]
    y = F.glu(x, name, gate=gate)
    assert torch.equal(y, written_out)
    g = draw(3, 5, seed=2)
    assert torch.equal(torch.autograd.grad(y, x, g)[0], torch.autograd.grad(written_out, x, g)[0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_types_round_once(dtype) -> None:
    gate, value = draw(500, dtype=dtype), draw(500, dtype=dtype, seed=1)
    got = F.gated("silu", gate, value)
    exact = F.silu(gate.double()) * value.double()
    assert got.dtype == dtype
    if dtype in (torch.float16, torch.bfloat16):
        assert torch.equal(got, exact.to(dtype))
    else:
        torch.testing.assert_close(got.double(), exact, rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_gradients_of_every_order() -> None:
    gate, value = draw(7).requires_grad_(), draw(7, seed=1).requires_grad_()
    alpha = torch.tensor([2.5], dtype=torch.float64, requires_grad=True)

    def f(gate, value, alpha):
        return F.gated("ralu", gate, value, alpha=alpha)

    assert gradcheck(f, (gate, value, alpha), rtol=1e-6, atol=1e-8)
    assert gradgradcheck(f, (gate, value, alpha), rtol=1e-6, atol=1e-8)
    x = draw(3, 8).requires_grad_()
    assert gradcheck(lambda x: F.glu(x, "mish"), (x,), rtol=1e-6, atol=1e-8)
    assert gradgradcheck(lambda x: F.glu(x, "mish"), (x,), rtol=1e-6, atol=1e-8)


def kept(run) -> int:
    """Bytes of distinct storages that autograd keeps."""
    found = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run()
    return sum(found.values())


def test_nothing_but_the_input_is_kept() -> None:
    x = draw(64, 128, dtype=torch.float32).requires_grad_()
    assert kept(lambda: F.glu(x, "silu")) == x.untyped_storage().nbytes()
    gate, value = (draw(64, 64, seed=k).requires_grad_() for k in (1, 2))
    assert kept(lambda: F.gated("gelu", gate, value)) == 2 * gate.untyped_storage().nbytes()


def test_one_side_alone_may_want_a_gradient() -> None:
    gate, value = draw(9), draw(9, seed=1)
    for of_gate, of_value in ((True, False), (False, True)):
        a, b = gate.clone().requires_grad_(of_gate), value.clone().requires_grad_(of_value)
        F.gated("silu", a, b).sum().backward()
        assert (a.grad is not None, b.grad is not None) == (of_gate, of_value)
    assert not F.gated("silu", gate, value).requires_grad


def test_transforms_and_compilers() -> None:
    x = draw(5, 8)
    expected = F.glu(x, "silu")
    mapped = torch.func.vmap(lambda row: F.glu(row, "silu"))(x)
    torch.testing.assert_close(mapped, expected, rtol=1e-14, atol=0)
    compiled = torch.compile(lambda x: F.glu(x, "silu"), backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), expected, rtol=1e-14, atol=0)
    grad = torch.func.grad(lambda x: F.glu(x, "silu").sum())(x)
    leaf = x.clone().requires_grad_()
    F.glu(leaf, "silu").sum().backward()
    torch.testing.assert_close(grad, leaf.grad, rtol=1e-13, atol=0)


def test_the_module_learns_and_travels() -> None:
    module = nn.GLU("ralu", learnable=True, dtype=torch.float64)
    x = draw(4, 6)
    module(x).sum().backward()
    assert [p.grad is not None for p in module.parameters()] == [True]
    again = pickle.loads(pickle.dumps(module))
    assert torch.equal(again(x), module(x))
    assert "gate='second'" in repr(module)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.glu(draw(3, 5)), ValueError, "even size in dimension -1"),
        (lambda: F.glu(draw(4), dim=2), ValueError, "dim must be a dimension of x"),
        (lambda: F.glu(draw(4), dim=1.5), TypeError, "dim must be an integer"),
        (lambda: F.glu(draw(4), gate="left"), ValueError, "'first' or 'second', got 'left'"),
        (lambda: F.glu(torch.ones(4, dtype=torch.int64)), TypeError, "int64"),
        (lambda: F.glu(draw(4), "elu", alpha=-1), ValueError, "alpha"),
        (lambda: F.gated("silu", draw(4), draw(5)), ValueError, "shape of gate"),
        (lambda: F.gated("silu", draw(4), draw(4).float()), TypeError, "value must be"),
        (lambda: F.gated("silu", draw(4), 2.0), TypeError, "value must be a torch.Tensor"),
        (lambda: nn.GLU(gate="left"), ValueError, "got 'left'"),
        (lambda: nn.GLU(dim="a"), TypeError, "dim must be an integer"),
        (lambda: nn.GLU("nosuch"), ValueError, "nosuch"),
    ],
)
def test_bad_input_is_named(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
