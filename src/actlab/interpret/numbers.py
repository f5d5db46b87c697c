"""What depends on parameters alone, as Python numbers: for kernels whose host computes it."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from actlab.interpret.double_arithmetic import number_power
from actlab.interpret.graph import EXPONENT, Node, UnprintableError

FORMATS = {"float32": "f", "float16": "e"}


def evaluate(node: Any, params: Mapping[str, float], storage: str) -> float:
    """The value of a node without x; conditions are 0 or 1.

    Args:
        node: of a graph, or a number.
        params: every parameter by name.
        storage: name of the tensor's dtype, such as ``"float32"``.
    """
    found: dict[Node, float] = {}

    def value(node: Any) -> float:
        if not isinstance(node, Node):
            return float(node)
        if node.operation == "parameter":
            return float(params[node.operands[0]])
        if node not in found:
            found[node] = _operation(node.operation, [value(a) for a in node.operands], storage)
        return found[node]

    return value(node)


def _operation(operation: str, given: list[float], storage: str) -> float:
    if operation in OPERATIONS:
        return float(OPERATIONS[operation](*given))
    if operation == "where":
        return given[1] if given[0] else given[2]
    if operation == "stored":
        return stored(given[0], storage)
    if operation == "lost":
        return 0.0 if storage == "float64" else given[0] - stored(given[0], "float32")
    if operation == "exact":
        return float(storage == "float64" or given[0] == stored(given[0], "float32"))
    if operation == "power":
        return number_power(given[0], given[1], given[2])
    if operation in EXPONENT:
        raise UnprintableError(f"m.{operation} of parameters alone")
    if operation == "scaled_exp":
        return given[0] * math.exp(given[1])
    if operation == "scaled_expm1":
        return given[0] * math.expm1(given[1])
    raise UnprintableError(f"m.{operation} of parameters alone")


def quotient(a: float, b: float) -> float:
    """IEEE division."""
    if b:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x)


OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": quotient,
    "divide": lambda a, b, _: quotient(a, b),
    "neg": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "&": lambda a, b: bool(a) and bool(b),
    "absolute": abs,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "arctan": math.atan,
    "erf": math.erf,
    "sigmoid": _sigmoid,
    "normal_cdf": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
    "normal_density": lambda x: math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
    "sin": lambda x, rate: math.sin(x * rate),
    "cos": lambda x, rate: math.cos(x * rate),
}


def stored(number: float, storage: str) -> float:
    """What a tensor of a dtype would hold of a number."""
    if storage == "float64" or not math.isfinite(number):
        return number
    if storage == "bfloat16":
        return _brain(number)
    try:
        return struct.unpack(FORMATS[storage], struct.pack(FORMATS[storage], number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def _brain(number: float) -> float:
    """The nearest bfloat16, by way of a float32 whose last bit is odd where it is inexact."""
    single = stored(number, "float32")
    bits = struct.unpack("I", struct.pack("f", single))[0]
    if single != number and math.isfinite(single) and not bits & 1:
        bits += 1 if abs(single) < abs(number) else -1
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return struct.unpack("f", struct.pack("I", bits))[0]
