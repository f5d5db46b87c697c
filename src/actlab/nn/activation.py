"""The module of any activation: fixed or learned, shared or per channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from actlab import core, registry
from actlab.functional import Backend, Save
from actlab.kernels.apply import apply
from actlab.kernels.policy import DTYPES, check_backend, form_to_save
from actlab.nn.arguments import check_count, check_integer, check_learned
from actlab.nn.constraint import Constraint, Inside, check_constraint_names, interval
from actlab.nn.parametrized import Shared, share
from actlab.nn.recorded import Proxy, recorded
from actlab.nn.sharded import laid_out


class Activation(nn.Module):
    """Any activation as a module, by name or by definition.

    Args:
        activation: a name, an alias, ``"module:object"`` or a definition.
        *args, **params: initial values of its parameters. Defaults: the definition's.
        learnable: learn all parameters (True), none (False), or as the definition says (None).
            Default: None.
        num_parameters: 1 for one shared value, or the number of channels. Default: 1.
        channel_dim: the input's dimension along which channels lie. Default: 1.
        constraint: the interval a learned parameter is kept in: None for the parameter's own,
            a name (``"monotone"``), a pair ``(low, high)``, or a mapping from parameter names
            to these. Default: None.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from, ``"input"`` or ``"output"``. Default: None, as the
            definition says.
        inplace: accepted, as other libraries pass it to every activation; nothing is ever
            overwritten. Default: False.
        device, dtype: of learned parameters. Default: torch's.

    Shape:
        (*) to (*), same dtype. With ``num_parameters=C``, dimension ``channel_dim`` has size C.

    Raises:
        ValueError: a parameter or constraint outside its domain, or an unknown name.
        TypeError: an unknown parameter, or a value that is not a number.

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.Activation("leaky_relu", negative_slope=0.2, learnable=True)
        Activation('leaky_relu', negative_slope=0.2, learnable=True)
    """

    def __init__(
        self,
        activation: str | core.Activation,
        *args: float,
        learnable: bool | None = None,
        num_parameters: int = 1,
        channel_dim: int = 1,
        constraint: Constraint = None,
        backend: Backend = None,
        save: Save = None,
        inplace: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **params: float,
    ) -> None:
        super().__init__()
        self.definition = registry.get(activation)
        owner = self.definition.name
        bound = self.definition.bind(args, params)
        self._initial = {p.name: p.check(owner, bound[p.name]) for p in self.definition.params}
        check_count(owner, num_parameters)
        check_integer(owner, "channel_dim", channel_dim)
        if dtype is not None and dtype not in DTYPES:
            raise TypeError(f"{owner}: dtype must be a floating-point dtype, got {dtype}")
        check_backend(self.definition, backend)
        check_constraint_names(owner, list(self._initial), constraint)
        self.num_parameters = num_parameters
        self.channel_dim = channel_dim
        self.backend = backend
        self.save = save
        self._learned = tuple(
            p.name
            for p in self.definition.params
            if (p.learnable if learnable is None else learnable)
        )
        check_learned(owner, self._learned, learnable, num_parameters, constraint)
        self._learn(constraint, {"device": device, "dtype": dtype})
        form_to_save(self.definition, self.values(), save, torch.float64)

    def _learn(self, constraint: Constraint, factory: dict[str, Any]) -> None:
        for name in self._learned:
            domain = interval(self.definition.name, self.definition.param(name), constraint)
            start = self._start(name, domain, factory["dtype"] or torch.get_default_dtype())
            values = torch.empty((self.num_parameters,), **factory).fill_(start)
            self.register_parameter(name, nn.Parameter(values))
            if domain.low > -math.inf or domain.high < math.inf:
                parametrize.register_parametrization(self, name, Inside(domain))
        if parametrize.is_parametrized(self):
            share(self)

    def _start(self, name: str, domain: core.Domain, dtype: torch.dtype) -> float:
        """The initial value as the dtype holds it, which must lie strictly inside."""
        given = self._initial[name]
        held = torch.tensor(given, dtype=torch.float64, device="cpu").to(dtype).item()
        if not domain.low < held < domain.high:
            rounding = (
                "" if held == given else f" ({held!r} in {str(dtype).removeprefix('torch.')})"
            )
            raise ValueError(
                f"{self.definition.name}: a learned {name} must start strictly inside "
                f"({domain.low:g}, {domain.high:g}), got {given!r}{rounding}"
            )
        return held

    def reset_parameters(self) -> None:
        """Set every learned parameter back to the value it was built with."""
        for name in self._learned:
            setattr(self, name, self._initial[name])

    def activation_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters that shape the function, without those of submodules."""
        for name, parameter in self.named_parameters():
            if name in self._learned or name.startswith("parametrizations."):
                yield parameter

    def values(self) -> dict[str, float | Tensor]:
        """Every parameter by name: a number, or the tensor that is learned."""
        return {
            name: getattr(self, name) if name in self._learned else value
            for name, value in self._initial.items()
        }

    def forward(self, x: Tensor) -> Tensor:
        """Apply the activation; see ``actlab.functional.call``."""
        if type(x) is not Tensor and isinstance(x, Proxy):
            return recorded(self, x)
        return apply(
            self.definition,
            x,
            self.values(),
            channel_dim=self.channel_dim,
            backend=self.backend,
            save=self.save,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        # Parameters take numbers, and learned ones plain tensors too: module.p = 3.0.
        plain = type(value) is Tensor or not isinstance(value, Tensor)
        if name not in self.__dict__.get("_initial", {}) or not plain:
            super().__setattr__(name, value)
        elif name not in self._learned:
            param = self.definition.param(name)
            self._initial[name] = param.check(self.definition.name, value)
        elif name in self._parameters or parametrize.is_parametrized(self, name):
            self._assign(name, value)
        else:
            super().__setattr__(name, value)  # a tool that keeps the parameter elsewhere

    @torch.no_grad()
    def _assign(self, name: str, value: Any) -> None:
        current = getattr(self, name)
        if not isinstance(value, Tensor):
            number = self.definition.param(name).check(self.definition.name, value)
            value = torch.full(current.shape, number, dtype=current.dtype, device=current.device)
        elif value.numel() != 1 and value.shape != current.shape:
            raise ValueError(
                f"{self.definition.name}: {name} has shape {tuple(current.shape)}, got a tensor "
                f"of shape {tuple(value.shape)}"
            )
        value = value.to(current.device, current.dtype).reshape(-1).expand(current.shape).clone()
        if name in self._parameters:
            current.copy_(laid_out(value, current))
            return
        for step in self.parametrizations[name]:
            if isinstance(step, Inside):
                step.right_inverse(value)  # refused in every process, whichever part it has
        super().__setattr__(name, laid_out(value, current))

    def __getattr__(self, name: str) -> Any:
        # Fixed parameters read like attributes too: nn.PowerLU(3).p is 3.0.
        initial = self.__dict__.get("_initial", {})
        if name in initial and name not in self.__dict__.get("_learned", ()):
            return initial[name]
        return super().__getattr__(name)

    def __prepare_scriptable__(self) -> Any:
        # torch.jit.script asks this of every module it meets.
        raise not_scriptable(self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        # A parametrised module has a class of its own that pickle cannot find: build a module
        # of the public class and parametrise it again instead.
        state = dict(self.__dict__)
        state["definition"] = registry.address(self.definition)
        names = list(getattr(self, "parametrizations", ()))
        return _rebuild, (_public_class(type(self)), names), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["definition"] = registry.get(state["definition"])
        super().__setstate__(state)

    def _get_name(self) -> str:
        return _public_class(type(self)).__name__

    def extra_repr(self) -> str:
        values = ", ".join(f"{name}={self._shown(name)}" for name in self._initial)
        parts = [repr(self.definition.name)] if self._get_name() == "Activation" else []
        parts += [values] if values else []
        if self._learned:
            all_of_them = set(self._learned) == set(self._initial)
            parts.append(f"learnable={True if all_of_them else list(self._learned)}")
        if self.num_parameters != 1:
            parts.append(f"num_parameters={self.num_parameters}")
            parts.append(f"channel_dim={self.channel_dim}")
        for name, steps in getattr(self, "parametrizations", {}).items():
            if not isinstance(steps[0], Inside):
                continue
            kept = steps[0].domain
            if kept != interval(self.definition.name, self.definition.param(name), None):
                parts.append(f"constraint=({kept.low:g}, {kept.high:g})")
        for name in ("backend", "save"):
            if getattr(self, name) is not None:
                parts.append(f"{name}={getattr(self, name)!r}")
        return ", ".join(parts)

    def _shown(self, name: str) -> str:
        if name not in self._learned:
            return f"{self._initial[name]:g}"
        value = getattr(self, name).detach()
        if value.device.type == "meta":
            return f"{self._initial[name]:g}"
        if type(value) is not Tensor:
            # Where each process has a part, numbers of the whole would have to be asked for;
            # the others may be doing something else.
            return "sharded"
        low, high = float(value.min()), float(value.max())
        return f"{low:.4g}" if low == high else f"[{low:.4g} .. {high:.4g}]"

    def __repr__(self) -> str:
        # One line: the parametrisations inside are not layers of the model.
        return f"{self._get_name()}({self.extra_repr()})"


def not_scriptable(module: nn.Module) -> TypeError:
    """The error for torch.jit.script, whose own would name a line of actlab's and no way out."""
    return TypeError(
        f"torch.jit.script cannot compile {type(module).__name__}: TorchScript knows no "
        "keyword-only arguments; use torch.compile, torch.export or torch.jit.trace"
    )


def _public_class(cls: type) -> type:
    """The importable class behind those that parametrisation and sharding have derived from it."""
    return next(
        base
        for base in cls.__mro__
        if issubclass(base, Activation)
        and not isinstance(base, Shared)
        and not base.__module__.startswith("torch.")
    )


def _rebuild(cls: type[Activation], parametrised: list[str]) -> Activation:
    """An empty module of the class, with its parametrised properties in place."""
    module = cls.__new__(cls)
    nn.Module.__init__(module)
    for name in parametrised:
        module.register_parameter(name, nn.Parameter(torch.zeros(1)))
        parametrize.register_parametrization(module, name, nn.Identity())
    if parametrised:
        share(module)
    return module
