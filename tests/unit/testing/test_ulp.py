"""Rounding and distances against numpy and against cases worked out by hand."""

import math
import random

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mpf

from actlab.testing.ulp import FORMATS, rounded, steps, ulp_error

F64, F32, F16, BF16 = (
    FORMATS[dtype] for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
)
NUMPY = {F64: np.float64, F32: np.float32, F16: np.float16}


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_constants_are_those_of_torch(form):
    info = torch.finfo(form.dtype)
    assert (form.largest, form.smallest_normal) == (info.max, info.smallest_normal)
    assert form.smallest == info.smallest_normal * info.eps


@pytest.mark.parametrize("form", NUMPY, ids=lambda form: form.name)
def test_rounds_doubles_as_numpy_does(form):
    draw = random.Random(5)
    for _ in range(3000):
        x = math.ldexp(draw.uniform(-2, 2), draw.randint(form.emin - 30, min(form.emax + 3, 1022)))
        with np.errstate(over="ignore", under="ignore"):
            want = float(NUMPY[form](x))
        got = rounded(mpf(x), form)
        assert got == want
        assert math.copysign(1, got) == math.copysign(1, want)


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_ties_go_to_even(form):
    with mpmath.workprec(200):
        unit = mpf(2) ** (1 - form.digits)
        assert rounded(1 + unit / 2, form) == 1
        assert rounded(1 + 3 * unit / 2, form) == float(1 + 2 * unit)
        assert rounded(1 + unit / 2 + mpf(2) ** -150, form) == float(1 + unit)
        tiny = mpf(form.smallest)
        assert rounded(tiny / 2, form) == 0
        assert rounded(tiny * 3 / 2, form) == 2 * form.smallest
        assert rounded(tiny / 2 * (1 + mpf(2) ** -90), form) == form.smallest


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_overflow_begins_half_a_unit_past_the_largest(form):
    with mpmath.workprec(200):
        edge = mpf(form.largest) + mpf(2) ** (form.emax - form.digits)
        assert rounded(edge * (1 - mpf(2) ** -90), form) == form.largest
        assert rounded(edge, form) == math.inf
        assert rounded(-edge, form) == -math.inf


def test_nothing_is_lost_on_the_way_through_single_precision():
    # 1 + 2^-11 + 2^-30 is above the tie of float16; rounded to float32 first it is the tie.
    with mpmath.workprec(100):
        assert rounded(1 + mpf(2) ** -11 + mpf(2) ** -30, F16) == 1 + 2**-10


def test_special_numbers():
    assert math.isnan(rounded(mpmath.nan, F32))
    assert rounded(-mpmath.inf, BF16) == -math.inf
    assert rounded(mpf(10) ** -400, F64) == 0
    assert math.copysign(1, rounded(-(mpf(10) ** -400), F64)) == -1
    assert rounded(mpf(2) ** (10**20), F64) == math.inf


@pytest.mark.parametrize(
    ("got", "exact", "form", "error"),
    [
        (1.0, mpf(1), F32, 0),
        (1 + 2**-23, mpf(1), F32, 1),
        (1.0, mpf(1) + mpf(2) ** -24, F32, 0.5),
        (2.0, 2 - mpf(2) ** -23, F32, 1),
        (0.0, mpf(2) ** -149, F32, 1),
        (2.0**-149, mpf(2) ** -150, F32, 0.5),
        (-1.0, mpf(1), F16, 2048),
        (math.nan, mpf(1), F64, math.inf),
        (1.0, mpmath.nan, F64, math.inf),
        (math.nan, mpmath.nan, F64, 0),
        (math.inf, mpmath.inf, F64, 0),
        (math.inf, mpf(10) ** 400, F64, 0),
        (math.inf, mpf(65504), F16, 1),
        (65504.0, mpf(10) ** 9, F16, 1),
        (math.inf, -mpmath.inf, F16, 4096),
        (0.0, mpf(2) ** (-(10**20)), F64, 0),
    ],
)
def test_distances(got, exact, form, error):
    assert ulp_error(got, exact, form) == error


def test_distances_at_a_larger_scale():
    assert ulp_error(2.0**-23, mpf(0), F32, mpf(1)) == 1
    assert ulp_error(2.0**-23, mpf(0), F32) == 2.0**126
    assert ulp_error(3.0, mpf(1), F32, mpf(0)) == 2.0**24


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_steps(form):
    eps = 2.0 ** (1 - form.digits)
    assert steps(1.0, 1, form) == 1 + eps
    assert steps(1.0, -2, form) == 1 - eps
    assert steps(0.0, -3, form) == -3 * form.smallest
    assert steps(form.largest, 1, form) == math.inf
    assert steps(1.5, 0, form) == 1.5
