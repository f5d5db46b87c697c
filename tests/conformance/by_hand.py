"""The catalogue a second time, by hand in plain Python, as the papers write each function."""

from __future__ import annotations

from math import asinh, atan, cos, cosh, erf, exp, expm1, log, log1p, pi, sin, sqrt, tanh

INF = float("inf")


def sigmoid(x):
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def softplus(x):
    return max(x, 0) + log1p(exp(-abs(x)))


def relu(x):
    return max(x, 0.0)


def clip(x, low, high):
    return min(max(x, low), high)


def sign(x):
    return (x > 0) - (x < 0)


def phi(x):
    """The normal distribution function."""
    return 0.5 * (1 + erf(x / sqrt(2)))


def horner(coefficients, x):
    """A polynomial, the coefficient of the highest power last."""
    total = 0.0
    for c in reversed(coefficients):
        total = total * x + c
    return total


def xielu(x, alpha_p, alpha_n, beta):
    return alpha_p * x * x + beta * x if x > 0 else alpha_n * (expm1(x) - x) + beta * x


def srelu(x, t_left, a_left, t_right, a_right):
    if x >= t_right:
        return t_right + a_right * (x - t_right)
    return t_left + a_left * (x - t_left) if x <= t_left else x


def plu(x, alpha, c):
    return max(alpha * (x + c) - c, min(alpha * (x - c) + c, x))


def rational(numerator_degree):
    """The safe form of a rational function; coefficients by name."""

    def value(x, **coefficients):
        above = [coefficients[f"a{k}"] for k in range(numerator_degree + 1)]
        below = [coefficients[f"b{k}"] for k in range(1, len(coefficients) - numerator_degree)]
        return horner(above, x) / (1 + sum(abs(b * x**k) for k, b in enumerate(below, 1)))

    return value


BY_HAND = {
    "absolute": abs,
    "acon_c": lambda x, p1, p2, beta: (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x,
    "aptx": lambda x, alpha, beta, gamma: (alpha + tanh(beta * x)) * gamma * x,
    "arcsinh": asinh,
    "arctan": atan,
    "bounded_relu": lambda x, upper: clip(x, 0, upper),
    "bent_identity": lambda x: (sqrt(x * x + 1) - 1) / 2 + x,
    "celu": lambda x, alpha: relu(x) + min(0.0, alpha * expm1(x / alpha)),
    "colu": lambda x: x / (1 - x * exp(-(x + exp(x)))),
    "cosid": lambda x: cos(x) - x,
    "cosine": lambda x, omega: cos(omega * x),
    "cubic": lambda x: x**3,
    "displaced_relu": lambda x, delta: max(-delta, x),
    "dsilu": lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    "elliott": lambda x: 0.5 * x / (1 + abs(x)) + 0.5,
    "elish": lambda x: x * sigmoid(x) if x >= 0 else expm1(x) * sigmoid(x),
    "elu": lambda x, alpha: x if x > 0 else alpha * expm1(x),
    "error_function": erf,
    "eswish": lambda x, beta: beta * x * sigmoid(x),
    "expolu": lambda x, a, b, p: (
        0.0 if x < -b else (x + b) ** p / a if x <= b else x - b + (2 * b) ** p / a
    ),
    "flatten_t_swish": lambda x, t: relu(x) * sigmoid(x) + t,
    "frelu": lambda x, bias: relu(x) + bias,
    "gaussian": lambda x: exp(-x * x),
    "gcu": lambda x: x * cos(x),
    "gelu": lambda x: x * phi(x),
    "gelu_tanh": lambda x: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))),
    "gish": lambda x: x * log(2 - exp(-exp(x))),
    "golu": lambda x: x * exp(-exp(-x)),
    "hard_elish": lambda x: (x if x >= 0 else expm1(x)) * clip((x + 1) / 2, 0, 1),
    "hard_mish": lambda x: x / 2 * clip(x + 2, 0, 2),
    "hard_sigmoid": lambda x: clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * clip(x + 3, 0, 6) / 6,
    "hard_tanh": lambda x, min_val, max_val: clip(x, min_val, max_val),
    "isrlu": lambda x, alpha: x if x >= 0 else x / sqrt(1 + alpha * x * x),
    "isru": lambda x, alpha: x / sqrt(1 + alpha * x * x),
    "leaky_relu": lambda x, negative_slope: x if x > 0 else negative_slope * x,
    "lecun_tanh": lambda x: 1.7159 * tanh(2 * x / 3),
    "lisht": lambda x: x * tanh(x),
    "log_sigmoid": lambda x: -softplus(-x),
    "log_cosh": lambda x: log(cosh(x)),
    "logish": lambda x: x * log(1 + sigmoid(x)),
    "loglu": lambda x: x if x > 0 else -log(1 - x),
    "mila": lambda x, beta: x * tanh(softplus(x + beta)),
    "mpelu": lambda x, alpha, beta: x if x > 0 else alpha * expm1(beta * x),
    "mish": lambda x: x * tanh(softplus(x)),
    "nlrelu": lambda x, beta: log(1 + beta * relu(x)),
    "penalised_tanh": lambda x, a: tanh(x) if x > 0 else a * tanh(x),
    "pelu": lambda x, a, b: a / b * x if x >= 0 else a * expm1(x / b),
    "plu": plu,
    "phish": lambda x: x * tanh(x * phi(x)),
    "powerlu": lambda x, p: 0.0 if x < -1 else ((x + 1) / 2) ** p if x <= 1 else x,
    "prelu": lambda x, weight: x if x > 0 else weight * x,
    "quadratic": lambda x: x * x,
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "ralu": lambda x, alpha: x * (x * x + alpha) / (x * x + 1),
    "rational": rational(5),
    "rational_3_2": rational(3),
    "relu": relu,
    "relu6": lambda x: clip(x, 0, 6),
    "relu_squared": lambda x: relu(x) ** 2,
    "repu": lambda x, p: relu(x) ** p,
    "rrelu": lambda x, lower, upper: x if x > 0 else (lower + upper) / 2 * x,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * expm1(x)),
    "serf": lambda x: x * erf(softplus(x)),
    "sgelu": lambda x, alpha: alpha * x * erf(x / sqrt(2)),
    "shifted_relu": lambda x: max(-1.0, x),
    "shifted_softplus": lambda x: log(0.5 * exp(x) + 0.5),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "sine": lambda x, omega: sin(omega * x),
    "sinlu": lambda x, a, b: (x + a * sin(b * x)) * sigmoid(x),
    "softmodulus_q": lambda x: x * x * (2 - abs(x)) if abs(x) <= 1 else abs(x),
    "swish_beta": lambda x, beta: x * sigmoid(beta * x),
    "sinc": lambda x: sin(x) / x if x else 1.0,
    "smelu": lambda x, beta: (
        0.0 if x <= -beta else (x + beta) ** 2 / (4 * beta) if x <= beta else x
    ),
    "smish": lambda x: x * tanh(log(1 + sigmoid(x))),
    "snake": lambda x, a: x + sin(a * x) ** 2 / a,
    "snake_beta": lambda x, alpha, beta: x + sin(alpha * x) ** 2 / beta,
    "soft_shrink": lambda x, lambd: sign(x) * max(abs(x) - lambd, 0.0),
    "soft_sign": lambda x: x / (1 + abs(x)),
    "softplus": softplus,
    "sqnl": lambda x: (
        1.0 if x > 2 else x - x * x / 4 if x >= 0 else x + x * x / 4 if x >= -2 else -1.0
    ),
    "squareplus": lambda x, b: (x + sqrt(x * x + b)) / 2,
    "srelu": srelu,
    "star_relu": lambda x, scale, bias: scale * relu(x) ** 2 + bias,
    "symlog": lambda x: sign(x) * log(1 + abs(x)),
    "tanh": tanh,
    "tanh_shrink": lambda x: x - tanh(x),
    "tanhexp": lambda x: x * tanh(exp(x)),
    "xielu": xielu,
}
"""Canonical name to the function of x and its parameters, in the definition's own words."""
