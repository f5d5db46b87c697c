"""A value with its derivative in one chosen variable, and arithmetic on such pairs."""

from __future__ import annotations

from typing import Any


class Dual:
    """A value, and its derivative in the chosen variable."""

    __slots__ = ("m", "tangent", "value")

    def __init__(self, m: Any, value: Any, tangent: Any = None) -> None:
        self.m = m
        self.value = value
        self.tangent = tangent

    def __add__(self, other: Any) -> Dual:
        value, tangent = parts(other)
        return Dual(self.m, self.value + value, plus(self.tangent, tangent))

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(self.m, -self.value, times(-1, self.tangent))

    def __sub__(self, other: Any) -> Dual:
        value, tangent = parts(other)
        return Dual(self.m, self.value - value, plus(self.tangent, times(-1, tangent)))

    def __rsub__(self, other: Any) -> Dual:
        return Dual(self.m, other - self.value, times(-1, self.tangent))

    def __mul__(self, other: Any) -> Dual:
        value, tangent = parts(other)
        return Dual(
            self.m,
            self.value * value,
            plus(times(value, self.tangent), times(self.value, tangent)),
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        value, tangent = parts(other)
        ratio = self.value / value
        rise = plus(self.tangent, times(-ratio, tangent))
        return Dual(self.m, ratio, None if rise is None else rise / value)

    def __rtruediv__(self, other: Any) -> Dual:
        ratio = other / self.value
        return Dual(
            self.m, ratio, None if self.tangent is None else -ratio * self.tangent / self.value
        )

    def __lt__(self, other: Any) -> Any:
        return self.value < parts(other)[0]

    def __le__(self, other: Any) -> Any:
        return self.value <= parts(other)[0]

    def __gt__(self, other: Any) -> Any:
        return self.value > parts(other)[0]

    def __ge__(self, other: Any) -> Any:
        return self.value >= parts(other)[0]


def parts(x: Any) -> tuple[Any, Any]:
    return (x.value, x.tangent) if isinstance(x, Dual) else (x, None)


def plus(a: Any, b: Any) -> Any:
    if a is None:
        return b
    return a if b is None else a + b


def times(factor: Any, tangent: Any) -> Any:
    return None if tangent is None else factor * tangent
