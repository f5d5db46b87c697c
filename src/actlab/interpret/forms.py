"""The formulas of a definition that kernels compute, by key, for every printer of kernels."""

from __future__ import annotations

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.dual import partial_formula


def formulas(definition: Activation) -> dict[str, Formula]:
    """Every formula of a definition that kernels compute in double, by key."""
    output = definition.from_output
    forms = {"forward": definition.forward, "slope": definition.derivative}
    if output is not None:
        forms["slope_from_output"] = output.derivative
    for param in definition.params:
        forms[f"{param.name}_partial"] = partial_formula(definition.forward, param.name)
        if output is not None and param.name in output.partials:
            forms[f"{param.name}_partial_from_output"] = output.partials[param.name]
    return forms


def direct_formulas(definition: Activation) -> dict[str, Formula]:
    """The formulas used in single precision, by key."""
    direct, output = definition.direct, definition.from_output
    if direct is None:
        return {}
    forms = {"forward": direct.forward or definition.forward}
    own = all(
        formula is None
        for formula in (direct.forward, direct.derivative, direct.derivative_from_output)
    )
    if direct.derivative is not None or own:
        forms["slope"] = direct.derivative or definition.derivative
    if direct.derivative_from_output is not None:
        forms["slope_from_output"] = direct.derivative_from_output
    elif output is not None and own:
        forms["slope_from_output"] = output.derivative
    return forms


def half_formulas(definition: Activation) -> dict[str, Formula]:
    """The formulas that half types compute in single precision, by key."""
    half = definition.half_types
    if half is None:
        return {}
    own = {
        "forward": half.forward,
        "slope": half.derivative,
        "slope_from_output": half.derivative_from_output,
    }
    return {key: own.get(key) or formula for key, formula in formulas(definition).items()}
