"""The functions on JAX arrays: accuracy against the oracle, and the transformations of JAX."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch

jax = pytest.importorskip("jax", reason="needs jax, extra 'jax'")
import jax.numpy as jnp  # noqa: E402

import actlab  # noqa: E402
import actlab.jax as aj  # noqa: E402
from actlab.testing.comparison import THROUGH_FLOAT32, allowed_ulp, misses  # noqa: E402
from actlab.testing.inputs import finite_inputs, ordinary_inputs  # noqa: E402
from actlab.testing.oracle import exact  # noqa: E402
from actlab.testing.parameters import storable_sets  # noqa: E402
from actlab.testing.subject import Subject  # noqa: E402
from actlab.testing.terms import magnitude_of_terms  # noqa: E402
from actlab.testing.ulp import FORMATS  # noqa: E402

DTYPES = {
    torch.float64: jnp.float64,
    torch.float32: jnp.float32,
    torch.float16: jnp.float16,
    torch.bfloat16: jnp.bfloat16,
}
NARROW = [torch.float32, torch.float16, torch.bfloat16]
NAMES = actlab.names()
OF_XLA = {"gish": 9.0}
"""In ulp: what XLA's own functions leave of the accuracy of doubles, as documented."""

X = jnp.linspace(-3, 3, 25)


def derivative(function, x):
    """The derivative of an elementwise function."""
    y, pull = jax.vjp(function, x)
    return pull(jnp.ones_like(y))[0]


def results(name: str, what: str, x, params):
    if what == "value":
        return aj.call(name, x, **params)
    if what == "slope":
        return derivative(lambda x: aj.call(name, x, **params), x)
    arrays = {key: jnp.full(x.shape, value, x.dtype) for key, value in params.items()}
    key = what.removeprefix("d/d")
    return derivative(lambda p: aj.call(name, x, **{**arrays, key: p}), arrays[key])


def wrong(name: str, what: str, dtype: torch.dtype, params, limit: float | None = None) -> list:
    """The results further from the oracle than is promised, where XLA has normal numbers."""
    definition, form = actlab.get(name), FORMATS[dtype]
    tiny = form.smallest_normal
    # XLA takes subnormal numbers for 0: of inputs, of results, and in double of what comes between.
    least = tiny * 2.0**10 if dtype == torch.float64 else tiny
    inputs = finite_inputs(definition, params, dtype, spread=6)
    inputs = [x for x in inputs if x == 0 or abs(x) >= least]
    x = jnp.asarray(np.array(inputs)).astype(DTYPES[dtype])
    got = np.asarray(results(name, what, x, params)).astype(np.float64)
    found = misses(
        inputs,
        torch.tensor(got).to(dtype),
        lambda x: exact(definition, what, x, params),
        form,
        allowed_ulp(definition, what, dtype) if limit is None else limit,
        lambda x: magnitude_of_terms(definition, what, x, params),
    )
    return [miss for miss in found if abs(miss.want) >= tiny or abs(miss.got) > tiny]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_accuracy(name: str, dtype: torch.dtype) -> None:
    params = actlab.get(name).defaults
    assert wrong(name, "value", dtype, params) == []
    slopes = THROUGH_FLOAT32 if dtype != torch.float32 else None
    assert wrong(name, "slope", dtype, params, slopes) == []


@pytest.mark.parametrize("name", NAMES)
def test_accuracy_of_doubles(name: str) -> None:
    with jax.enable_x64(True):
        params, limit = actlab.get(name).defaults, OF_XLA.get(name)
        assert wrong(name, "value", torch.float64, params, limit) == []
        assert wrong(name, "slope", torch.float64, params, limit) == []


@pytest.mark.parametrize("name", [name for name in NAMES if actlab.get(name).params])
def test_gradients_of_parameters(name: str) -> None:
    params = storable_sets(actlab.get(name), torch.float32)[0]
    for key in params:
        assert wrong(name, f"d/d{key}", torch.float32, params) == []


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives(name: str) -> None:
    definition = actlab.get(name)
    params = definition.defaults
    inputs = ordinary_inputs(definition, params, torch.float32)
    x = jnp.array(inputs, jnp.float32)
    got = jax.vmap(jax.grad(jax.grad(lambda x: aj.call(name, x, **params))))(x)
    want = np.array([float(exact(definition, "curvature", x, params)) for x in inputs])
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=1e-7)


def test_an_error_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aj, "call", lambda name, x, **params: jnp.exp(x) - 1)
    assert wrong("elu", "value", torch.float32, {"alpha": 1.0})


def test_powerlu_is_sparse_plus() -> None:
    x = jnp.linspace(-2, 2, 4097)
    np.testing.assert_array_max_ulp(aj.powerlu(x), jax.nn.sparse_plus(x), 2)
    slopes = [jax.vmap(jax.grad(f))(x) for f in (aj.powerlu, jax.nn.sparse_plus)]
    np.testing.assert_array_max_ulp(*slopes, 2)


def test_types_and_shapes() -> None:
    for dtype in (jnp.float32, jnp.float16, jnp.bfloat16):
        for shape in ((), (0, 3), (2, 3)):
            y = aj.gelu(jnp.ones(shape, dtype))
            assert (y.shape, y.dtype) == (shape, dtype)
    assert aj.powerlu(0.0) == 0.25
    assert isinstance(aj.powerlu(np.zeros(3, np.float32)), jax.Array)


def test_transformations() -> None:
    def f(x, p):
        return aj.powerlu(x, p)

    p = jnp.float32(2.5)
    y = f(X, p)
    np.testing.assert_array_equal(jax.jit(f)(X, p), y)
    np.testing.assert_array_equal(jax.vmap(f, (0, None))(X, p), y)
    np.testing.assert_array_equal(jax.vmap(f, (None, 0))(X, p[None])[0], y)
    np.testing.assert_array_equal(jax.checkpoint(f)(X, p), y)
    slope = jax.vmap(jax.grad(f), (0, None))(X, p)
    np.testing.assert_array_equal(jax.jvp(f, (X, p), (jnp.ones_like(X), 0.0))[1], slope)
    np.testing.assert_array_equal(jnp.diag(jax.jit(jax.jacfwd(f))(X, p)), slope)
    np.testing.assert_array_equal(jnp.diag(jax.jacrev(f)(X, p)), slope)
    np.testing.assert_array_equal(jax.linearize(f, X, p)[1](jnp.ones_like(X), 0.0), slope)
    np.testing.assert_array_equal(jax.lax.scan(lambda c, x: (c, f(x, p)), 0, X)[1], y)


@pytest.mark.parametrize("x", [-0.5, 0.3, 2.0])
def test_every_second_derivative_of_x_and_a_parameter(x: float) -> None:
    at = (jnp.float32(x), jnp.float32(2.5))
    reverse = jax.jacrev(jax.jacrev(aj.powerlu, (0, 1)), (0, 1))(*at)
    forward = jax.jacfwd(jax.jacfwd(aj.powerlu, (0, 1)), (0, 1))(*at)
    mixed = jax.hessian(aj.powerlu, (0, 1))(*at)
    t, p = (x + 1) / 2, 2.5
    inside = x <= 1
    want = np.array([
        [p * (p - 1) / 4 * t ** (p - 2), (1 + p * np.log(t)) / 2 * t ** (p - 1)],
        [(1 + p * np.log(t)) / 2 * t ** (p - 1), t**p * np.log(t) ** 2],
    ]) * inside  # fmt: skip
    for got in (reverse, forward, mixed):
        np.testing.assert_allclose(np.array(got), want, rtol=1e-6)


def test_third_derivatives() -> None:
    third = jax.grad(jax.grad(jax.grad(aj.ralu)))
    # d/dx^3 of x + 2 x / (1 + x^2) at 0 is -12.
    np.testing.assert_allclose(third(jnp.float32(0.0)), -12, rtol=1e-6)
    assert jax.grad(jax.grad(aj.quadratic))(0.0) == 2


def test_shared_and_broadcast_parameters_sum_their_gradients() -> None:
    x = jnp.arange(6.0).reshape(2, 3) - 3
    shared = jax.grad(lambda a: aj.elu(x, a).sum())(jnp.float32(0.5))
    each = jax.grad(lambda a: aj.elu(x, a).sum())(jnp.full(3, 0.5))
    np.testing.assert_allclose(shared, np.expm1(np.minimum(x, 0)).sum(), rtol=1e-6)
    np.testing.assert_allclose(each, np.expm1(np.minimum(x, 0)).sum(0), rtol=1e-6)


def test_nothing_passes_a_dead_element() -> None:
    x = jnp.array([-5.0, -1.0, 0.5, 3.0])
    for bad in (jnp.inf, -jnp.inf, jnp.nan):
        back = jax.vjp(aj.powerlu, x)[1](jnp.full(4, bad))[0]
        assert back[:2].tolist() == [0, 0]
        assert not jnp.isfinite(back[2:]).any()


def test_nan_and_infinities() -> None:
    x = jnp.array([jnp.nan, jnp.inf, -jnp.inf])
    slope = jax.vmap(jax.grad(aj.powerlu))
    np.testing.assert_array_equal(aj.powerlu(x), [jnp.nan, jnp.inf, 0])
    np.testing.assert_array_equal(slope(x), [jnp.nan, 1, 0])
    np.testing.assert_array_equal(aj.ralu(x), [jnp.nan, jnp.inf, -jnp.inf])


def test_joints() -> None:
    x = jnp.array([-1.0, 1.0])
    assert jax.vmap(jax.grad(lambda x: aj.powerlu(x, 3.0)))(x).tolist() == [0, 1.5]


def test_as_torch() -> None:
    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    for name in ("powerlu", "mish", "sine"):
        want = Subject(actlab.get(name), "formula")(torch.tensor(x), actlab.get(name).defaults)
        np.testing.assert_array_max_ulp(np.asarray(aj.call(name, x)), want.numpy(), 1)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((jnp.arange(3),), TypeError, "elu: x must be one of float64.*, got int32"),
        ((X, -1.0), ValueError, r"alpha must be a finite number in \(0, inf\), got -1"),
        ((X, jnp.ones(3)), ValueError, "does not broadcast to the shape"),
        ((X, jnp.arange(25)), TypeError, "alpha must be one of float64"),
        ((X, "1"), TypeError, "alpha must be a real number"),
        ((X, 1.0, 2.0), TypeError, r"takes 1 parameter\(s\), got 2"),
    ],
)
def test_what_is_refused(args, error, message) -> None:
    with pytest.raises(error, match=message):
        aj.elu(*args)


def test_names() -> None:
    assert set(actlab.names()) <= set(dir(aj))
    assert str(inspect.signature(aj.expolu)) == "(x, a=1.0, b=1.0, p=2.0)"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = aj.nothing


def test_torch_is_not_needed() -> None:
    script = (
        "import sys, actlab.jax as aj\n"
        "aj.powerlu(0.0), aj.gelu(0.0)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
