"""ELU in number formats: where gradients underflow, where naive code loses digits or gives NaN."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType

import mpmath
import torch
from torch import Tensor
from torch.nn import functional as native

from actlab.lab.claims.exact import formats, written
from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    at_least,
    at_most,
    close,
    quantified,
    same,
    settled,
)

LOW = -20.0
"""Where inputs are clipped."""

DRAWS = 20_000


def positive_slope(using: Functions) -> ExactVerdict:
    """E3: a slope above 0 everywhere below 0."""
    return _never_zero(
        using,
        "E3",
        "In real numbers the slope is positive everywhere below 0; in every number format it is "
        "exactly 0 from some point on",
    )


def never_hits_zero(using: Functions) -> ExactVerdict:
    """E28: alpha e^x never is 0."""
    return _never_zero(
        using,
        "E28",
        "In real numbers e^x never is 0; in every number format the gradient is exactly 0 from "
        "some point on",
    )


def clipping(using: Functions) -> ExactVerdict:
    """E38: what clipping inputs at -20 changes."""
    facts: list[Fact] = []
    unchanged = []
    for dtype in formats.FORMATS:
        x = -formats.sizes(dtype)
        x = x[x >= -torch.finfo(dtype).max]
        differ = formats.share_unequal(using.call("elu", x.clamp(min=LOW)), using.call("elu", x))
        unchanged.append(differ == 0)
        facts.append(
            same(
                f"{formats.title(dtype)}: values are the same bits",
                unchanged[-1],
                dtype != torch.float64,
            )
        )
    lost = using.slope("elu", LOW)
    facts.append(close("largest slope that clipping turns into 0", lost, math.exp(LOW)))
    return ExactVerdict(
        "E38",
        quantified(unchanged),
        f"Values stay the same to the last bit in {sum(unchanged)} of {len(unchanged)} formats, "
        "all but float64: below -20 they are -alpha anyway. Gradients change by at most "
        f"{lost:.1e}. What time it saves is measured (T23).",
        tuple(facts),
    )


def subtracting_one(using: Functions) -> ExactVerdict:
    """E49: exp(x) - 1 for small x."""
    worst, errors = {}, {}
    for dtype, places in (
        (torch.float64, (-1e-3, -1e-12, -1e-17)),
        (torch.float32, (-1e-5, -1e-6, -1e-7, -1e-8)),
    ):
        x = torch.tensor(places, dtype=dtype)
        exact = torch.expm1(x.double())
        errors[dtype] = ((written.elu(x).double() - exact) / exact).abs()
        ours = ((using.call("elu", x).double() - exact) / exact).abs().max()
        worst[dtype] = float(ours) / torch.finfo(dtype).eps
    double, single = errors[torch.float64], errors[torch.float32]
    facts = (
        at_most("float64: relative error at -1e-3", double[0], 1e-12),
        close("float64: relative error at -1e-17", double[2], 1.0),
        at_least("float32: relative error at -1e-7", single[2], 1e-2),
        close("float32: relative error at -1e-8", single[3], 1.0),
        at_most("actlab, float64: largest relative error in eps", worst[torch.float64], 2.0),
        at_most("actlab, float32: largest relative error in eps", worst[torch.float32], 1.0),
    )
    good = [float(error) < 1e-3 for error in torch.cat([double, single])]
    return ExactVerdict(
        "E49",
        quantified(good),
        "Right away from 0, and to about 1e-16 in absolute terms; but near 0 the digits cancel: in "
        f"float32 the relative error is {single[1]:.1%} at -1e-6, {single[2]:.1%} at -1e-7 and "
        f"{single[3]:.0%} at -1e-8, where the result is 0. expm1 has no such loss.",
        facts,
    )


def vectorised(using: Functions) -> ExactVerdict:
    """E50: torch.where around both branches, forward and backward."""
    facts: list[Fact] = []
    places = []
    for dtype in formats.FORMATS:
        first = formats.first(lambda x: written.gradient(written.elu, x).isnan(), dtype, 1)
        # exp overflows, and infinity times the branch's gradient of 0 is NaN.
        limit = math.log(float(torch.finfo(dtype).max) * (1 + torch.finfo(dtype).eps / 4))
        places.append(first if first is not None else math.inf)
        facts.append(
            close(f"{formats.title(dtype)}: NaN gradients from x =", places[-1],
                  formats.rounded_out(limit, dtype))
        )  # fmt: skip
    x = torch.linspace(-20.0, 20.0, 10_001, dtype=torch.float64)
    apart = float((written.elu(x) - using.call("elu", x)).abs().max())
    facts.append(at_most("values, float64: largest difference from actlab's", apart, 3e-16))
    far = torch.tensor([100.0, 1e4])
    kept = bool(torch.isfinite(using.gradient("elu", far)).all())
    facts.append(same("actlab's gradients at 100 and 1e4 are finite", kept, True))
    return ExactVerdict(
        "E50",
        quantified((apart < 3e-16, not any(math.isfinite(place) for place in places))),
        "Forward it works. Backward, gradients are NaN for large positive x, where the exponential "
        f"of the branch not taken overflows: from {places[1]:.2f} in float32 and "
        f"{places[2]:.2f} in float16.",
        tuple(facts),
    )


def standard_library(using: Functions) -> ExactVerdict:
    """E51: ELU with Python's math module alone."""
    x = torch.linspace(-40.0, 5.0, 2_001, dtype=torch.float64)
    plain = [at if at > 0 else math.expm1(at) for at in x.tolist()]
    apart = float((using.call("elu", x) - torch.tensor(plain, dtype=torch.float64)).abs().max())
    facts = (at_most("math.expm1 against actlab: largest difference", apart, 3e-16),)
    return ExactVerdict(
        "E51",
        settled(facts[0].agrees),
        "None are needed: math.expm1 of the standard library gives the same values to "
        f"{apart:.1g}.",
        facts,
    )


def stress_test(using: Functions) -> ExactVerdict:
    """E77: finite values and gradients for every finite input."""
    implementations: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
        "torch": (native.elu, lambda x: written.gradient(native.elu, x)),
        "actlab": (
            lambda x: using.call("elu", x),
            lambda x: using.gradient("elu", x),
        ),
        "naive": (written.elu, lambda x: written.gradient(written.elu, x)),
    }
    finite = dict.fromkeys(implementations, True)
    for dtype in formats.FORMATS:
        positive = formats.sizes(dtype, DRAWS)
        x = torch.cat([-positive, positive])
        for name, (value, slope) in implementations.items():
            finite[name] &= bool(torch.isfinite(value(x)).all() and torch.isfinite(slope(x)).all())
    facts = [
        same(f"{name}: value and gradient finite for every finite input", held, name != "naive")
        for name, held in finite.items()
    ]
    return ExactVerdict(
        "E77",
        quantified(finite.values()),
        "PyTorch's ELU and actlab's hold up: finite values and gradients for every finite input "
        "tried, in four formats (all there are, for 16 bits). Code with torch.where as in E50 "
        "does not.",
        tuple(facts),
    )


def small_leak(using: Functions) -> ExactVerdict:
    """E75: alpha x for small negative x."""
    facts: list[Fact] = []
    exact = True
    for alpha in (0.5, 1.0, 2.0):
        with mpmath.workdps(60):
            places = [-(mpmath.mpf(10) ** -k) for k in (1, 3, 6, 9, 12)]
            worst = max(
                abs(using.exact_value("elu", x, alpha=alpha) / (alpha * x) - 1) / abs(x)
                for x in places
            )
        facts.append(at_most(f"alpha = {alpha:g}: |f / (alpha x) - 1| / |x|", worst, 0.5))
        exact &= facts[-1].agrees
    x = torch.tensor([-1e-7, -1e-8])
    off = (written.elu(x) / x - 1).abs()
    ours = (using.call("elu", x) / x - 1).abs().max()
    facts += [
        at_least("float32, exp(x) - 1: the same distance at -1e-7, relative", float(off[0]), 1e-2),
        at_most("float32, actlab: the same", float(ours), 1.2e-7),
    ]
    return ExactVerdict(
        "E75",
        quantified((exact, bool((off <= x.abs() / 2).all()))),
        "As mathematics: f is alpha x up to a relative |x| / 2. The code of paragraph 13 is not: "
        f"in float32 it is off by {float(off[0]):.0%} at -1e-7 and returns 0 at -1e-8.",
        tuple(facts),
    )


def _never_zero(using: Functions, claim: str, sentence: str) -> ExactVerdict:
    """Whether the slope is positive in real numbers and in every format."""
    facts: list[Fact] = []
    exact = all(using.exact_slope("elu", -(10.0**k)) > 0 for k in range(-3, 6))
    facts.append(same("in 90 digits the slope is positive down to -1e5", exact, True))
    gone, kept = {}, {}
    for dtype in formats.FORMATS:
        info, title = torch.finfo(dtype), formats.title(dtype)
        gone[dtype] = _first(lambda x: using.gradient("elu", x) == 0, dtype)
        kept[dtype] = _first(lambda x: using.gradient("elu", x, save="output") == 0, dtype)
        # Half the smallest subnormal number, and half the spacing of numbers just below 1.
        underflow = math.log(info.tiny) + math.log(info.eps) - math.log(2)
        absorbed = math.log(info.eps / 4)
        for source, place, limit in (("input", gone, underflow), ("output", kept, absorbed)):
            expected = formats.rounded_out(limit, dtype)
            # Double precision sums to 4 ulp, not correctly rounded.
            slack = 0.01 if dtype == torch.float64 and source == "output" else 1e-15
            name = f"{title}: gradient from the {source} is 0 from x ="
            facts.append(close(name, place[dtype], expected, relative=slack))
    inplace = _first(_inplace_is_gone, torch.float32)
    facts.append(at_least("float32: torch in place is 0 from x =", inplace, math.log(2.0**-25)))
    return ExactVerdict(
        claim,
        quantified((exact, *(math.isnan(place) for place in gone.values()))),
        f"{sentence}: x = {gone[torch.float32]:.2f} in float32, {gone[torch.float16]:.2f} in "
        f"float16, {gone[torch.bfloat16]:.2f} in bfloat16; and where only the output is kept, as "
        f"in place, from {inplace:.2f} (PyTorch, float32) and {kept[torch.bfloat16]:.2f} "
        "(bfloat16).",
        tuple(facts),
    )


def _first(holds: Callable[[Tensor], Tensor], dtype: torch.dtype) -> float:
    """The first number below 0 from which a predicate holds; NaN where it never does."""
    found = formats.first(holds, dtype, -1)
    return math.nan if found is None else found


def _inplace_is_gone(x: Tensor) -> Tensor:
    at = x.detach().clone().requires_grad_()
    y = native.elu(at * 1, inplace=True)
    (slope,) = torch.autograd.grad(y, at, torch.ones_like(y))
    return slope == 0


CHECKS = MappingProxyType(
    {
        "E3": positive_slope,
        "E28": never_hits_zero,
        "E38": clipping,
        "E49": subtracting_one,
        "E50": vectorised,
        "E51": standard_library,
        "E75": small_leak,
        "E77": stress_test,
    }
)
