"""One call as the runtime carries it out: what to compute, from what, with which kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from actlab.core import Activation
from actlab.core.spec import Formula
from actlab.interpret.dual import partial_formula

Form = Literal["input", "output"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What is known of a call besides its tensors.

    Args:
        activation: the definition.
        form: what backward works from.
        channel_dim: the dimension along which per-channel parameters lie.
        params: every parameter by name: a number, or None for one given as a tensor.
        kernel: ``native.Kernel`` or ``gpu.launch.TritonKernel``, or None for the formula.
        numbers: the parameters, when all are numbers and compiled functions take them as such.
    """

    activation: Activation
    form: Form
    channel_dim: int
    params: Mapping[str, float | None]
    kernel: Any
    numbers: tuple[float, ...] | None = None

    def bound(self, tensors: tuple[Tensor, ...]) -> dict[str, Any]:
        """Every parameter by name, the tensors in their places."""
        given = iter(tensors)
        return {
            name: next(given) if value is None else value for name, value in self.params.items()
        }

    def wanted(self, needed: tuple[bool, ...]) -> list[str]:
        """The names of those tensor parameters for which a gradient is needed."""
        tensors = [name for name, value in self.params.items() if value is None]
        return [name for name, need in zip(tensors, needed, strict=True) if need]

    def formulas(self, wants_x: bool, wanted: list[str]) -> dict[str | None, Formula]:
        """The derivative formula for the input (key None) and for each wanted parameter."""
        output = self.activation.from_output
        if self.form == "output" and output is not None:
            slope = output.derivative
            partials = {name: output.partials[name] for name in wanted}
        else:
            slope = self.activation.derivative
            forward = self.activation.forward
            partials = {name: partial_formula(forward, name) for name in wanted}
        return ({None: slope} if wants_x else {}) | partials
