"""ELU at 0: kinks, one-sided slopes, how smooth it is beside others; its steepest slope."""

from __future__ import annotations

import math
from types import MappingProxyType

import torch
from torch.nn import functional as native

from actlab.lab.claims.exact.functions import Functions
from actlab.lab.claims.exact.verdict import (
    ExactVerdict,
    Fact,
    close,
    quantified,
    same,
    settled,
)

ALPHAS = (0.5, 1.0, 2.0)


def smoother_than_relu(using: Functions) -> ExactVerdict:
    """E1: ELU's class of smoothness beside ReLU's."""
    return _smoother(
        using, "E1", "relu", "ReLU", "its second derivative jumps at 0 from alpha to 0 even then"
    )


def smoother_than_leaky(using: Functions) -> ExactVerdict:
    """E17: ELU's class of smoothness beside leaky ReLU's."""
    return _smoother(
        using, "E17", "leaky_relu", "leaky ReLU", "for any other alpha both have a kink at 0"
    )


def differentiable(using: Functions) -> ExactVerdict:
    """E13: differentiable everywhere."""
    facts, holds = _kinks(using)
    return ExactVerdict(
        "E13",
        quantified(holds),
        f"At 0 the slopes are alpha from the left and 1 from the right, so it is differentiable "
        f"for alpha = 1 only ({sum(holds)} of {len(holds)} values looked at).",
        facts,
    )


def no_kink(using: Functions) -> ExactVerdict:
    """E14: no kink at 0."""
    facts, holds = _kinks(using)
    kink = using.joints("elu", alpha=0.5)[0].jump
    return ExactVerdict(
        "E14",
        quantified(holds),
        f"There is no kink for alpha = 1; for alpha = 0.5, which paragraph 31 recommends, the "
        f"slope jumps by {kink:g} at 0.",
        facts,
    )


def at_zero(using: Functions) -> ExactVerdict:
    """E74: continuous at 0, with slope 1."""
    facts: list[Fact] = []
    holds = []
    zeros = torch.tensor([0.0, -0.0])
    for alpha in ALPHAS:
        joint = using.joints("elu", alpha=alpha)[0]
        value = using.value("elu", 0.0, alpha=alpha)
        at = zeros.clone().requires_grad_()
        native.elu(at, alpha).sum().backward()
        slopes = {
            "actlab": using.gradient("elu", zeros, alpha=alpha),
            "torch": at.grad if at.grad is not None else zeros,
        }
        facts += [
            close(f"alpha = {alpha:g}: f(0)", value, 0.0),
            same(f"alpha = {alpha:g}: the value jumps at 0", joint.smoothness < 0, False),
            close(f"alpha = {alpha:g}: slope from the left", joint.left, alpha),
            close(f"alpha = {alpha:g}: slope from the right", joint.right, 1.0),
        ]
        facts += [
            same(
                f"alpha = {alpha:g}: slope by {who} at 0.0 and -0.0",
                str(s.tolist()),
                str([alpha] * 2),
            )
            for who, s in slopes.items()
        ]
        holds.append(value == 0 and joint.smoothness >= 0 and joint.left == joint.right == 1)
    return ExactVerdict(
        "E74",
        quantified(holds),
        "It is continuous at 0 for every alpha; the derivative there is 1 for alpha = 1 only. "
        "Elsewhere the slope jumps from alpha to 1, and PyTorch and actlab return alpha at 0.",
        tuple(facts),
    )


def steepest_slope(using: Functions) -> ExactVerdict:
    """E69: the largest slope for alpha <= 1."""
    ours = {alpha: using.shape("elu", alpha=alpha).lipschitz for alpha in (0.5, 1.0)}
    others = {name: using.shape(name).lipschitz for name in ("relu", "tanh", "softplus", "powerlu")}
    more = using.shape("elu", alpha=2.0).lipschitz
    return ExactVerdict(
        "E69",
        settled(max(ours.values()) <= 1),
        "For alpha <= 1 the slope never exceeds 1; but neither does that of ReLU, tanh, Softplus "
        f"or PowerLU with p = 2. For alpha = 2 it reaches {more:g}.",
        (
            *(close(f"alpha = {alpha:g}: largest slope", s, 1.0) for alpha, s in ours.items()),
            *(close(f"largest slope of {name}", slope, 1.0) for name, slope in others.items()),
            close("alpha = 2: largest slope", more, 2.0),
        ),
    )


def lipschitz(using: Functions) -> ExactVerdict:
    """E107: whether ELU is Lipschitz continuous."""
    constants = [using.shape("elu", alpha=alpha).lipschitz for alpha in ALPHAS]
    facts = [
        close(f"alpha = {alpha:g}: smallest Lipschitz constant", constant, max(1.0, alpha))
        for alpha, constant in zip(ALPHAS, constants, strict=True)
    ]
    grows = not all(math.isfinite(constant) for constant in constants)
    return ExactVerdict(
        "E107",
        settled(grows),
        "No 'sort of': it is Lipschitz with the constant max(1, alpha). The exponential is used "
        "below 0 only, where it is at most 1.",
        tuple(facts),
    )


def _kinks(using: Functions) -> tuple[tuple[Fact, ...], list[bool]]:
    facts, holds = [], []
    for alpha in ALPHAS:
        joint = using.joints("elu", alpha=alpha)[0]
        facts.append(close(f"alpha = {alpha:g}: jump of the slope at 0", joint.jump, 1 - alpha))
        holds.append(joint.jump == 0 and joint.smoothness >= 1)
    return tuple(facts), holds


def _smoother(
    using: Functions, claim: str, other: str, its_title: str, remark: str
) -> ExactVerdict:
    theirs = using.smoothness(other)
    facts = [close(f"{its_title}: k of C^k", theirs, 0)]
    holds = []
    for alpha in ALPHAS:
        ours = using.smoothness("elu", alpha=alpha)
        facts += [
            close(f"alpha = {alpha:g}: k of C^k", ours, 1 if alpha == 1 else 0),
            close(
                f"alpha = {alpha:g}: f'' just below 0",
                using.curvature("elu", -1e-20, alpha=alpha),
                alpha,
            ),
            close(
                f"alpha = {alpha:g}: f'' just above 0",
                using.curvature("elu", 1e-20, alpha=alpha),
                0.0,
                absolute=1e-15,
            ),
        ]
        holds.append(ours > theirs)
    return ExactVerdict(
        claim,
        quantified(holds),
        f"Smoother than {its_title} for alpha = 1 (once continuously differentiable, against not "
        f"at all); {remark}.",
        tuple(facts),
    )


CHECKS = MappingProxyType(
    {
        "E1": smoother_than_relu,
        "E13": differentiable,
        "E14": no_kink,
        "E17": smoother_than_leaky,
        "E69": steepest_slope,
        "E74": at_zero,
        "E107": lipschitz,
    }
)
