"""The four functions that actlab is built around, written out: PowerLU, ExpoLU, RaLU, ELU."""

from __future__ import annotations

from torch import Tensor

from actlab.functional.options import SHIPPED, Backend, Parameter, Save
from actlab.functional.stand_ins import handed_over, stands_in
from actlab.kernels.apply import apply


def powerlu(
    x: Tensor,
    p: Parameter = 2.0,
    *,
    channel_dim: int = 1,
    backend: Backend = None,
    save: Save = None,
) -> Tensor:
    """PowerLU: zero, then a power ramp on [-1, 1], then the identity.

    ``f(x) = 0`` for x < -1, ``((x + 1) / 2)**p`` for -1 <= x <= 1, ``x`` for x > 1.
    Its slope is 0 at x = -1 and p/2 at x = 1 (the middle piece is closed).

    Args:
        x: any shape; float64, float32, float16 or bfloat16.
        p: exponent in (0, inf), a number or a tensor. Default: 2. For p < 1 the slope is
            unbounded just above x = -1.
        channel_dim: dimension along which a 1-D ``p`` lies. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: ``"output"`` (the default) keeps only the output for backward, which the next
            layer keeps anyway; the slope is then within 2 ulp (float64: 4) wherever the output is
            a normal number, and off by at most the slope at the smallest subnormal output below
            (float16, p = 2: 2.4e-4). ``"input"`` keeps x: within 2 ulp everywhere. A ``p`` that
            requires a gradient keeps x unless told otherwise; p < 1/2 always keeps x.

    Shape:
        (*) to (*), same dtype, and same strides when x is dense.

    Raises:
        ValueError: p is NaN, infinite or not positive, or does not fit the channels.
        TypeError: x is not floating point, or p is not a real number or tensor.

    Reference:
        oknomad.blog (2026); p = 2 is SmeLU with beta = 1 (Shamir et al. 2020, arXiv:2010.09931).

    Example:
        >>> import torch, actlab.functional as F
        >>> F.powerlu(torch.tensor([-2.0, 0.0, 1.0, 3.0]))
        tensor([0.0000, 0.2500, 1.0000, 3.0000])
    """
    if type(x) is not Tensor and stands_in(x):
        return handed_over(powerlu, x, x, p, channel_dim=channel_dim, backend=backend, save=save)
    return apply(
        SHIPPED["powerlu"], x, {"p": p}, channel_dim=channel_dim, backend=backend, save=save
    )


def expolu(
    x: Tensor,
    a: Parameter = 1.0,
    b: Parameter = 1.0,
    p: Parameter = 2.0,
    *,
    channel_dim: int = 1,
    backend: Backend = None,
    save: Save = None,
) -> Tensor:
    """ExpoLU: zero, then a power ramp on [-b, b], then a line of slope 1.

    ``f(x) = 0`` for x < -b, ``(x + b)**p / a`` for -b <= x <= b,
    ``x - b + (2 b)**p / a`` for x > b. Its slope is 0 at x = -b and (p/a) (2b)**(p-1) at x = b.

    Args:
        x: any shape; float64, float32, float16 or bfloat16.
        a: divisor of the ramp in (0, inf), a number or a tensor. Default: 1.
        b: half-width of the ramp in [0, inf); 0 gives ReLU. Default: 1.
        p: exponent in (0, inf). Default: 2. For p < 1 the slope is unbounded just above x = -b.
        channel_dim: dimension along which 1-D parameters lie. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: ``"output"`` (the default) or ``"input"``, as in ``powerlu``. The default is the
            input where the top of the ramp, (2 b)**p / a, is so large against b that its
            rounding hides on which side of x = b an output lies.

    Shape:
        (*) to (*), same dtype, and same strides when x is dense.

    Raises:
        ValueError: a parameter is NaN, infinite, outside its domain or does not fit the channels.
        TypeError: x is not floating point, or a parameter is not a real number or tensor.

    Reference:
        oknomad.blog (2026).

    Example:
        >>> import torch, actlab.functional as F
        >>> F.expolu(torch.tensor([-2.0, 0.0, 1.0, 3.0]))
        tensor([0., 1., 4., 6.])
    """
    if type(x) is not Tensor and stands_in(x):
        return handed_over(
            expolu, x, x, a, b, p, channel_dim=channel_dim, backend=backend, save=save
        )
    return apply(
        SHIPPED["expolu"],
        x,
        {"a": a, "b": b, "p": p},
        channel_dim=channel_dim,
        backend=backend,
        save=save,
    )


def ralu(
    x: Tensor,
    alpha: Parameter = 3.0,
    *,
    channel_dim: int = 1,
    backend: Backend = None,
    save: Save = None,
) -> Tensor:
    """RaLU: the rational linear unit ``x (x**2 + alpha) / (x**2 + 1)``, smooth and odd.

    Its slope is ``1 + (alpha - 1) (1 - x**2) / (1 + x**2)**2``: alpha at 0, 1 far away.

    Args:
        x: any shape; float64, float32, float16 or bfloat16.
        alpha: slope at 0, any real number or a tensor. Default: 3. 1 is the identity; the
            function is monotone exactly for 0 <= alpha <= 9.
        channel_dim: dimension along which a 1-D ``alpha`` lies. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: ``"input"`` (the default), or ``"output"`` for a number alpha in [0, 9]: the
            input is then recovered as the root of a cubic. Relative error of the slope about
            3e-7 in float32 up to alpha = 5, and 1e-2 at alpha = 9.

    Shape:
        (*) to (*), same dtype, and same strides when x is dense.

    Raises:
        ValueError: alpha is NaN or infinite, or does not fit the channels.
        TypeError: x is not floating point, or alpha is not a real number or tensor.

    Reference:
        shimataro (2025), RaLU: Rational Linear Unit.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.ralu(torch.tensor([-1.0, 0.0, 1.0, 2.0]))
        tensor([-2.0000,  0.0000,  2.0000,  2.8000])
    """
    if type(x) is not Tensor and stands_in(x):
        return handed_over(ralu, x, x, alpha, channel_dim=channel_dim, backend=backend, save=save)
    return apply(
        SHIPPED["ralu"], x, {"alpha": alpha}, channel_dim=channel_dim, backend=backend, save=save
    )


def elu(
    x: Tensor,
    alpha: Parameter = 1.0,
    *,
    channel_dim: int = 1,
    backend: Backend = None,
    save: Save = None,
) -> Tensor:
    """ELU: the exponential linear unit, ``x`` for x > 0 and ``alpha (e**x - 1)`` for x <= 0.

    Its slope is 1 above 0 and ``alpha e**x`` at and below 0 (alpha at 0, as in PyTorch).

    Args:
        x: any shape; float64, float32, float16 or bfloat16.
        alpha: minus the limit at -inf, in (0, inf); a number or a tensor. Default: 1.
        channel_dim: dimension along which a 1-D ``alpha`` lies. Default: 1.
        backend: None for the best available; a name runs it or raises. Default: None.
        save: ``"input"`` (the default): the slope is right down to underflow. ``"output"``:
            absolute error half an ulp of alpha, so that the slope is exactly 0 below about
            -17 (float32), -8.3 (float16), -6.2 (bfloat16).

    Shape:
        (*) to (*), same dtype, and same strides when x is dense.

    Raises:
        ValueError: alpha is NaN, infinite or not positive, or does not fit the channels.
        TypeError: x is not floating point, or alpha is not a real number or tensor.

    Reference:
        Clevert, Unterthiner, Hochreiter (2015), arXiv:1511.07289.

    Example:
        >>> import torch, actlab.functional as F
        >>> F.elu(torch.tensor([-1.0, 0.0, 2.0]))
        tensor([-0.6321,  0.0000,  2.0000])
    """
    if type(x) is not Tensor and stands_in(x):
        return handed_over(elu, x, x, alpha, channel_dim=channel_dim, backend=backend, save=save)
    return apply(
        SHIPPED["elu"], x, {"alpha": alpha}, channel_dim=channel_dim, backend=backend, save=save
    )
