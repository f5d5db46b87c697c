"""Initialising a model: looking at what follows what, deciding, drawing, reporting."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from actlab.init.arguments import as_generator, call_with, check_choice, check_model
from actlab.init.gain import InitMode
from actlab.init.graph import Graph
from actlab.init.isolation import unchanged
from actlab.init.layers import Layer
from actlab.init.leftover import leftovers
from actlab.init.naming import Named, recognise
from actlab.init.plan import (
    Choice,
    Residual,
    Settings,
    Untraced,
    embedding_weights,
    instability,
    plan,
)
from actlab.init.report import InitReport, Row
from actlab.init.trace import trace
from actlab.init.tree import tree

Distribution: TypeAlias = Literal["normal", "uniform", "orthogonal"]
Fan: TypeAlias = Literal["in", "out", "average"]


def init_(
    model: nn.Module,
    act: Named | None = None,
    mode: InitMode = "auto",
    *,
    example_inputs: Any = None,
    distribution: Distribution = "normal",
    fan: Fan = "in",
    residual: Residual = "scale",
    untraced: Untraced = "error",
    generator: torch.Generator | int | None = None,
) -> InitReport:
    """Initialise a model's linear layers in place, each for the activation that follows it.

    Weights get variance ``sigma_w^2 / fan`` and biases ``sigma_b^2``. What follows a layer is
    seen in one run on ``example_inputs``: through modules and the model's own code, functions
    and methods of torch and actlab, norms, dropout, pooling and reshapes. Without an example
    only the order inside ``nn.Sequential`` is certain, and no other is assumed.

    * An activation follows: its gain, in ``"auto"`` as ``recommended`` says. Behind a norm the
      weight's scale does not reach the activation; there it is the centred gain (batch and
      instance norm) or the forward gain (others), so that the norm has nothing to do at first.
    * A gate follows (GLU and its kin): in every mode the gain at which the product of gate and
      value has second moment 1.
    * The end of a residual branch: 1, divided by the square root of the number of branches in
      sequence, as GPT-2 does; ``residual="zero"`` instead, as Fixup does. If a norm ends the
      branch, the norm's weight takes that factor.
    * Nothing elementwise follows (outputs, attention, the residual stream): 1.
    * k values summed before anything else happens: all that, divided by sqrt(k).

    Frozen layers, embeddings and layers tied to them, recurrent layers, norms, activations and
    whatever is no linear layer stay as they are. All of them are in the report; nothing that
    it does not say was changed.

    Args:
        model: any module, with real (not lazy, not meta) parameters.
        act: use this activation's gain wherever an activation follows, or, without an example,
            wherever it is unknown what follows. Default: None, each layer's own.
        mode: ``"auto"``, ``"forward"``, ``"centred"``, ``"backward"`` (biases 0), or
            ``"critical"``. Default: ``"auto"``.
        example_inputs: a tensor, a tuple of positional arguments or a dict of keyword arguments
            to call the model with. The run leaves buffers and random state as they are.
        distribution: ``"normal"``, ``"uniform"``, or ``"orthogonal"`` (rows or columns, scaled
            to the same variance). Default: ``"normal"``.
        fan: ``"in"``, ``"out"`` or ``"average"``. Default: ``"in"``.
        residual: ``"scale"``, ``"zero"`` or ``"keep"``. Default: ``"scale"``.
        untraced: without an example, what to do with layers of which it is not certain what
            follows: ``"error"`` or ``"leave"``. Default: ``"error"``.
        generator: draws everything; an integer seeds a new one. Default: None, torch's own.

    Returns:
        The report; print it.

    Raises:
        ValueError: an unknown option, lazy or meta parameters, a layer of which it is not
            certain what follows, or no critical point in mode ``"critical"``. Nothing has been
            changed then.
        TypeError: the model is not a module.

    References:
        He et al. 2015 (arXiv:1502.01852); Schoenholz et al. 2017 (arXiv:1611.01232); Zhang,
        Dauphin, Ma 2019, Fixup (arXiv:1901.09321); Radford et al. 2019, GPT-2; Goyal et al. 2017
        (arXiv:1706.02677) for the norm's weight at the end of a branch.

    Example:
        >>> import torch, actlab
        >>> from torch import nn
        >>> from actlab import init
        >>> model = nn.Sequential(nn.Linear(64, 64), actlab.nn.ELU(), nn.Linear(64, 1))
        >>> report = init.init_(model, generator=0)
        >>> [(row.name, row.followed_by, round(row.sigma_w, 4)) for row in report.rows]
        [('0', 'elu(alpha=1)', 1.2234), ('2', 'nothing (output)', 1.0)]
    """
    check_choice("mode", mode, get_args(InitMode))
    check_choice("distribution", distribution, get_args(Distribution))
    check_choice("fan", fan, get_args(Fan))
    check_choice("residual", residual, get_args(Residual))
    check_choice("untraced", untraced, get_args(Untraced))
    check_model(model)
    settings = Settings(None if act is None else recognise(act), mode, residual, untraced)
    generator = as_generator(generator)
    graph = _look(model, example_inputs)
    choices = plan(graph, settings, embedding_weights(model, graph))
    rows = [
        row for choice in choices for row in _carry_out(model, choice, distribution, fan, generator)
    ]
    rows += leftovers(model, graph, {row.name for row in rows}, choices)
    notes = instability(choices, graph)
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return InitReport(tuple(rows), graph.used_by is not None, distribution, fan, tuple(notes))


def _look(model: nn.Module, example_inputs: Any) -> Graph:
    """The graph of a run, or of the tree of modules without an example."""
    if example_inputs is None:
        return tree(model)
    args, kwargs = call_with(example_inputs)
    with torch.no_grad(), unchanged(model):
        return trace(model, args, kwargs)[0]


def _carry_out(
    model: nn.Module,
    choice: Choice,
    distribution: Distribution,
    fan: Fan,
    generator: torch.Generator | None,
) -> list[Row]:
    """Set one layer as planned; the rows that say so."""
    layer, sigma_w = choice.layer, choice.gain * choice.scale
    shape = tuple(layer.weight.shape)
    left = choice.left
    if not left:
        fans = {"in": layer.fan_in, "out": layer.fan_out}
        size = fans.get(fan, (layer.fan_in + layer.fan_out) / 2)
        values = drawn(layer, sigma_w / math.sqrt(size), distribution, generator)
        left = _assign(layer, values)
    if left:
        row = Row(layer.name, shape, choice.followed_by, "-", None, 1.0, None, None, "left", left)
        return [row]
    bias, sigma_b = layer.bias, None
    if isinstance(bias, nn.Parameter) and bias.requires_grad:
        sigma_b = choice.sigma_b
        noise = torch.zeros(bias.shape)
        if sigma_b:
            noise = torch.randn(bias.shape, generator=generator) * sigma_b
        with torch.no_grad():
            bias.copy_(noise)
    row = Row(
        layer.name,
        shape,
        choice.followed_by,
        choice.mode,
        choice.gain,
        choice.scale,
        sigma_w,
        sigma_b,
        "set",
        choice.note,
    )
    return [row, *_norm_row(model, choice)]


def _norm_row(model: nn.Module, choice: Choice) -> list[Row]:
    """The norm at the end of a residual branch, with its factor."""
    if choice.norm is None or choice.norm_scale == 1.0:
        return []
    name = choice.norm.name
    weight = getattr(dict(model.named_modules()).get(name), "weight", None)
    if not isinstance(weight, nn.Parameter) or not weight.requires_grad:
        note = "it ends a residual branch and has no weight to scale it by"
        return [Row(name, (), "end of a residual branch", "-", None, 1.0, None, None, "left", note)]
    with torch.no_grad():
        weight.fill_(choice.norm_scale)
    note = f"all its weights are {choice.norm_scale:.4g}: it ends a residual branch"
    shape = tuple(weight.shape)
    words = "end of a residual branch"
    return [Row(name, shape, words, "unit", 1.0, choice.norm_scale, None, None, "set", note)]


def drawn(
    layer: Layer, std: float, distribution: Distribution, generator: torch.Generator | None
) -> Tensor:
    """A weight of the layer's shape with entries of this standard deviation, in float32."""
    shape = layer.weight.shape
    device = generator.device if generator is not None else torch.device("cpu")
    if std == 0:
        return torch.zeros(shape)
    if distribution == "uniform":
        unit = torch.rand(shape, generator=generator, device=device) * 2 - 1
        return unit * (std * math.sqrt(3))
    normal = torch.randn(shape, generator=generator, device=device)
    if distribution == "normal":
        return normal * std
    rows = normal if layer.out_first else normal.transpose(0, 1)
    matrix = rows.reshape(rows.shape[0], -1)
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    q, r = torch.linalg.qr(tall)
    q = q * r.diagonal().sign()  # so that every orthogonal matrix is equally likely
    q = q if tall is matrix else q.T
    unit = (q * math.sqrt(max(matrix.shape))).reshape(rows.shape)
    return (unit if layer.out_first else unit.transpose(0, 1)) * std


def _assign(layer: Layer, values: Tensor) -> str:
    """Put a weight in place; why that is not possible, or an empty string."""
    weight = layer.weight
    values = values.to(weight.device, weight.dtype)
    if layer.owner is None:
        with torch.no_grad():
            weight.copy_(values)
        return ""
    originals = layer.parameters()
    before = [parameter.detach().clone() for parameter in originals]
    problem = ""
    with torch.no_grad():
        try:
            layer.owner.weight = values
        except (NotImplementedError, RuntimeError, ValueError) as error:
            problem = f"its parametrization takes no weight: {error}"
        held: Any = layer.owner.weight
        if not problem and not torch.allclose(held, values, rtol=1e-3, atol=1e-6):
            problem = "its parametrization does not hold the weight it is given"
        if problem:
            for parameter, value in zip(originals, before, strict=True):
                parameter.copy_(value)
    return problem
