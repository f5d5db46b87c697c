"""Bad input: a TypeError or ValueError that names the argument, the value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch

from actlab import nn
from actlab.core import BackendUnavailableError, Param
from actlab.testing.accuracy import need_parameters
from actlab.testing.subject import NotApplicableError, Subject

BAD_DTYPES = (torch.int8, torch.int32, torch.int64, torch.uint8, torch.bool, torch.complex64,
              torch.complex128)  # fmt: skip
ACCEPTED = ("float64", "float32", "float16", "bfloat16")


def expect(
    kinds: type[Exception] | tuple[type[Exception], ...],
    words: list[str],
    call: Callable[[], Any],
    what: str,
) -> None:
    """Raise unless a call raises one of the kinds with every word in the message."""
    try:
        result = call()
    except kinds as error:
        missing = [word for word in words if word not in str(error)]
        if missing:
            raise AssertionError(f"{what}: the message lacks {missing}: {error}") from error
        return
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    raise AssertionError(f"{what}: nothing raised, the result is {result!r}")


def dtypes(subject: Subject) -> None:
    """Integers, booleans, complex numbers, and what is no tensor at all."""
    params, name = subject.activation.defaults, subject.activation.name
    for dtype in BAD_DTYPES:
        x = torch.ones(3, dtype=dtype, device=subject.device)
        words = [name, str(dtype).removeprefix("torch."), *ACCEPTED]
        expect(TypeError, words, lambda x=x: subject(x, params), f"{name} of {dtype}")
    for bad in (1.0, [1.0], None, "x"):
        words = [name, type(bad).__name__]
        expect(TypeError, words, lambda x=bad: subject(x, params), f"{name}({bad!r})")
    sparse = torch.eye(2, device=subject.device).to_sparse()
    expect(TypeError, [name, "sparse"], lambda: subject(sparse, params), "a sparse tensor")


def _bad_numbers(param: Param) -> Iterator[float]:
    yield from (math.nan, math.inf, -math.inf)
    domain = param.domain
    for end, closed, step in (
        (domain.low, domain.closed_low, -1.0),
        (domain.high, domain.closed_high, 1.0),
    ):
        if math.isfinite(end):
            yield from ([] if closed else [end])
            yield from (end + step, end + 1e-3 * step)


def domains(subject: Subject) -> None:
    """Numbers that are NaN, infinite or outside the domain, in functions and in modules."""
    need_parameters(subject)
    activation, x = subject.activation, torch.zeros(2, device=subject.device)
    for param in activation.params:
        for bad in _bad_numbers(param):
            words = [activation.name, param.name, repr(bad), str(param.domain)]
            given = activation.defaults | {param.name: bad}
            what = f"{activation.name}({param.name}={bad!r})"
            expect(ValueError, words, lambda p=given: subject(x, p), what)
            for learnable in (False, True):
                expect(
                    ValueError,
                    words,
                    lambda p=given, w=learnable: nn.Activation(activation, learnable=w, **p),
                    f"nn {what}, learnable={learnable}",
                )


def kinds(subject: Subject) -> None:
    """Parameters that are not real numbers or floating-point tensors."""
    need_parameters(subject)
    activation, x = subject.activation, torch.zeros(2, 3, device=subject.device)
    for param in activation.params:
        for bad in ("2", None, True, 1j, [1.0]):
            words = [activation.name, param.name, repr(bad)]
            given = activation.defaults | {param.name: bad}
            what = f"{activation.name}({param.name}={bad!r})"
            expect(TypeError, words, lambda p=given: subject(x, p), what)
            expect(TypeError, words, lambda p=given: nn.Activation(activation, **p), f"nn {what}")
        for dtype in (torch.int64, torch.bool, torch.complex64):
            given = activation.defaults | {param.name: torch.ones(1, dtype=dtype)}
            words = [activation.name, param.name, str(dtype).removeprefix("torch."), *ACCEPTED]
            what = f"{activation.name}({param.name}={dtype} tensor)"
            expect(TypeError, words, lambda p=given: subject(x, p), what)


def shapes(subject: Subject) -> None:
    """Parameter tensors that do not fit the channels, and channels that do not exist."""
    need_parameters(subject)
    activation, x = subject.activation, torch.zeros(2, 3, device=subject.device)
    for param in activation.params:
        for shape, dim, kind, words in (
            ((4,), 1, ValueError, ["4", "3"]),
            ((3,), 0, ValueError, ["3", "2"]),
            ((3,), 2, ValueError, ["channel_dim", "2"]),
            ((3,), -3, ValueError, ["channel_dim", "-3"]),
            ((3,), 1.0, TypeError, ["channel_dim", "1.0"]),
            ((0,), 1, ValueError, ["0", "3"]),
            ((1, 3), 1, ValueError, ["(1, 3)"]),
        ):
            held = torch.full(shape, param.default, device=subject.device)
            given = activation.defaults | {param.name: held}
            what = f"{activation.name}: {param.name} of shape {shape}, channel_dim={dim!r}"
            named = words if "channel_dim" in words else [param.name, *words]
            expect(
                kind,
                [activation.name, *named],
                lambda p=given, d=dim: subject(x, p, channel_dim=d),
                what,
            )


def options(subject: Subject) -> None:
    """Unknown parameters, backends and forms; too many values; ones given twice."""
    from actlab import functional

    activation, x = subject.activation, torch.zeros(2, device=subject.device)
    name, count = activation.name, len(activation.params)
    for bad in ("both", 1, True, ""):
        for call in (
            lambda b=bad: subject(x, activation.defaults, save=b),
            lambda b=bad: nn.Activation(activation, save=b),
        ):
            expect((TypeError, ValueError), [name, "save", repr(bad)], call, f"save={bad!r}")
    for bad in ("cuda", "FORMULA", 3):
        for call in (
            lambda b=bad: functional.call(activation, x, backend=b),
            lambda b=bad: nn.Activation(activation, backend=b),
        ):
            expect((TypeError, ValueError), [name, "backend", repr(bad)], call, f"backend={bad!r}")
    expect(
        TypeError,
        [name, "beta_gamma"],
        lambda: functional.call(activation, x, beta_gamma=1.0),
        "an unknown parameter",
    )
    expect(
        TypeError,
        [name, str(count)],
        lambda: functional.call(activation, x, *[1.0] * (count + 1)),
        "too many values",
    )
    for bad in (0, -1, 1.5, True):
        expect(
            (TypeError, ValueError),
            [name, "num_parameters", repr(bad)],
            lambda b=bad: nn.Activation(activation, learnable=True, num_parameters=b),
            f"num_parameters={bad!r}",
        )


def unavailable_backends(subject: Subject) -> None:
    """A known backend that cannot run raises with the reason; it never falls back."""
    from actlab import functional
    from actlab.kernels.policy import BACKENDS, unavailable

    missing = [backend for backend in BACKENDS if unavailable(backend)]
    if not missing:
        raise NotApplicableError("every known backend works here")
    x = torch.zeros(2, device=subject.device)
    for backend in missing:
        words = [subject.activation.name, repr(backend), unavailable(backend)]
        expect(
            BackendUnavailableError,
            words,
            lambda b=backend: functional.call(subject.activation, x, backend=b),
            f"backend={backend!r}",
        )


def eager_backends(subject: Subject) -> None:
    """A backend that serves eager tensors only says so under a transform; it never falls back."""
    if subject.traces:
        raise NotApplicableError("the formula serves transforms")
    x = torch.zeros(2, device=subject.device)
    expect(
        BackendUnavailableError,
        [subject.activation.name, repr(subject.backend), "torch.func", "formula"],
        lambda: torch.func.vmap(lambda row: subject(row, subject.activation.defaults))(x),
        f"backend={subject.backend!r} under torch.func.vmap",
    )


def missing_output_form(subject: Subject) -> None:
    """save='output' where the slope cannot be had from the output."""
    activation, x = subject.activation, torch.zeros(2, device=subject.device)
    form = activation.from_output
    words = [activation.name, "save='output'", "input"]
    if form is None:
        call = lambda: subject(x, activation.defaults, save="output")  # noqa: E731
        expect(ValueError, words, call, "save='output' without such a form")
        return
    if not form.domains:
        raise NotApplicableError("its slope can be had from its output for all parameters")
    for name, domain in form.domains.items():
        outside = [v for v in (domain.low - 1, domain.high + 1, domain.low / 2) if math.isfinite(v)]
        for bad in outside:
            if not domain.contains(bad) and activation.param(name).domain.contains(bad):
                given = activation.defaults | {name: bad}
                message = [*words, name, repr(bad), str(domain)]
                expect(ValueError, message, lambda p=given: subject(x, p, save="output"), repr(bad))
