"""Measuring what an initialisation gives, against what mean-field theory expects of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from actlab.init.arguments import as_generator, call_with, check_model
from actlab.init.field import predict, squared_norm_weights
from actlab.init.graph import Node
from actlab.init.isolation import unchanged
from actlab.init.layers import mean_square
from actlab.init.operations import tensors
from actlab.init.report import number, table
from actlab.init.trace import trace


@dataclass(frozen=True, slots=True)
class Measured:
    """One use of one layer.

    Attributes:
        name: of the layer.
        mean, variance: of the entries of its output.
        square: their second moment.
        predicted: the second moment that mean-field theory expects; None where it cannot tell.
        gradient: the mean squared gradient of its output, for N(0, 1) cotangents of the model's
            outputs; None where no gradient flows.
        predicted_gradient: what mean-field theory expects of it.
    """

    name: str
    mean: float
    variance: float
    square: float
    predicted: float | None
    gradient: float | None
    predicted_gradient: float | None

    @property
    def forward_departure(self) -> float:
        """log10 of measured over predicted second moment; NaN without a prediction."""
        return _decades(self.square, self.predicted)

    @property
    def backward_departure(self) -> float:
        """log10 of measured over predicted squared gradient; NaN without a prediction."""
        return _decades(self.gradient, self.predicted_gradient)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``check`` measured; ``print`` shows it as a table.

    Attributes:
        rows: one for every use of every layer, in the order of execution.
    """

    rows: tuple[Measured, ...]

    @property
    def gradient_ratio(self) -> float:
        """log10 of the squared gradient at the first layer over that at the last."""
        found = [row.gradient for row in self.rows if row.gradient is not None]
        return _decades(found[0], found[-1]) if found else math.nan

    @property
    def predicted_gradient_ratio(self) -> float:
        """The same for the predicted gradients; NaN where they are not known."""
        first, last = self.rows[0], self.rows[-1]
        return _decades(first.predicted_gradient, last.predicted_gradient)

    def departures(self, decades: float = 0.5) -> list[Measured]:
        """The rows where measurement and prediction differ by more than so many decades."""
        return [
            row
            for row in self.rows
            if abs(row.forward_departure) > decades or abs(row.backward_departure) > decades
        ]

    def __str__(self) -> str:
        head = ("layer", "mean", "variance", "E y^2", "predicted", "E grad^2", "predicted")
        lines = [
            (
                row.name or "(model)",
                number(row.mean),
                number(row.variance),
                number(row.square),
                number(row.predicted),
                number(row.gradient),
                number(row.predicted_gradient),
            )
            for row in self.rows
        ]
        expected = self.predicted_gradient_ratio
        told = "not predictable" if math.isnan(expected) else f"10^{expected:.2f} predicted"
        ratio = f"10^{self.gradient_ratio:.2f} measured, {told}"
        title = f"squared gradient, first layer over last: {ratio}"
        return f"{title}\n{table(head, lines)}"


def check(
    model: nn.Module,
    example_inputs: Any,
    *,
    generator: torch.Generator | int | None = 0,
) -> CheckReport:
    """Measure signal and gradient at every layer of a model as it stands.

    The model is run once forward and once backward from random cotangents. Weights, gradients,
    buffers, training mode and random state are left as they are.

    Args:
        model: any module.
        example_inputs: a tensor, a tuple of positional arguments or a dict of keyword arguments.
            Real data, or N(0, 1) numbers, a few dozen rows: the prediction starts from the
            second moment of these.
        generator: draws the cotangents; an integer seeds a new one. Default: 0.

    Returns:
        The report. Predictions hold for wide networks with independent random weights; a layer
        of width n fluctuates by about sqrt(2 / n) of its second moment, and depth adds up
        these fluctuations.

    Raises:
        ValueError: lazy or meta parameters, or a model that uses no layer.

    Reference:
        Schoenholz et al. 2017, arXiv:1611.01232.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab import init
        >>> model = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256))
        >>> _ = init.init_(model, generator=0)
        >>> found = init.check(model, torch.ones(1, 256))
        >>> round(found.rows[0].predicted, 1), found.departures(decades=0.5)
        (2.0, [])
    """
    check_model(model)
    probe = _Probe()
    args, kwargs = call_with(example_inputs)
    with torch.enable_grad(), unchanged(model):
        args, kwargs = _fresh(args), {name: _fresh(value) for name, value in kwargs.items()}
        graph, result = trace(model, args, kwargs, probe)
        _backward(model, (args, kwargs), result, as_generator(generator))
    if not probe.seen:
        raise ValueError("the model uses no linear layer on these inputs")
    prediction = predict(graph, probe.received, squared_norm_weights(dict(model.named_modules())))
    rows = []
    for node, (mean, square) in probe.seen.items():
        expected = prediction.forward.get(node)
        rows.append(
            Measured(
                node.name,
                mean,
                square - mean**2,
                square,
                None if expected is None else expected.square,
                probe.gradients.get(node),
                prediction.backward.get(node),
            )
        )
    return CheckReport(tuple(rows))


class _Probe:
    """Looks at every layer's input, output and gradient as they pass."""

    def __init__(self) -> None:
        self.received: dict[Node, float] = {}
        self.seen: dict[Node, tuple[float, float]] = {}
        self.gradients: dict[Node, float] = {}

    def __call__(self, node: Node, x: Tensor, compute: Callable[[], Tensor]) -> Tensor:
        if node.layer is not None and node.layer.adjustable:
            self.received[node] = mean_square(x)
        y = compute()
        self.seen[node] = (float(y.detach().double().mean()), mean_square(y))
        if y.requires_grad:
            # A hook set now sees the gradient of this value, whatever overwrites it in place.
            y.register_hook(lambda gradient: self.gradients.update({node: mean_square(gradient)}))
        return y


def _fresh(value: Any) -> Any:
    """Tensors as leaves of their own, so that what the caller holds gets no gradient."""
    if isinstance(value, Tensor):
        leaf = value.detach()
        return leaf.clone().requires_grad_() if leaf.is_floating_point() else leaf
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(_fresh(item) for item in value)
    return value


def _backward(
    model: nn.Module, inputs: Any, result: Any, generator: torch.Generator | None
) -> None:
    """Run back from N(0, 1) cotangents; gradients are seen by hooks and go nowhere else."""
    outputs = [t for t in tensors(result) if t.requires_grad and t.is_floating_point()]
    leaves = [t for t in tensors(inputs) if t.requires_grad]
    leaves += [p for p in model.parameters() if p.requires_grad]
    if not outputs or not leaves:
        return
    device = generator.device if generator is not None else torch.device("cpu")
    cotangents = [
        torch.randn(y.shape, generator=generator, device=device).to(y.device, y.dtype)
        for y in outputs
    ]
    torch.autograd.grad(outputs, leaves, cotangents, allow_unused=True)


def _decades(above: float | None, below: float | None) -> float:
    if above is None or below is None or not (above > 0 and below > 0):
        return math.nan
    return math.log10(above / below)
