"""Compiled kernels in use: cotangents, threads, processes, copies, derivatives of derivatives."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import actlab.functional as F
from actlab import nn
from unit.kernels.native_results import apart, both, noise, results, same_bits

pytestmark = pytest.mark.usefixtures("kernels")

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "powerlu": ("powerlu", {"p": 2.0}),
    "powerlu, learned": ("powerlu", {"p": torch.tensor([2.5])}),
    "expolu, mixed": ("expolu", {"a": 2.0, "b": torch.tensor([1.0]), "p": 2.0}),
    "ralu": ("ralu", {"alpha": 3.0}),
    "ralu, learned": ("ralu", {"alpha": torch.tensor([3.0])}),
    "ralu, per channel": ("ralu", {"alpha": torch.linspace(1.0, 4.0, 6)}),
    "elu": ("elu", {"alpha": 1.0}),
    "gelu": ("gelu", {}),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return CALLS[request.param]


def expect_same(left: Any, right: Any) -> None:
    """Two results are the same to the last bit, gradients included."""
    pairs = zip(left.everything().items(), right.everything().values(), strict=True)
    for (key, one), other in pairs:
        assert same_bits(one, other), key


COTANGENTS = {
    "expanded": lambda like: torch.tensor(0.7, dtype=like.dtype).expand(like.shape),
    "expanded in part": lambda like: noise(8, 1, 1, dtype=like.dtype).expand(like.shape),
    "strided": lambda like: noise(8, 6, 66, dtype=like.dtype)[..., ::2],
    "transposed": lambda like: noise(33, 6, 8, dtype=like.dtype).permute(2, 1, 0),
    "reversed": lambda like: noise(8, 6, 33, dtype=like.dtype).flip(2),
    "with an offset": lambda like: noise(8 * 6 * 33 + 3, dtype=like.dtype)[3:].view(like.shape),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", COTANGENTS)
def test_cotangents_of_every_layout(call, kind: str, dtype: torch.dtype) -> None:
    name, params = call
    x = noise(8, 6, 33, dtype=dtype)
    given = COTANGENTS[kind](x)
    plain = given.clone(memory_format=torch.contiguous_format)
    left, right = (results(name, x, params, g, backend="native") for g in (given, plain))
    expect_same(left, right)


def test_one_cotangent_for_all_is_what_a_sum_gives(call) -> None:
    name, params = call
    for shape in ((8, 6, 33), (1, 6), (6, 6, 1), (3, 6, 1025)):
        leaf = noise(*shape).requires_grad_()
        # What is kept does not depend on which parameters are learned, then.
        F.call(name, leaf, **params, backend="native", save="input").sum().backward()
        assert leaf.grad is not None
        whole = results(name, leaf, params, backend="native", save="input")
        assert same_bits(leaf.grad, whole.slope)


def test_a_view_far_into_its_storage(call) -> None:
    name, params = call
    try:
        storage = torch.empty(2**31 + 2**16, dtype=torch.bfloat16)  # only its end is touched
    except RuntimeError:
        pytest.skip("4 GiB of addresses are not to be had")
    far = storage[-(6 * 700) - 1 : -1].view(700, 6)
    assert far.storage_offset() > 2**31
    far.copy_(noise(700, 6))
    storage[-(6 * 700) - 2] = storage[-1] = 7.0
    near = far.clone()
    left, right = (results(name, x, params, x, backend="native") for x in (far, near))
    expect_same(left, right)
    assert torch.equal(far, near)
    assert storage[-(6 * 700) - 2] == storage[-1] == 7.0


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("shape", [(2**20 // 6 + 777, 6), (3, 6, 61_001), (2, 6, 311, 293)])
def test_no_bit_depends_on_the_threads(call, shape: tuple[int, ...]) -> None:
    name, params = call
    x, given = noise(*shape), noise(*shape, seed=2)
    runs = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        runs.append(results(name, x, params, given, backend="native"))
    expect_same(runs[0], runs[1])
    expect_same(runs[0], runs[2])


@pytest.mark.usefixtures("threads")
def test_many_threads_call_at_once() -> None:
    # Plans and tables are remembered between calls; a call must not see another's.
    from concurrent.futures import ThreadPoolExecutor

    torch.set_num_threads(2)
    sets = [{"p": 1.0 + k / 8} for k in range(24)]
    x = {dtype: noise(3000, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)}

    def task(k: int) -> Tensor:
        dtype = (torch.float32, torch.bfloat16)[k % 2]
        return results("powerlu", x[dtype], sets[k % 24], backend="native").everything()["gradient"]

    wanted = [task(k) for k in range(48)]
    with ThreadPoolExecutor(4) as pool:
        for k, got in enumerate(pool.map(task, list(range(48)) * 4)):
            assert same_bits(got, wanted[k % 48])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_tables_give_the_bits_of_the_kernels(dtype: torch.dtype) -> None:
    # Results of half types are looked up for long tensors, and computed for short ones.
    x = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    given = noise(2**16, dtype=dtype)
    for name, params in (("powerlu", {"p": 2.0}), ("ralu", {"alpha": 3.0}), ("elu", {"alpha": 0.7}),
                         ("powerlu", {"p": 2.7}), ("gelu", {})):  # fmt: skip
        long = results(name, x.repeat(16), params, given.repeat(16), backend="native")
        value, slope = long.value[: 2**16], long.slope[: 2**16]
        for start in range(0, 2**16, 4099):
            part = slice(start, start + 100)
            short = results(name, x[part], params, given[part], backend="native")
            same = short.value.view(torch.int16) == value[part].view(torch.int16)
            assert bool((same | short.value.isnan() & value[part].isnan()).all())
            same = short.slope.view(torch.int16) == slope[part].view(torch.int16)
            assert bool((same | short.slope.isnan() & slope[part].isnan()).all())


def test_second_derivatives_go_on_by_formula(call) -> None:
    name, params = call
    x = noise(4, 6, dtype=torch.float64)
    seconds = []
    for backend in ("native", "formula"):
        leaf = x.clone().requires_grad_()
        held = {k: v.double().requires_grad_() if isinstance(v, Tensor) else v
                for k, v in params.items()}  # fmt: skip
        learned = [v for v in held.values() if isinstance(v, Tensor)]
        y = F.call(name, leaf, **held, backend=backend)
        grads = torch.autograd.grad(y.sum(), [leaf, *learned], create_graph=True)
        total = sum((grad * grad).sum() for grad in grads)
        seconds.append(torch.autograd.grad(total, [leaf, *learned]))
    for one, other in zip(*seconds, strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-12)


def test_a_gradient_penalty_trains_a_learned_parameter() -> None:
    module = nn.RaLU(num_parameters=6, backend="native")
    x = noise(9, 6).requires_grad_()
    (slope,) = torch.autograd.grad(module(x).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    assert module.alpha.grad is not None
    assert torch.isfinite(module.alpha.grad).all()
    assert (module.alpha.grad != 0).all()


def test_copies_compute_the_same(call) -> None:
    x = noise(9, 6)
    module = nn.RaLU(num_parameters=6, backend="native")
    y = module(x)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert same_bits(twin(x), y)
        assert twin.backend == "native"


def in_a_child(send: Any) -> None:
    values = results("ralu", noise(300_000), {"alpha": torch.tensor(2.0)}, backend="native")
    send.put([tensor.tolist()[:50] if tensor.dim() else tensor.item()
              for tensor in values.everything().values()])  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_forked_process_goes_on_using_them() -> None:
    # As data loaders fork. One thread: no OpenMP library survives a fork with more.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        context = multiprocessing.get_context("fork")
        send = context.SimpleQueue()
        in_a_child(send)
        here = send.get()
        child = context.Process(target=in_a_child, args=(send,))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        assert send.get() == here
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_flushing_subnormals_gives_no_nonsense(call, dtype: torch.dtype) -> None:
    name, params = call
    x = torch.cat([noise(594, dtype=dtype), torch.finfo(dtype).tiny * noise(300, dtype=dtype),
                   noise(300, dtype=dtype) * 60]).view(-1, 6)  # fmt: skip
    normal = results(name, x, params, backend="native")
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor does not flush subnormals")
    try:
        flushed = results(name, x, params, backend="native")
    finally:
        torch.set_flush_denormal(False)
    facts = torch.finfo(dtype)
    for key, one in normal.everything().items():
        other = flushed.everything()[key]
        assert torch.isfinite(other).all()
        # What is not subnormal itself comes out as ever, but for the slow tail of an exponential.
        assert torch.allclose(one, other, rtol=8 * facts.eps, atol=64 * facts.tiny), key


def test_inference_mode_and_plain_mode_agree(call) -> None:
    name, params = call
    x = noise(9, 6)
    with torch.inference_mode():
        y = F.call(name, x, **params, backend="native")
    assert y.is_inference()
    assert same_bits(y.clone(), F.call(name, x, **params, backend="native"))


def test_kernels_and_formula_agree_far_out(call) -> None:
    name, params = call
    sizes = torch.tensor([0.0, 1e-45, 1e-38, 1e-20, 1.0, 88.0, 104.0, 1e10, 1e30, 3.4e38])
    x = torch.cat([sizes, -sizes])[:, None].expand(-1, 6)
    native, formula = both(name, x, params)
    assert apart(native.value, formula.value, 4.0) <= 1
    assert apart(native.slope, formula.slope, 1.0) <= 2
    assert torch.equal(native.value.signbit(), formula.value.signbit())
