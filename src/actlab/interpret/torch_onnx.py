"""The torch interpreter for export to ONNX.

The exporter turns Python numbers into float32, writes log1p(x) as log(1 + x) and erfc(x) as
1 - erf(x), and onnxruntime has neither erf nor atan in double precision. Here these are made
of operations that come through unchanged. Its optimiser also takes constants for one that are
nearer than 1e-8 to each other, so that polynomials have no small coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from actlab.interpret.arrays import SQRT_HALF
from actlab.interpret.double_arithmetic import product_error
from actlab.interpret.torch_ import TorchMaths

TAIL = (
    -0.27467215558532126, 0.27442307533620347, 0.41022677334395014, -0.6602930626651317,
    -0.014353492526825485, 0.6454030020340967, -0.5118028651027586, -0.17762077984681524,
    0.6520670213490163, -0.333274956961849, -0.3857570440326917, 0.5611136552089997,
    0.004426662849071662, -0.49459247255132266, 0.26006458895201723, 0.29245805318550466,
    -0.3569729524321205, -0.09598464309246961, 0.34492356518431033, -0.03743919809035554,
    -0.30026400063777076, 0.11257174772258778, 0.2823980338344884, -0.15796302986250763,
    -0.3751648818494614, 0.1893732273676189, 1.3452864479553135, -0.6717940840566923,
)  # fmt: skip
"""ln(erfc(a) e**(a**2) / t) as a polynomial in t - 1/2, where t = 2 / (2 + a): to 6e-18."""

ERF = (
    -1.5966000797700388e-06, 1.404934609590035e-05, -8.298743706558313e-05, 0.0004210540724049245,
    -0.0019103663241497165, 0.007715388739097413, -0.027354643121247014, 0.08358364171386276,
    -0.21492936514590216, 0.45135166683780026, -0.7522527780636709, 1.1283791670955126,
)  # fmt: skip
"""erf(x) / x as a polynomial in x**2 / 2 for |x| <= 1: to 7e-18."""

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
        return torch.where(near, inside * self._polynomial(0.5 * (inside * inside), ERF), outside)

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
        rest = self._polynomial(t - 0.5, TAIL) - share * product_error(size, size)
        return t * torch.exp(-share * square) * torch.exp(rest)

    def _polynomial(self, x: Tensor, coefficients: Sequence[float]) -> Tensor:
        total = self._tensor(coefficients[0])
        for coefficient in coefficients[1:]:
            total = total * x + coefficient
        return total
