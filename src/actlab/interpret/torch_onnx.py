"""The torch interpreter for export to ONNX.

The exporter turns Python numbers into float32, writes log1p(x) as log(1 + x) and erfc(x) as
1 - erf(x), and onnxruntime has neither erf nor atan in double precision. Here these are made
of operations that come through unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from actlab.interpret.double_arithmetic import product_error
from actlab.interpret.torch_ import SQRT_HALF, TorchMaths

TAIL = (
    -2.0464670329192375e-09, 4.089222480896167e-09, 1.2225710551260416e-08,
    -3.9356533447809914e-08, -1.711069646695314e-09, 1.538760666928522e-07,
    -2.4404662375581676e-07, -1.6939237579995655e-07, 1.2437191416721655e-06,
    -1.271343067023655e-06, -2.9430926821341833e-06, 8.56191490492248e-06, 1.3509102932957954e-07,
    -3.0187528842243815e-05, 3.174616564355679e-05, 7.140089189099235e-05, -0.00017430319942974635,
    -9.373500301998985e-05, 0.0006736788382506061, -0.00014624686754045134, -0.002345812504982584,
    0.001758933558165434, 0.008824938557327763, -0.009872689366406727, -0.046895610231182674,
    0.04734330684190473, 0.6726432239776567, -0.6717940840566923,
)  # fmt: skip
"""ln(erfc(a) e**(a**2) / t) as a polynomial in 2 t - 1, where t = 2 / (2 + a): to 6e-18."""

ERF = (
    -7.795898827002142e-10, 1.3720064546777686e-08, -1.6208483801871705e-07, 1.6447424703317362e-06,
    -1.492473690741966e-05, 0.00012055294904839707, -0.0008548325975389692, 0.0052239776071164225,
    -0.02686617064323777, 0.11283791670945006, -0.37612638903183543, 1.1283791670955126,
)  # fmt: skip
"""erf(x) / x as a polynomial in x**2 for |x| <= 1: to 7e-18."""

ATAN = (
    0.015113765096600925, -0.03338782450121195, 0.04499500728984032, -0.05217312574061591,
    0.05876834004614161, -0.06666205259976526, 0.07692281099937744, -0.09090908059031191,
    0.11111111085322109, -0.1428571428532971, 0.19999999999997015, -0.33333333333333326, 1.0,
)  # fmt: skip
"""atan(x) / x as a polynomial in x**2 for |x| <= tan(pi / 8): to 5e-20."""

FAR = 40.0
"""Beyond this size the normal law's tail is 0 in double precision."""

EIGHTH = math.tan(math.pi / 8)
THREE_EIGHTHS = math.tan(3 * math.pi / 8)


def is_exporting() -> bool:
    """Whether torch.onnx.export is at work."""
    return torch.compiler.is_compiling() and torch.onnx.is_in_onnx_export()


class ExactNumbers(TorchFunctionMode):
    """Hands numbers that float32 cannot hold to operations on float64 tensors as tensors."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if any(isinstance(arg, Tensor) and arg.dtype == torch.float64 for arg in args):
            args = tuple(_exact(arg) if type(arg) is float else arg for arg in args)
        return func(*args, **(kwargs or {}))


def _exact(number: float) -> Any:
    digits, exponent = math.frexp(number)
    if not math.isfinite(number) or (digits * 2.0**24 % 1.0 == 0.0 and -125 <= exponent <= 128):
        return number
    return torch.tensor(number, dtype=torch.float64)


class OnnxMaths(TorchMaths):
    """``core.maths.Maths`` over tensors, of operations that ONNX has in double precision."""

    def log1p(self, x: Tensor) -> Tensor:
        total = 1 + x
        whole = (total > 0) & (total < math.inf)
        # log(total (1 + lost / total)), and of the lost part one term of the series.
        safe = torch.where(whole, total, 1.0)
        lost = torch.where(whole, x - (total - 1), 0.0) / safe
        return torch.where(torch.abs(x) < 1e-30, x, torch.log(total) + lost)

    def erf(self, x: Tensor) -> Tensor:
        size = torch.abs(x)
        near = size <= 1
        inside = torch.where(near, x, 0.0)
        tail = 1 - self._erfc(torch.where(near, 1.0, size), 1.0)
        outside = torch.where(x < 0, -tail, tail)
        return torch.where(near, inside * self._polynomial(inside * inside, ERF), outside)

    def normal_cdf(self, x: Tensor) -> Tensor:
        tail = 0.5 * self._erfc(torch.abs(x), SQRT_HALF)
        return torch.where(x < 0, tail, 1 - tail)

    def arctan(self, x: Tensor) -> Tensor:
        size = torch.abs(x)
        near, far = size <= EIGHTH, size > THREE_EIGHTHS
        safe = torch.where(far, size, THREE_EIGHTHS)
        middle = torch.where(near | far, 1.0, size)
        z = torch.where(near, x, torch.where(far, -1 / safe, (middle - 1) / (middle + 1)))
        turned = z * self._polynomial(z * z, ATAN)
        outside = turned + torch.where(far, self._tensor(0.5 * math.pi), 0.25 * math.pi)
        return torch.where(near, turned, torch.where(x < 0, -outside, outside))

    def _tensor(self, x: Any) -> Tensor:
        return x if isinstance(x, Tensor) else torch.tensor(x, dtype=self.dtype)

    def _erfc(self, size: Tensor, scale: float) -> Tensor:
        """erfc(scale * size), where ``scale`` is 1 or sqrt(1/2)."""
        size = torch.where(size < FAR, size, FAR)
        t = 2 / (2 + scale * size)
        square, share = size * size, 1.0 if scale == 1 else 0.5
        rest = self._polynomial(2 * t - 1, TAIL) - share * product_error(size, size)
        return t * torch.exp(-share * square) * torch.exp(rest)

    def _polynomial(self, x: Tensor, coefficients: Sequence[float]) -> Tensor:
        total = self._tensor(coefficients[0])
        for coefficient in coefficients[1:]:
            total = total * x + coefficient
        return total
