"""The kernels of one definition, as text around its printed functions.

Elements are taken in the order of the result's memory, or in logical order where gradients are
summed. ``MODE`` says how a formula is computed. With parameters that are numbers, whose constants
the host has prepared: in double (0), in single precision (1), or in single precision as half types
need it (4). With parameters that are tensors, which only the device knows: in double (2), or as 1
(3) or as 4 (5) for those elements whose parameters allow it and in double for the others.
"""

from __future__ import annotations

HEADER = '''\
"""Printed from the definition of {name}; edit that instead."""

import triton
import triton.language as tl

from actlab.kernels.gpu.elements import (
    every, exact, like, lost, parameter, passed, place, rounded, single, stored,
)
from actlab.kernels.gpu.maths import (
    exp32, exp64, expm1_32, expm1_64, log1p_64, log64, number, scalar, scaled_exp, spread,
)
from actlab.kernels.gpu.half import (
    erf_h, exp_h, expm1_h, log1p_h, log_h, normal_cdf_h, normal_density_h, scalar_h, scaled_exp_h,
    sigmoid_h, sqrt_h, tanh_h,
)
from actlab.kernels.gpu.half_powers import (
    lower_power_h, power_h, power_of_sum_h, power_slope_h, power_times_log_h, slope_of_power_h,
)
from actlab.kernels.gpu.powers import (
    lower_power, lower_power_32, power, power_32, power_of_sum, power_of_sum_32, power_slope,
    power_slope_32, power_times_log, slope_of_power, slope_of_power_32,
)
from actlab.kernels.gpu.circle import cos64, sin64
from actlab.kernels.gpu.special import (
    arctan64, erf64, normal_cdf64, normal_density64, sigmoid64, tanh64,
)


'''

AT = """\
@triton.jit
def {form}_at(x, {given}MODE: tl.constexpr, DTYPE: tl.constexpr):
    if MODE == 1:
        y = {direct}
    elif MODE == 4:
        y = {half}
    elif MODE == 0:
        y = {form}(x.to(tl.float64){constants}{exponents})
    else:
        {prepare}
        y = {form}(x.to(tl.float64){constants}{no_exponents})
    return y


"""

FINISHED = """\
@triton.jit
def {name}_finished(x, factor, {given}MODE: tl.constexpr, DTYPE: tl.constexpr):
    y = {form}_at(x, {passed}MODE, DTYPE)
    return {finish}


"""

VALUE = """\
@triton.jit
def {name}_value(x, factor, mask, {given}MODE: tl.constexpr, DTYPE: tl.constexpr):
{device}
    y = {name}_finished(x, factor, {passed}MODE, DTYPE)
    return y


"""

DEVICE = """\
    if MODE == {mode}:
        {prepare}
        usable_here = {usable}({parameters}DTYPE)
        y = {name}_finished(x, factor, {passed}{then}, DTYPE)
        if every(usable_here, mask) == 0:
            y = tl.where(usable_here, y, {name}_finished(x, factor, {passed}2, DTYPE))
        return y
"""

UNKNOWN = """\
@triton.jit
def {name}_value(x, factor, mask, {given}MODE: tl.constexpr, DTYPE: tl.constexpr):
    return x


"""

KERNELS = """\
@triton.jit
def value_kernel(
    x_ptr, factor_ptr, y_ptr, n, shape, x_strides, factor_strides, inner, channels,
    {arguments}DIMS: tl.constexpr, GATED: tl.constexpr, MODE: tl.constexpr, WIDE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    start = tl.program_id(0)
    if WIDE:
        start = start.to(tl.int64)
    i = start * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    DTYPE: tl.constexpr = x_ptr.dtype.element_ty
{load}
    x = tl.load(x_ptr + place(i, shape, x_strides, DIMS), mask=mask, other=0.0)
    factor = x
    if GATED:
        factor = tl.load(factor_ptr + place(i, shape, factor_strides, DIMS), mask=mask, other=0.0)
        y = gated_value(x, factor, mask, {given}MODE, DTYPE)
    else:
        y = forward_value(x, factor, mask, {given}MODE, DTYPE)
    tl.store(y_ptr + i, y, mask=mask)


@triton.jit
def gradient_kernel(
    saved_ptr, cotangent_ptr, factor_ptr, x_grad_ptr, factor_grad_ptr, n, shape, saved_strides,
    cotangent_strides, factor_strides, x_grad_strides, factor_grad_strides, inner, channels,
    {arguments}DIMS: tl.constexpr, OUTPUT: tl.constexpr, GATED: tl.constexpr, MODE: tl.constexpr,
    VALUE_MODE: tl.constexpr, WIDE: tl.constexpr, BLOCK: tl.constexpr,
):
    start = tl.program_id(0)
    if WIDE:
        start = start.to(tl.int64)
    i = start * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    DTYPE: tl.constexpr = saved_ptr.dtype.element_ty
{load}
    saved = tl.load(saved_ptr + place(i, shape, saved_strides, DIMS), mask=mask, other=0.0)
    cotangent = tl.load(
        cotangent_ptr + place(i, shape, cotangent_strides, DIMS), mask=mask, other=0.0
    )
    if GATED:
        factor = tl.load(factor_ptr + place(i, shape, factor_strides, DIMS), mask=mask, other=0.0)
        of_factor = gated_value(saved, cotangent, mask, {value_given}VALUE_MODE, DTYPE)
        tl.store(
            factor_grad_ptr + place(i, shape, factor_grad_strides, DIMS), of_factor, mask=mask
        )
        cotangent = product_of_cotangents(cotangent, factor)
    if OUTPUT:
        x_grad = slope_from_output_value(saved, cotangent, mask, {given}MODE, DTYPE)
    else:
        x_grad = slope_value(saved, cotangent, mask, {given}MODE, DTYPE)
    tl.store(x_grad_ptr + place(i, shape, x_grad_strides, DIMS), x_grad, mask=mask)


@triton.jit
def product_of_cotangents(cotangent, factor):
    if cotangent.dtype == tl.float32 or cotangent.dtype == tl.float64:
        product = cotangent.to(tl.float64) * factor.to(tl.float64)
    else:
        product = single(cotangent) * single(factor)
    return product


"""

SUMS = """\
@triton.jit
def sums_kernel(
    saved_ptr, cotangent_ptr, factor_ptr, x_grad_ptr, partial_ptr, length, shape, saved_strides,
    cotangent_strides, factor_strides, x_grad_strides, inner, channels, chunks,
    {arguments}{wanted}DIMS: tl.constexpr, OUTPUT: tl.constexpr, GATED: tl.constexpr,
    MODE: tl.constexpr, CHUNK: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    WANTS_X: tl.constexpr,
):
    chunk = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1).to(tl.int64) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    DTYPE: tl.constexpr = saved_ptr.dtype.element_ty
{zeros}
    for step in range(CHUNK // ROWS):
        row = chunk * CHUNK + step * ROWS + tl.arange(0, ROWS)[:, None]
        mask = (row < length) & (column < channels)
        channel = column + row * 0
        outside = row // inner
        i = (outside * channels + column) * inner + (row - outside * inner)
{load_channels}
        saved = tl.load(saved_ptr + place(i, shape, saved_strides, DIMS), mask=mask, other=0.0)
        cotangent = tl.load(
            cotangent_ptr + place(i, shape, cotangent_strides, DIMS), mask=mask, other=0.0
        )
        if GATED:
            factor = tl.load(
                factor_ptr + place(i, shape, factor_strides, DIMS), mask=mask, other=0.0
            )
            cotangent = product_of_cotangents(cotangent, factor)
        if WANTS_X:
            if OUTPUT:
                x_grad = slope_from_output_value(saved, cotangent, mask, {given}MODE, DTYPE)
            else:
                x_grad = slope_value(saved, cotangent, mask, {given}MODE, DTYPE)
            tl.store(x_grad_ptr + place(i, shape, x_grad_strides, DIMS), x_grad, mask=mask)
{terms}
{stores}


@triton.jit
def total_kernel(partial_ptr, total_ptr, count, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    total = tl.zeros((BLOCK,), tl.float64)
    for step in range((count + BLOCK - 1) // BLOCK):
        i = step * BLOCK + tl.arange(0, BLOCK)
        total += tl.load(partial_ptr + row * count + i, mask=i < count, other=0.0)
    tl.store(total_ptr + row, rounded(tl.sum(total, 0), total_ptr.dtype.element_ty))
"""
