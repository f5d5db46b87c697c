"""Findings about a model as a whole: gradients and signals by depth, where NaN began."""

from __future__ import annotations

import math

from actlab.diagnose.report import SiteReport, Verdict

DECADES = 3.5
"""Powers of ten by which a gradient or signal may change from the first site to the last."""

WORTH_A_NOTE = 2.5


def judge_model(sites: tuple[SiteReport, ...]) -> tuple[Verdict, ...]:
    """The findings about the model as a whole."""
    found = [verdict for verdict in (_depth(sites), _signal(sites)) if verdict is not None]
    bad = [s for s in sites if s.nonfinite_step is not None]
    if bad:
        step = min(s.nonfinite_step for s in bad if s.nonfinite_step is not None)
        first = next(s for s in bad if s.nonfinite_step == step)
        found.insert(0, Verdict("alarm", "nonfinite", f"NaN or infinity first at {first.name}"))
    return tuple(found)


def _depth(sites: tuple[SiteReport, ...]) -> Verdict | None:
    known = [s for s in sites if s.gradient_norm is not None]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    if not (first.gradient_norm and last.gradient_norm):
        if last.gradient_norm and first.gradient_norm == 0:
            return Verdict(
                "alarm", "vanishing", f"no gradient at all reaches {first.name}",
                "see the findings of the sites between; initialise for the activations",
            )  # fmt: skip
        return None
    return _change(
        math.log10(first.gradient_norm / last.gradient_norm),
        f"the gradient at {first.name} is 10^{{:.1f}} times that at {last.name}",
    )


def _signal(sites: tuple[SiteReport, ...]) -> Verdict | None:
    if len(sites) < 2:
        return None
    first, last = sites[0], sites[-1]
    sizes = [math.hypot(s.input_mean, s.input_std) for s in (first, last)]
    if not all(0 < size < math.inf for size in sizes):
        return None
    return _change(
        math.log10(sizes[1] / sizes[0]),
        f"the signal at {last.name} is 10^{{:.1f}} times that at {first.name}",
    )


def _change(decades: float, text: str) -> Verdict | None:
    if abs(decades) < WORTH_A_NOTE:
        return None
    fault = "exploding" if decades > 0 else "vanishing"
    level = "alarm" if abs(decades) >= DECADES else "note"
    return Verdict(
        level, fault, f"{fault}: {text.format(decades)}",
        "initialise for the activations, or normalise between layers",
        "actlab.init.init_(model, example_inputs=example_inputs)",
    )  # fmt: skip
