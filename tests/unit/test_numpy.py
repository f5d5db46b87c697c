"""The functions on NumPy arrays: accuracy against the oracle, kinds of arrays, refusals."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch

import actlab
import actlab.numpy as an
from actlab.testing.comparison import allowed_ulp, misses
from actlab.testing.inputs import finite_inputs
from actlab.testing.oracle import exact
from actlab.testing.parameters import parameter_sets
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS

DTYPES = {torch.float64: np.float64, torch.float32: np.float32, torch.float16: np.float16}


def worst(name: str, what: str, dtype: torch.dtype, kind, params) -> list:
    """The results that are further from the oracle than is promised."""
    definition = actlab.get(name)
    inputs = finite_inputs(definition, params, dtype, spread=6)
    function = an.call if what == "value" else an.slope
    got = function(name, np.array(inputs, dtype=kind), **params)
    assert got.dtype == kind
    return misses(
        inputs,
        torch.tensor(got.astype(np.float64)).to(dtype),
        lambda x: exact(definition, what, x, params),
        FORMATS[dtype],
        allowed_ulp(definition, what, dtype),
        lambda x: magnitude_of_terms(definition, what, x, params),
    )


@pytest.mark.parametrize("name", actlab.names())
@pytest.mark.parametrize("what", ["value", "slope"])
def test_accuracy(name: str, what: str) -> None:
    for dtype in (torch.float64, torch.float32):
        assert worst(name, what, dtype, DTYPES[dtype], actlab.get(name).defaults) == []


@pytest.mark.full
@pytest.mark.parametrize("name", actlab.names())
@pytest.mark.parametrize("what", ["value", "slope"])
def test_accuracy_at_other_parameters(name: str, what: str) -> None:
    for dtype, kind in DTYPES.items():
        for params in parameter_sets(actlab.get(name))[:4]:
            assert worst(name, what, dtype, kind, params) == []


@pytest.mark.parametrize("name", ["powerlu", "expolu", "ralu", "elu", "gelu", "sine"])
def test_accuracy_of_bfloat16(name: str) -> None:
    kind = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes for bfloat16").bfloat16
    for what in ("value", "slope"):
        for params in parameter_sets(actlab.get(name))[:2]:
            assert worst(name, what, torch.bfloat16, kind, params) == []


def test_an_error_would_be_seen() -> None:
    definition = actlab.get("elu")
    inputs = finite_inputs(definition, {"alpha": 1.0}, torch.float32, spread=6)
    naive = np.array(inputs, dtype=np.float32)
    with np.errstate(all="ignore"):
        naive = np.where(naive > 0, naive, np.exp(naive) - np.float32(1))
    found = misses(
        inputs,
        torch.tensor(naive),
        lambda x: exact(definition, "value", x, {"alpha": 1.0}),
        FORMATS[torch.float32],
        1.0,
    )
    assert found


@pytest.mark.parametrize("name", actlab.names())
def test_as_torch(name: str) -> None:
    x = np.concatenate([np.linspace(-8, 8, 333), [np.inf, -np.inf, np.nan, -0.0, 0.0]])
    x = x.astype(np.float32)
    want = actlab.functional.call(name, torch.tensor(x), backend="formula").numpy()
    got = an.call(name, x)
    finite = np.isfinite(want)
    # The last bit may differ where a double lies within rounding error of a tie.
    np.testing.assert_array_max_ulp(got[finite], want[finite], 1)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_no_warnings_and_no_nan(dtype) -> None:
    # Warnings are errors here.
    info = np.finfo(dtype)
    x = np.array([info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal], dtype=dtype)
    for name in actlab.names():
        assert not np.isnan(an.call(name, x)).any()
        assert not np.isnan(an.slope(name, x)).any()


def test_nan_stays_alone() -> None:
    x = np.array([1.0, np.nan, 2.0])
    assert np.isnan(an.powerlu(x)).tolist() == [False, True, False]
    assert np.isnan(an.slope("powerlu", x)).tolist() == [False, True, False]


def test_layouts_do_not_change_a_bit() -> None:
    x = np.random.default_rng(0).normal(size=(67, 1031)) * 3
    for name in ("powerlu", "mish", "elu"):
        want = an.call(name, x)
        assert want.flags.c_contiguous
        turned = an.call(name, np.asfortranarray(x))
        assert turned.flags.f_contiguous
        np.testing.assert_array_equal(turned, want)
        np.testing.assert_array_equal(an.call(name, x[::2, ::-3]), want[::2, ::-3])
        np.testing.assert_array_equal(an.call(name, x[3, 5:12]), want[3, 5:12])
        np.testing.assert_array_equal(an.call(name, x.astype(">f8")), want)


def test_shapes() -> None:
    assert an.powerlu(np.zeros((0, 3))).shape == (0, 3)
    whole = an.powerlu(np.array(0.0, dtype=np.float32))
    assert isinstance(whole, np.ndarray)
    assert (whole.shape, whole.dtype, whole) == ((), np.float32, 0.25)
    assert isinstance(an.powerlu(np.float16(0)), np.float16)
    assert isinstance(an.powerlu(0.0), np.float64)
    assert an.powerlu([0.0, 3.0]).tolist() == [0.25, 3.0]


def test_the_input_is_left_alone() -> None:
    x = np.array([-2.0, 0.5])
    y = an.powerlu(x)
    assert x.tolist() == [-2.0, 0.5]
    assert not np.shares_memory(x, y)


def test_parameters_may_be_arrays() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3))
    slopes = np.array([0.5, 1.0, 2.0])
    got = an.elu(x, alpha=slopes)
    for column, alpha in enumerate(slopes.tolist()):
        np.testing.assert_array_equal(got[:, column], an.elu(x[:, column].copy(), alpha))
    np.testing.assert_array_equal(an.elu(np.asfortranarray(x), slopes), got)


def test_the_slope_at_joints_is_the_declared_one() -> None:
    assert an.slope("powerlu", np.array([-1.0, 1.0]), p=3).tolist() == [0.0, 1.5]
    assert an.slope("elu", 0.0, alpha=0.5) == 0.5


@pytest.mark.parametrize("x", [np.arange(3), np.array([True]), np.array([1j]), 3, ["a"]])
def test_what_is_not_floating_point_is_refused(x) -> None:
    with pytest.raises(TypeError, match="powerlu: x must be one of float64, float32"):
        an.powerlu(x)


def test_a_masked_array_is_refused() -> None:
    with pytest.raises(TypeError, match="plain array"):
        an.powerlu(np.ma.masked_array([1.0], [True]))


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"alpha": -1.0}, ValueError, r"elu: alpha must be a finite number in \(0, inf\), got -1"),
        ({"alpha": np.array([1.0, 0.0])}, ValueError, r"alpha .* in \(0, inf\), got 0.0"),
        ({"alpha": np.array([1.0, np.nan])}, ValueError, r"alpha .* in \(0, inf\), got nan"),
        ({"alpha": np.ones(3)}, ValueError, "does not broadcast to the shape"),
        ({"alpha": np.ones(2, int)}, TypeError, "alpha must be one of float64"),
        ({"alpha": "1"}, TypeError, "alpha must be a real number"),
        ({"beta": 1.0}, TypeError, "has no parameter 'beta'"),
    ],
)
def test_wrong_parameters_are_refused(params, error, message) -> None:
    with pytest.raises(error, match=message):
        an.elu(np.zeros(2), **params)


def test_names() -> None:
    assert set(actlab.names()) <= set(dir(an))
    assert an.call("swish", 1.0) == an.silu(1.0)
    assert str(inspect.signature(an.expolu)) == "(x, a=1.0, b=1.0, p=2.0)"
    assert "actlab.numpy" in (an.expolu.__doc__ or "")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = an.nothing
    with pytest.raises(ValueError, match="unknown activation"):
        an.call("nothing", 1.0)


def test_torch_is_not_needed() -> None:
    script = (
        "import sys, numpy as np, actlab.numpy as an\n"
        "an.powerlu(np.zeros(3)), an.slope('gelu', np.zeros(3))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
