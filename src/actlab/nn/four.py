"""The modules of the four functions actlab is built around."""

from __future__ import annotations

import torch

from actlab.functional import Backend, Save
from actlab.nn.activation import Activation
from actlab.nn.constraint import Constraint


class PowerLU(Activation):
    """PowerLU: zero, then ``((x + 1) / 2)**p`` on [-1, 1], then the identity.

    Args:
        p: exponent in (0, inf). Default: 2. A learned p is kept above 1.
        learnable: learn p. Default: False.
        num_parameters: 1 for one shared p, or the number of channels. Default: 1.
        channel_dim: the input's dimension along which channels lie. Default: 1.
        constraint: another interval for a learned p, as a pair. Default: None, (1, inf).
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from. Default: None, the output (the input when p is learned).
        inplace: accepted, as other libraries pass it; nothing is ever overwritten. Default: False.
        device, dtype: of a learned p. Default: torch's.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: p or the constraint is outside its domain. TypeError: p is not a number.

    Reference:
        oknomad.blog (2026); p = 2 is SmeLU with beta = 1 (Shamir et al. 2020, arXiv:2010.09931).

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.PowerLU()(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0.0000, 0.2500, 3.0000])
    """

    def __init__(
        self,
        p: float = 2.0,
        *,
        learnable: bool = False,
        num_parameters: int = 1,
        channel_dim: int = 1,
        constraint: Constraint = None,
        backend: Backend = None,
        save: Save = None,
        inplace: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            "powerlu",
            p,
            learnable=learnable,
            num_parameters=num_parameters,
            channel_dim=channel_dim,
            constraint=constraint,
            backend=backend,
            save=save,
            inplace=inplace,
            device=device,
            dtype=dtype,
        )


class ExpoLU(Activation):
    """ExpoLU: zero, then ``(x + b)**p / a`` on [-b, b], then a line of slope 1.

    Args:
        a: divisor of the ramp in (0, inf). Default: 1.
        b: half-width of the ramp in [0, inf); 0 gives ReLU. Default: 1.
        p: exponent in (0, inf). Default: 2. A learned p is kept above 1.
        learnable: learn a, b and p. Default: False.
        num_parameters: 1 for shared values, or the number of channels. Default: 1.
        channel_dim: the input's dimension along which channels lie. Default: 1.
        constraint: other intervals, as a mapping from names to pairs. Default: None.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from. Default: None, the output (the input when p is learned).
        inplace: accepted, as other libraries pass it; nothing is ever overwritten. Default: False.
        device, dtype: of learned parameters. Default: torch's.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: a parameter or the constraint is outside its domain.
        TypeError: a parameter is not a number.

    Reference:
        oknomad.blog (2026).

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.ExpoLU()(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0., 1., 6.])
    """

    def __init__(
        self,
        a: float = 1.0,
        b: float = 1.0,
        p: float = 2.0,
        *,
        learnable: bool = False,
        num_parameters: int = 1,
        channel_dim: int = 1,
        constraint: Constraint = None,
        backend: Backend = None,
        save: Save = None,
        inplace: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            "expolu",
            a,
            b,
            p,
            learnable=learnable,
            num_parameters=num_parameters,
            channel_dim=channel_dim,
            constraint=constraint,
            backend=backend,
            save=save,
            inplace=inplace,
            device=device,
            dtype=dtype,
        )


class RaLU(Activation):
    """RaLU: the rational linear unit ``x (x**2 + alpha) / (x**2 + 1)``, alpha learned.

    Args:
        alpha: slope at 0, any real number. Default: 3, which preserves variance under the
            default initialisation of ``torch.nn.Linear``; 1 is the identity.
        learnable: learn alpha. Default: True.
        num_parameters: 1 for one shared alpha, or the number of channels. Default: 1.
        channel_dim: the input's dimension along which channels lie. Default: 1.
        constraint: ``"monotone"`` keeps alpha inside (0, 9); or a pair. Default: None.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from. Default: None, the input.
        inplace: accepted, as other libraries pass it; nothing is ever overwritten. Default: False.
        device, dtype: of alpha. Default: torch's.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: alpha or the constraint is outside its domain. TypeError: not a number.

    Reference:
        shimataro (2025), RaLU: Rational Linear Unit.

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.RaLU(num_parameters=64)
        RaLU(alpha=3, learnable=True, num_parameters=64, channel_dim=1)
    """

    def __init__(
        self,
        alpha: float = 3.0,
        *,
        learnable: bool = True,
        num_parameters: int = 1,
        channel_dim: int = 1,
        constraint: Constraint = None,
        backend: Backend = None,
        save: Save = None,
        inplace: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            "ralu",
            alpha,
            learnable=learnable,
            num_parameters=num_parameters,
            channel_dim=channel_dim,
            constraint=constraint,
            backend=backend,
            save=save,
            inplace=inplace,
            device=device,
            dtype=dtype,
        )


class ELU(Activation):
    """ELU: the exponential linear unit, ``x`` above 0 and ``alpha (e**x - 1)`` below.

    Args:
        alpha: minus the limit at -inf, in (0, inf). Default: 1.
        learnable: learn alpha, kept positive. Default: False.
        num_parameters: 1 for one shared alpha, or the number of channels. Default: 1.
        channel_dim: the input's dimension along which channels lie. Default: 1.
        constraint: another interval for a learned alpha, as a pair. Default: None, (0, inf).
        backend: None for the best available; a name runs it or raises. Default: None.
        save: what backward works from. Default: None, the input.
        inplace: accepted, as other libraries pass it; nothing is ever overwritten. Default: False.
        device, dtype: of a learned alpha. Default: torch's.

    Shape:
        (*) to (*), same dtype.

    Raises:
        ValueError: alpha or the constraint is outside its domain. TypeError: not a number.

    Reference:
        Clevert, Unterthiner, Hochreiter (2015), arXiv:1511.07289.

    Example:
        >>> import torch
        >>> from actlab import nn
        >>> nn.ELU()(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.6321,  0.0000,  2.0000])
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        learnable: bool = False,
        num_parameters: int = 1,
        channel_dim: int = 1,
        constraint: Constraint = None,
        backend: Backend = None,
        save: Save = None,
        inplace: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            "elu",
            alpha,
            learnable=learnable,
            num_parameters=num_parameters,
            channel_dim=channel_dim,
            constraint=constraint,
            backend=backend,
            save=save,
            inplace=inplace,
            device=device,
            dtype=dtype,
        )
