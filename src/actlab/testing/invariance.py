"""Results that do not depend on layout, length, offset or threads, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from actlab.testing.accuracy import need_parameters
from actlab.testing.comparison import expect_same_bits, same_bits
from actlab.testing.inputs import noise
from actlab.testing.parameters import few_sets, stored_in
from actlab.testing.special import saving_forms
from actlab.testing.subject import Subject

CHANNELS = 3
LENGTHS = (*range(1, 40), 63, 64, 65, 127, 4097)
PAST_BLOCK = 32768 + 1
THREADS = (1, 3)
WHOLE = 256
"""A length that needs no filling up, so that kernels may work on the tensor itself."""


def _channels_last(x: Tensor) -> Tensor:
    return x.reshape(-1, CHANNELS, 4, 5).to(memory_format=torch.channels_last)


def _halves(x: Tensor) -> Tensor:
    return x.reshape(-1, 2 * CHANNELS).chunk(2, dim=1)[1]


LAYOUTS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "matrix": lambda x: x.reshape(-1, CHANNELS),
        "strided": lambda x: x.reshape(-1, 2 * CHANNELS)[:, ::2],
        "transposed": lambda x: x.reshape(CHANNELS, -1).t(),
        "expanded": lambda x: x.reshape(-1, 1).expand(-1, CHANNELS),
        "channels_last": _channels_last,
        "channels_last_3d": lambda x: x.reshape(-1, CHANNELS, 2, 2, 5).to(
            memory_format=torch.channels_last_3d
        ),
        "offset": lambda x: x[5 : 5 + 40 * CHANNELS].reshape(-1, CHANNELS),
        "chunk_halves": _halves,
        "overlapping": lambda x: x.as_strided((60, CHANNELS), (2, 1)),
        "permuted": lambda x: x.reshape(4, 5, -1, CHANNELS).permute(2, 3, 0, 1),
        "one_size": lambda x: x.reshape(-1, CHANNELS, 1, 1),
    }
)
"""Views of 240 numbers, each with its channels in dimension 1."""

DENSE = ("matrix", "transposed", "channels_last", "channels_last_3d", "permuted", "one_size")


def layout(name: str) -> Callable[[Subject, torch.dtype], None]:
    """The check that one layout gives the bits of the same numbers laid out contiguously."""

    def check(subject: Subject, dtype: torch.dtype) -> None:
        base = subject.tensor(noise((240,), dtype), dtype)
        x = LAYOUTS[name](base)
        plain = x.clone(memory_format=torch.contiguous_format)
        given = LAYOUTS[name](subject.tensor(noise((240,), dtype, seed=7), dtype))
        for params in _sets(subject, dtype):
            heading = f"{subject.label(params)} {dtype} in layout {name!r}"
            _expect_strides(subject, name, x, params, heading)
            expect_same_bits(subject(x, params), subject(plain, params), heading + ": value")
            for save in saving_forms(subject, params):
                for cotangent in (given, given.contiguous()):
                    expect_same_bits(
                        subject.gradient(x, params, cotangent=cotangent, save=save),
                        subject.gradient(plain, params, cotangent=given.contiguous(), save=save),
                        f"{heading}: gradient from the {save}",
                    )
            for channels in (1, CHANNELS):
                left = parameter_gradients(subject, x, params, channels, given)
                right = parameter_gradients(subject, plain, params, channels, given.contiguous())
                for key, grad in left.items():
                    expect_same_bits(grad, right[key], f"{heading}: gradient of {key} ({channels})")

    return check


def _expect_strides(
    subject: Subject, name: str, x: Tensor, params: Mapping[str, float], heading: str
) -> None:
    got = subject(x, params)
    if name in DENSE and got.stride() != x.stride():
        raise AssertionError(f"{heading}: strides {x.stride()} become {got.stride()}")
    if got.shape != x.shape or got.dtype != x.dtype:
        raise AssertionError(f"{heading}: {x.shape} {x.dtype} becomes {got.shape} {got.dtype}")


def lengths(subject: Subject, dtype: torch.dtype) -> None:
    """The first elements of a long tensor equal those elements on their own."""
    for params in few_sets(subject.activation):
        long = subject.tensor(noise((PAST_BLOCK + 70,), dtype), dtype)
        y, slope = subject(long, params), subject.gradient(long, params, save="input")
        for length in (*LENGTHS, PAST_BLOCK):
            heading = f"{subject.label(params)} {dtype}, length {length}"
            part = long[:length].clone()
            expect_same_bits(subject(part, params), y[:length], heading)
            got = subject.gradient(part, params, save="input")
            expect_same_bits(got, slope[:length], f"{heading}: gradient")


def offsets(subject: Subject, dtype: torch.dtype) -> None:
    """Where in memory a tensor begins does not matter."""
    for params in few_sets(subject.activation):
        base = subject.tensor(noise((200,), dtype), dtype)
        y, slope = subject(base, params), subject.gradient(base, params)
        for offset in range(9):
            part = base[offset : offset + 101]
            heading = f"{subject.label(params)} {dtype}, offset {offset}"
            expect_same_bits(subject(part, params), y[offset : offset + 101], heading)
            got = subject.gradient(part, params)
            expect_same_bits(got, slope[offset : offset + 101], f"{heading}: gradient")


def threads(subject: Subject, dtype: torch.dtype) -> None:
    """One and three threads give the same bits, parameter gradients included."""
    x = subject.tensor(noise((PAST_BLOCK, CHANNELS), dtype), dtype)
    given = subject.tensor(noise((PAST_BLOCK, CHANNELS), dtype, seed=7), dtype)
    for params in _sets(subject, dtype, 2):
        runs = []
        for count in THREADS:
            with _threads(count):
                results = {"value": subject(x, params)}
                results["gradient"] = subject.gradient(x, params, cotangent=given)
                for channels in (1, CHANNELS):
                    grads = parameter_gradients(subject, x, params, channels, given)
                    results |= {f"{key} ({channels})": grad for key, grad in grads.items()}
                runs.append(results)
        for count, results in zip(THREADS[1:], runs[1:], strict=True):
            for key, got in results.items():
                heading = f"{subject.label(params)} {dtype}: {key} with {count} threads against 1"
                expect_same_bits(got, runs[0][key], heading)


def repeats(subject: Subject, dtype: torch.dtype) -> None:
    """Ten runs give the same bits, parameter gradients included."""
    need_parameters(subject)
    x = subject.tensor(noise((1000, CHANNELS), dtype), dtype)
    for params in _sets(subject, dtype, 2):
        first = parameter_gradients(subject, x, params, 1, x)
        for _ in range(9):
            again = parameter_gradients(subject, x, params, 1, x)
            for key, grad in again.items():
                expect_same_bits(grad, first[key], f"{subject.label(params)}: gradient of {key}")


def wide_sums(subject: Subject, dtype: torch.dtype) -> None:
    """Parameter gradients sum in float32 or wider, also over many elements."""
    need_parameters(subject)
    count = 200_000
    x = subject.tensor(noise((count, 1), dtype), dtype)
    params = stored_in(subject.activation.defaults, dtype)
    wide = parameter_gradients(subject, x.double(), params, 1, torch.ones_like(x).double())
    got = parameter_gradients(subject, x, params, 1, torch.ones_like(x))
    for key, grad in got.items():
        want, unit = wide[key].item(), torch.finfo(dtype).eps
        size = abs(want) + 1e-3 * count * 2**-24
        if abs(grad.item() - want) > 2 * unit * size and abs(want) < torch.finfo(dtype).max:
            raise AssertionError(
                f"{subject.label(params)} {dtype}: gradient of {key} over {count} elements is "
                f"{grad.item()!r}, in double {want!r}"
            )


def untouched(subject: Subject, dtype: torch.dtype) -> None:
    """Inputs keep their bits and versions; outputs and gradients share no memory with them."""
    for params in few_sets(subject.activation):
        x = subject.tensor(noise((WHOLE,), dtype), dtype).requires_grad_()
        given = subject.tensor(noise((WHOLE,), dtype, seed=7), dtype)
        before, cotangent = x.detach().clone(), given.clone()
        for save in saving_forms(subject, params):
            y = subject(x, params, save=save)
            (grad,) = torch.autograd.grad(y, x, given)
            heading = f"{subject.label(params)} {dtype} save={save!r}"
            if not same_bits(x, before) or x._version or not same_bits(given, cotangent):
                raise AssertionError(f"{heading}: an input was changed")
            _expect_apart(heading, x=x, output=y, cotangent=given, gradient=grad)
        with torch.no_grad():
            _expect_apart(subject.label(params), x=x, output=subject(x, params))


def _expect_apart(heading: str, **tensors: Tensor) -> None:
    owners: dict[int, str] = {}
    for name, tensor in tensors.items():
        pointer = tensor.untyped_storage().data_ptr()
        if pointer in owners:
            raise AssertionError(f"{heading}: {name} shares memory with {owners[pointer]}")
        owners[pointer] = name


def degenerate_shapes(subject: Subject, dtype: torch.dtype) -> None:
    """Empty tensors, 0-D tensors and dimensions of size 1 work, forward and backward."""
    params = subject.activation.defaults
    for shape in ((), (0,), (1,), (2, 0, 3), (0, 3), (1, 1, 1), (1, 3, 1, 1)):
        x = subject.tensor(noise(shape, dtype), dtype)
        y, slope = subject(x, params), subject.gradient(x, params)
        if y.shape != x.shape or slope.shape != x.shape:
            raise AssertionError(f"{subject.label()}: shape {shape} gives {tuple(y.shape)}")
        flat = x.reshape(-1)
        expect_same_bits(y.reshape(-1), subject(flat, params), f"{subject.label()} {shape}")
        parameter_gradients(subject, x, params, 1, torch.ones_like(x))


def parameter_gradients(
    subject: Subject, x: Tensor, params: Mapping[str, float], channels: int, cotangent: Tensor
) -> dict[str, Tensor]:
    """Gradients of parameters given as tensors, shared or one value per channel."""
    if not params:
        return {}
    leaves: dict[str, Any] = {
        name: torch.full((channels,), value, dtype=x.dtype, device=x.device).requires_grad_()
        for name, value in params.items()
    }
    y = subject(x, leaves)
    grads = torch.autograd.grad(y, list(leaves.values()), cotangent)
    return dict(zip(leaves, grads, strict=True))


def _sets(subject: Subject, dtype: torch.dtype, count: int = 3) -> list[dict[str, float]]:
    """Parameter sets whose values the dtype holds."""
    return [stored_in(params, dtype) for params in few_sets(subject.activation, count)]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
