"""The JAX interpreter: formulas as operations that JAX traces, differentiates and compiles.

JAX computes in single precision unless told otherwise. Formulas are written for double, so
``elementwise`` allows it for the operations of a formula alone, and rounds their result once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

from actlab.core import Activation
from actlab.interpret.arrays import ArrayMaths
from actlab.interpret.double_arithmetic import is_number
from actlab.interpret.dual import partial_formula

ERFC_IS_0 = 32.0
"""From here on erfc is smaller than any double."""

HALVES = (jnp.float16, jnp.bfloat16)

UPPER_HALF = np.uint64(0xFFFFFFFFF8000000)
"""The bits of a double that leave 26 of its digits."""


class JaxMaths(ArrayMaths):
    """``core.maths.Maths`` over arrays of doubles of JAX.

    Where XLA's own function is not exact enough for a double, or JAX's rule for its slope loses
    digits that the value has, there is another.
    """

    def __init__(self, storage: Any) -> None:
        super().__init__(jnp, storage, differentiable=True)

    def array(self, x: Any) -> Any:
        return jnp.full((), x, dtype="float64") if is_number(x) else x

    def constant(self, x: Any) -> Any:
        return x if is_number(x) else lax.stop_gradient(x)

    def product_error(self, x: Any, y: Any) -> Any:
        # XLA may fuse a product with a sum. Halves cut out of the bits are exact all the same.
        x, y = jnp.broadcast_arrays(x, y)
        x_high, y_high = _upper_half(x), _upper_half(y)
        x_low, y_low = x - x_high, y - y_high
        product = lax.optimization_barrier(x * y)
        return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low

    def expm1(self, x: Any) -> Any:
        if self.narrow:
            return _quick_expm1(x)
        small = jnp.abs(x) <= 1
        far = jnp.exp(jnp.where(small, 1.0, x)) - 1
        return jnp.where(small, _expm1(jnp.where(small, x, 0.0)), far)

    def scaled_expm1(self, scale: Any, x: Any) -> Any:
        if self.narrow:
            return scale * _quick_expm1(x)
        tail = x < -1
        far = self.scaled_exp(scale, jnp.where(tail, x, -1.0)) - scale
        return jnp.where(tail, far, scale * _expm1(jnp.where(tail, -1.0, x)))

    def log1p(self, x: Any) -> Any:
        if self.narrow:
            return jnp.log1p(x)
        # XLA's own is off by up to 128 ulp between -0.42 and -0.1. (The barrier keeps it from
        # taking (1 + x) - 1 for x.)
        still = self.constant(x)
        whole = lax.optimization_barrier(1 + still)
        lost = (still - (whole - 1)) / whole
        lost = jnp.where(jnp.isfinite(lost), lost, 0.0)
        return jnp.where(whole == 1, x, jnp.log(1 + x) + lost)

    def tanh(self, x: Any) -> Any:
        positive = x > 0
        minus = jnp.where(positive, -2 * x, 2 * x)
        size = -self.scaled_expm1(1.0, minus) / (1 + jnp.exp(minus))
        return jnp.where(positive, size, -size)

    def erf(self, x: Any) -> Any:
        return lax.erf(x)

    def erfc(self, x: Any) -> Any:
        if self.narrow:
            return lax.erfc(x)
        # XLA rounds the square of x before it takes its exponential, which costs up to 460 ulp.
        square = jnp.clip(self.constant(x), 1.0, ERFC_IS_0)
        return lax.erfc(x) * (1 - self.product_error(square, square))


@jax.custom_jvp
def _expm1(x: Any) -> Any:
    """``exp(x) - 1`` for -1 <= x <= 1: the error of the exponential leaves the quotient.

    XLA's own is off by up to 3 ulp, and JAX's rule for its slope is output + 1.
    """
    power = lax.optimization_barrier(jnp.exp(x))
    whole = power == 1
    return jnp.where(whole, x, (power - 1) * (x / jnp.log(jnp.where(whole, 2.0, power))))


_expm1.defjvp(lambda primals, tangents: (_expm1(*primals), jnp.exp(*primals) * tangents[0]))


@jax.custom_jvp
def _quick_expm1(x: Any) -> Any:
    """``exp(x) - 1``, good enough for results that are rounded to a narrower dtype."""
    return jnp.expm1(x)


_quick_expm1.defjvp(
    lambda primals, tangents: (jnp.expm1(*primals), jnp.exp(*primals) * tangents[0])
)


def _upper_half(x: Any) -> Any:
    bits = lax.bitcast_convert_type(x, jnp.uint64)
    return lax.bitcast_convert_type(bits & UPPER_HALF, jnp.float64)


def _narrowed(wide: Any, dtype: Any) -> Any:
    """Doubles as the dtype that products with a tangent are formed in.

    For half types that is float32, with an odd last bit wherever it is not exact: rounding it
    again then gives what rounding once would have given.
    """
    if dtype not in HALVES:
        return wide.astype(dtype)
    single = wide.astype(jnp.float32)
    bits = lax.bitcast_convert_type(single, jnp.int32)
    back = single.astype(jnp.float64)
    even_and_inexact = (back != wide) & jnp.isfinite(wide) & (bits & 1 == 0)
    step = jnp.where(jnp.abs(back) < jnp.abs(wide), 1, -1).astype(jnp.int32)
    odd = jnp.where(even_and_inexact, bits + step, bits)
    return lax.bitcast_convert_type(odd, jnp.float32)


class _Node:
    """A function of ``x`` and of arrays that broadcast to it, computed in double precision.

    The rules of JAX know nothing of 64-bit types that were enabled for a while. So no double
    leaves this: a derivative is another node, to any order.

    Args:
        wide: the function; doubles to doubles.
        partials: its derivatives, by argument; None where JAX is to derive them.
        dies: whether a slope of 0 is that of a constant piece, through which no gradient passes,
            be it infinite.
    """

    def __init__(
        self,
        wide: Callable[..., Any],
        partials: Sequence[Callable[..., Any]] | None = None,
        dies: bool = False,
    ) -> None:
        self._wide = wide
        self._partials = partials
        self._dies = dies
        self._derivatives: dict[int, _Node] = {}
        self.value = jax.custom_jvp(self._value)
        self.value.defjvp(self._rule, symbolic_zeros=True)

    def _value(self, x: Any, *arrays: Any) -> Any:
        with jax.enable_x64(True):
            doubles = (array.astype("float64") for array in (x, *arrays))
            return _narrowed(self._wide(*doubles), x.dtype)

    def _rule(self, primals: Any, tangents: Any) -> Any:
        total = None
        dead = self._derivative(0).value(*primals) == 0 if self._dies else False
        for place, tangent in enumerate(tangents):
            if isinstance(tangent, SymbolicZero):
                continue
            slope = self._derivative(place).value(*primals)
            change = slope * jnp.where(dead & (slope == 0), 0.0, tangent.astype(slope.dtype))
            total = change if total is None else total + change
        value = self.value(*primals)
        return value, jnp.zeros_like(value) if total is None else total

    def _derivative(self, place: int) -> _Node:
        if place not in self._derivatives:
            self._derivatives[place] = self._derived(place)
        return self._derivatives[place]

    def _derived(self, place: int) -> _Node:
        if self._partials is not None:
            return _Node(self._partials[place])

        def derivative(*doubles: Any) -> Any:
            # Elementwise: the change of all is that of each.
            ones = [jnp.full_like(d, float(k == place)) for k, d in enumerate(doubles)]
            return jax.jvp(self._wide, doubles, tuple(ones))[1]

        return _Node(derivative)


@functools.lru_cache(maxsize=4096)
def elementwise(
    activation: Activation,
    dtype: Any,
    numbers: tuple[tuple[str, float], ...],
    names: tuple[str, ...],
) -> Callable[..., Any]:
    """An activation as a compiled function of JAX, with the derivatives that are declared.

    Args:
        activation: the definition.
        dtype: of ``x``.
        numbers: the parameters that are constants.
        names: those that are arrays, which broadcast to the shape of ``x``.

    Returns:
        ``f(x, *arrays)``, of the shape and dtype of ``x``.
    """

    def wide(formula: Callable[..., Any]) -> Callable[..., Any]:
        def function(x: Any, *arrays: Any) -> Any:
            params = {**dict(numbers), **dict(zip(names, arrays, strict=True))}
            value = formula(JaxMaths(dtype), x, **params)
            # At NaN the input itself, times NaN: that makes slopes NaN too.
            nan = jnp.isnan(x)
            return jnp.where(nan, x, value) * jnp.where(nan, jnp.nan, 1.0)

        return function

    partials = [activation.derivative]
    partials += [partial_formula(activation.forward, name) for name in names]
    # A slope that never turns negative does not cross 0: its own slope is 0 there as well.
    dies = activation.traits.dead is not None and activation.traits.monotone
    node = _Node(wide(activation.forward), [wide(partial) for partial in partials], dies)
    return jax.jit(lambda x, *arrays: node.value(x, *arrays).astype(dtype))
