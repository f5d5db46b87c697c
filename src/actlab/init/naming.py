"""Which activation an object is: names, definitions, modules, functions, plain callables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab import registry
from actlab.core import Activation, UnknownNameError
from actlab.init.nonlinearity import Nonlinearity, labelled, mixture, of_callable, of_definition
from actlab.init.torch_table import FUNCTIONS, MODULES, Row
from actlab.nn import Activation as ActivationModule

Named: TypeAlias = "str | Activation | nn.Module | Callable[..., Tensor] | Nonlinearity"
"""Everything that ``recognise`` takes for an activation."""

AGREEMENT = 1e-6

RANDOM_SLOPES = frozenset({functional.rrelu, functional.rrelu_, torch.rrelu, torch.rrelu_})
LEARNED_SLOPES = frozenset({functional.prelu, torch.prelu, Tensor.prelu})


def recognise(activation: Named, **params: float) -> Nonlinearity:
    """The function that an object applies, whatever kind of object it is.

    Args:
        activation: a name, ``"module:object"``, a definition, an ``actlab.nn`` module, one of
            torch's activation modules or functions, or any callable that maps tensors element by
            element. Learned parameters count at their present values, and where channels differ
            expectations are averages over channels. RReLU counts as in training.
        **params: parameters, for a name, a definition or a function. A module has its own.

    Raises:
        UnknownNameError: no such name.
        TypeError: not something that can be an activation, or parameters it does not take.
        ValueError: a parameter outside its domain, or a callable that is not elementwise.

    Example:
        >>> from torch import nn
        >>> from actlab.init import recognise
        >>> print(recognise(nn.LeakyReLU(0.2)), recognise("elu", alpha=0.5))
        leaky_relu(negative_slope=0.2) elu(alpha=0.5)
    """
    if isinstance(activation, Nonlinearity):
        _refuse_params(activation.label, params)
        return activation
    if isinstance(activation, str | Activation):
        definition = registry.get(activation)
        return of_definition(definition, definition.bind((), params))
    if isinstance(activation, nn.Module):
        _refuse_params(type(activation).__name__, params)
        return of_module(activation) or of_callable(type(activation).__name__, activation, {})
    if isinstance(activation, type):
        raise TypeError(f"{activation.__name__} is a class; pass an instance of it")
    if not callable(activation):
        raise TypeError(
            "an activation is a name, a definition, a module or a callable on tensors, "
            f"got {activation!r} ({type(activation).__name__})"
        )
    row = _row(activation)
    if row is not None:
        _check_names(row, params)
    found = of_call(activation, (), params)
    name = getattr(activation, "__name__", type(activation).__name__)
    return found or of_callable(name, activation, params)


def of_module(module: nn.Module) -> Nonlinearity | None:
    """What a module of actlab or torch applies elementwise, or None for any other module."""
    if isinstance(module, ActivationModule):
        return of_values(module.definition, module.values())
    if type(module) is nn.PReLU:
        return _of_slopes(module.weight)
    if type(module) is nn.RReLU:
        return _of_random_slope(module.lower, module.upper)
    row = MODULES.get(type(module))
    if row is None:
        return None
    return of_row(row, {name: getattr(module, name) for name in row.arguments})


def of_call(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Nonlinearity | None:
    """What a call of one of torch's functions applies to its input, or None for any other.

    Args:
        function: the function or tensor method.
        args: what was passed after the input.
        kwargs: keywords of the call.
    """
    row = _row(function)
    if row is not None:
        return of_row(row, row.bind(args, kwargs))
    if not _hashable(function):
        return None
    if function in RANDOM_SLOPES:
        given = dict(zip(("lower", "upper"), args, strict=False)) | dict(kwargs)
        return _of_random_slope(given.get("lower", 1 / 8), given.get("upper", 1 / 3))
    if function in LEARNED_SLOPES:
        return _of_slopes(args[0] if args else kwargs["weight"])
    return None


def of_row(row: Row, arguments: Mapping[str, Any]) -> Nonlinearity:
    """A function of torch's: its definition where that computes the same, else itself."""

    def function(x: Tensor) -> Tensor:
        return row.function(x, **arguments)

    name, params = row.definition, dict(arguments)
    if name == "gelu" and params.pop("approximate") == "tanh":
        name = "gelu_tanh"
    found = _catalogued(name, params, function)
    label = labelled(name, params)
    return found or Nonlinearity(label, function, key=(row.definition, label))


def _catalogued(
    name: str, arguments: Mapping[str, Any], function: Callable[[Tensor], Tensor]
) -> Nonlinearity | None:
    """The definition of that name, if there is one and it agrees with torch's function."""
    try:
        definition = registry.get(name)
    except UnknownNameError:
        return None
    domains = {param.name: param.domain for param in definition.params}
    params = {key: value for key, value in arguments.items() if key in domains}
    if not all(domains[key].contains(float(value)) for key, value in params.items()):
        return None
    found = of_definition(definition, definition.bind((), params))
    # Under a name of the catalogue torch may compute something else, such as with a parameter
    # that the definition lacks.
    x = torch.linspace(-29.9, 30.1, 997, dtype=torch.float64)
    same = torch.allclose(found.function(x), function(x), rtol=AGREEMENT, atol=AGREEMENT)
    return found if same else None


def of_values(definition: Activation, values: Mapping[str, Any]) -> Nonlinearity:
    """A definition at the present values of its parameters, each a number or a tensor.

    Where they differ from channel to channel, every channel counts equally.
    """
    defaults = {param.name: param.default for param in definition.params}
    columns = {
        name: _numbers(value, defaults[name]) if isinstance(value, Tensor) else [value]
        for name, value in values.items()
    }
    learned = [name for name, value in values.items() if isinstance(value, Tensor)]
    channels = max((len(column) for column in columns.values()), default=1)
    parts = [
        of_definition(definition, {n: column[k % len(column)] for n, column in columns.items()})
        for k in range(channels)
    ]
    return mixture(f"{definition.name}({channels} channels)", parts, learned)


def _numbers(values: Tensor, default: float) -> list[float]:
    """The values of a parameter; of a sharded one those that are here, which asks nobody else.

    Where none are here, the one that it begins with stands for them.
    """
    values = values.detach()
    local = getattr(values, "to_local", None)
    here = values if local is None else local()
    return here.double().reshape(-1).tolist() or [default]


def _of_slopes(slopes: Tensor) -> Nonlinearity:
    """Rectifiers with these learned slopes below 0, in equal shares."""
    parts = [_rectifier(slope) for slope in _numbers(slopes, 0.25)]
    return mixture(f"prelu({len(parts)} channels)", parts, ["weight"])


def _rectifier(slope: float) -> Nonlinearity:
    """``x`` above 0 and ``slope x`` below."""

    def function(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, slope * x)

    found = _catalogued("prelu", {"weight": slope}, function)
    label = labelled("prelu", {"weight": slope})
    return found or Nonlinearity(label, function, key=("prelu", slope))


def _of_random_slope(lower: float, upper: float) -> Nonlinearity:
    """RReLU in training, its slope drawn uniformly between the two.

    The four moments are polynomials of degree at most 2 in the slope, which the two Gauss points
    of the interval average exactly.
    """
    middle, away = (lower + upper) / 2, (upper - lower) / (2 * math.sqrt(3))
    label = labelled("rrelu", {"lower": lower, "upper": upper})
    return mixture(label, [_rectifier(middle - away), _rectifier(middle + away)])


def _row(function: Any) -> Row | None:
    return FUNCTIONS.get(function) if _hashable(function) else None


def _hashable(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None


def _refuse_params(owner: str, params: Mapping[str, Any]) -> None:
    if params:
        raise TypeError(f"{owner} has its own parameters; remove {', '.join(params)}")


def _check_names(row: Row, params: Mapping[str, Any]) -> None:
    unknown = [name for name in params if name not in row.arguments]
    if unknown:
        known = ", ".join(row.arguments) or "none"
        raise TypeError(
            f"torch's {row.definition} has no parameter {unknown[0]!r}; its parameters: {known}"
        )
