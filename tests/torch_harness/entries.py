"""OpInfo entries of actlab's functions, with torch's ELU beside them as control.

References are numpy's, in double precision, written as the papers write the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.testing import make_tensor
from torch.testing._internal.common_dtype import floating_types_and
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput, UnaryUfuncInfo

from actlab import functional as F
from actlab import get, names
from conformance.by_hand import BY_HAND

CONTROL = next(op for op in op_db if op.name == "nn.functional.elu")
"""torch's own entry, as it is."""

FLOATS = floating_types_and(torch.float16, torch.bfloat16)


def in_double(reference: Callable[..., Any]) -> Callable[..., Any]:
    """A numpy reference computed in double and rounded to the dtype that came in."""

    def rounded(x: Any, **params: Any) -> Any:
        with np.errstate(all="ignore"):
            value = reference(np.asarray(x, dtype=np.float64), **params)
            return np.asarray(value).astype(np.asarray(x).dtype)

    return rounded


def powerlu(x: Any, p: float = 2.0) -> Any:
    ramp = np.power(np.clip((x + 1) / 2, 0, 1), p)
    return np.where(np.isnan(x), x, np.where(x < -1, 0.0, np.where(x <= 1, ramp, x)))


def expolu(x: Any, a: float = 1.0, b: float = 1.0, p: float = 2.0) -> Any:
    ramp = np.power(np.clip(x + b, 0, 2 * b), p) / a
    above = x - b + (2 * b) ** p / a
    return np.where(np.isnan(x), x, np.where(x < -b, 0.0, np.where(x <= b, ramp, above)))


def ralu(x: Any, alpha: float = 3.0) -> Any:
    inverse = np.where(np.abs(x) > 1, 1 / x, 0.0)
    far = x * ((1 + alpha * inverse**2) / (1 + inverse**2))
    return np.where(np.abs(x) > 1, far, x * (x * x + alpha) / (x * x + 1))


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def same_numbers(**params: float) -> Callable[..., tuple[dict, dict]]:
    return lambda device, dtype, x: (params, params)


def with_parameters(op: Any, device: Any, dtype: Any, requires_grad: bool, **_: Any) -> Iterator:
    """The usual shapes, each with the numbers of its entry."""
    params = op.sample_kwargs(device, dtype, None)[0]
    make = partial(make_tensor, device=device, dtype=dtype, requires_grad=requires_grad)
    for shape in ((20,), (1, 0, 3), (), (4, 3, 5)):
        yield SampleInput(make(shape, low=-5, high=5), kwargs=params)


def unary(name: str, variant: str, reference: Callable[..., Any], **params: float) -> Any:
    """One of the four functions with numbers for parameters."""
    return UnaryUfuncInfo(
        f"actlab.{name}",
        variant_test_name=variant,
        op=getattr(F, name),
        ref=in_double(reference),
        dtypes=FLOATS,
        supports_forward_ad=True,
        supports_fwgrad_bwgrad=True,
        supports_out=False,
        sample_inputs_func=with_parameters,
        sample_kwargs=same_numbers(**params),
    )


FOUR = [
    unary("powerlu", "", powerlu),
    unary("powerlu", "p3", powerlu, p=3.0),
    unary("powerlu", "p1_5", powerlu, p=1.5),
    unary("expolu", "", expolu),
    unary("expolu", "three", expolu, a=2.0, b=0.5, p=2.5),
    unary("ralu", "", ralu),
    unary("ralu", "alpha9", ralu, alpha=9.0),
    unary("elu", "", elu),
    unary("elu", "alpha0_8", elu, alpha=0.8),
]
"""What the checks of unary functions run on, besides the control."""


def learned_samples(
    owner: str, op: Any, device: Any, dtype: Any, requires_grad: bool, **_: Any
) -> Iterator:
    """Inputs with parameters in tensors: shared, and one value per channel in several places."""
    definition = get(owner)
    make = partial(make_tensor, device=device, dtype=dtype, requires_grad=requires_grad)
    for shape, count, place in (
        ((4, 3), 1, 1), ((), 1, 1), ((4, 3), 3, 1), ((2, 3, 4), 3, 1), ((2, 4, 3), 3, -1),
        ((0, 3), 3, 1), ((3, 2), 3, 0),
    ):  # fmt: skip
        params = {
            p.name: make((count,), low=p.default + 0.25, high=p.default + 0.75)
            for p in definition.params
        }
        kwargs = {"channel_dim": place}
        yield SampleInput(make(shape, low=-4, high=4), args=tuple(params.values()), kwargs=kwargs)


def learned(name: str, reference: Callable[..., Any]) -> Any:
    """One of the four functions with tensors for parameters."""

    def in_channels(x: Any, *params: Any, channel_dim: int = 1) -> Any:
        wide = np.asarray(x, dtype=np.float64)
        shape = [1] * wide.ndim
        if wide.ndim and params[0].size > 1:
            shape[channel_dim] = params[0].size
        shaped = [np.asarray(p, dtype=np.float64).reshape(shape) for p in params]
        with np.errstate(all="ignore"):
            return np.asarray(reference(wide, *shaped)).astype(np.asarray(x).dtype)

    return OpInfo(
        f"actlab.{name}",
        variant_test_name="learned",
        op=getattr(F, name),
        ref=in_channels,
        dtypes=FLOATS,
        supports_forward_ad=True,
        supports_fwgrad_bwgrad=True,
        supports_out=False,
        sample_inputs_func=partial(learned_samples, name),
    )


LEARNED = [
    learned("powerlu", powerlu),
    learned("expolu", expolu),
    learned("ralu", ralu),
    learned("elu", elu),
]


def by_name(name: str) -> Any:
    """Any other definition at its defaults, against the same function by hand."""
    definition = get(name)

    def reference(x: Any) -> Any:
        values = [BY_HAND[name](float(at), **definition.defaults) for at in x.reshape(-1)]
        return np.array(values, dtype=np.float64).reshape(x.shape)

    return UnaryUfuncInfo(
        f"actlab.{name}",
        op=partial(F.call, name),
        ref=in_double(reference),
        dtypes=FLOATS,
        supports_forward_ad=True,
        supports_fwgrad_bwgrad=True,
        supports_out=False,
        handles_large_floats=False,
        sample_inputs_func=with_parameters,
        sample_kwargs=same_numbers(),
    )


CATALOGUE = [by_name(name) for name in names() if name not in ("powerlu", "expolu", "ralu", "elu")]

WITH_CONTROL = [CONTROL, *FOUR]
EVERYTHING = [CONTROL, *FOUR, *LEARNED, *CATALOGUE]
