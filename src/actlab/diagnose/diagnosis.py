"""Diagnosing a model as it stands: a few batches forward and backward, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from actlab.diagnose.monitor import Monitor
from actlab.diagnose.report import Report
from actlab.init.isolation import unchanged
from actlab.init.operations import tensors
from actlab.surgery.inputs import Inputs, as_inputs, fits
from actlab.surgery.tree import unwrapped

Loss = Callable[..., Tensor]


def diagnose(
    model: nn.Module,
    data: Any,
    *,
    loss: Loss | None = None,
    batches: int = 8,
    axes: Mapping[str, int] | None = None,
    generator: int = 0,
) -> Report:
    """Diagnose the activations of a model: dead, saturated, shifted, NaN, gradients by depth.

    The model is run forward and backward on each batch, in the mode it is in. Weights, their
    gradients, buffers, mode and random state are left as they are.

    Args:
        model: any module, compiled or wrapped ones too.
        data: a batch, or an iterable of batches such as a DataLoader or a list. A batch is what
            the model is called with: a tensor, a tuple of positional arguments, a mapping of
            keyword arguments. Of a pair (inputs, target) the model gets the inputs, if it takes
            no second argument or a ``loss`` is given.
        loss: ``loss(output, target)``, or ``loss(output)`` for batches without a target. None
            for an output's own ``loss`` attribute if there is one, else random cotangents, from
            which gradients are known up to a factor. Default: None.
        batches: how many are looked at, at most. Default: 8.
        axes: for sites by name or pattern, the dimension along which units lie, where what is
            found from the layers before is wrong. Default: none.
        generator: seed of the cotangents. Default: 0.

    Returns:
        The report: one record for every site, and verdicts.

    Raises:
        TypeError: ``model`` is no module, or ``axes`` no mapping to integers.
        ValueError: there is no batch, or the model cannot be run with one.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab.diagnose import diagnose
        >>> model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 2))
        >>> with torch.no_grad():
        ...     _ = model[0].bias[:5].fill_(-100)
        >>> report = diagnose(model, torch.randn(256, 16))
        >>> report["1"].dead, report["1"].dead_units, report.healthy
        (5, (0, 1, 2, 3, 4), False)
    """
    if isinstance(batches, bool) or not isinstance(batches, int) or batches < 1:
        raise ValueError(f"batches must be an integer of at least 1, got {batches!r}")
    inner = unwrapped(model)
    watching = Monitor(model, every=1, axes=axes, evaluation=True)
    draws = torch.Generator().manual_seed(generator)
    count = 0
    with torch.enable_grad(), unchanged(inner), watching:
        for batch in islice(_batches(data), batches):
            _one(model, batch, loss, draws)
            count += 1
    if not count:
        raise ValueError("data holds no batch")
    return watching.summary(count, (None, None, None), given_loss=loss is not None)


def _batches(data: Any) -> Iterator[Any]:
    """The batches of what a caller gave: one, or an iterable of them."""
    if data is None or isinstance(data, Tensor | tuple | Mapping | Inputs | str):
        yield data
    elif isinstance(data, Iterable):
        yield from data
    else:
        yield data


def _one(model: nn.Module, batch: Any, loss: Loss | None, draws: torch.Generator) -> None:
    inputs, target = split(unwrapped(model), batch, loss is not None)
    leaves: list[Tensor] = [p for p in model.parameters() if p.requires_grad]
    fresh = _Fresh(wanted=not leaves)
    inputs = Inputs(fresh.of(inputs.args), {k: fresh.of(v) for k, v in inputs.kwargs.items()})
    try:
        output = model(*inputs.args, **inputs.kwargs)
    except Exception as error:  # somebody's code, which may raise anything
        text = str(error).strip() or "no message"
        raise ValueError(
            f"the model cannot be run with the data: {type(error).__name__}: {text}"
        ) from error
    _backward(leaves or fresh.leaves, output, _loss_of(output, target, loss), draws)


def split(model: nn.Module, batch: Any, has_loss: bool) -> tuple[Inputs, tuple[Any, ...]]:
    """What of a batch is the model's, and what is the loss's."""
    pair = isinstance(batch, list | tuple) and not hasattr(batch, "_fields") and len(batch) == 2
    if pair:
        whole = Inputs(tuple(batch))
        if has_loss or fits(model, whole) is False:
            return as_inputs(model, batch[0]), (batch[1],)
    if isinstance(batch, list):  # what a DataLoader makes of a tuple
        batch = tuple(batch)
    return as_inputs(model, batch), ()


def _loss_of(output: Any, target: tuple[Any, ...], loss: Loss | None) -> Tensor | None:
    if loss is not None:
        value = loss(output, *target)
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ValueError(f"loss must return a tensor with one element, got {value!r}")
        return value
    own = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    return own if isinstance(own, Tensor) and own.requires_grad else None


def _backward(
    leaves: list[Tensor], output: Any, loss: Tensor | None, draws: torch.Generator
) -> None:
    """Run back; gradients are seen by hooks and go nowhere else."""
    if loss is not None:
        outputs, cotangents = [loss], [torch.ones_like(loss)]
    else:
        outputs = [t for t in _leaves_of(output) if t.requires_grad and t.is_floating_point()]
        cotangents = [
            torch.randn(y.shape, generator=draws).to(device=y.device, dtype=y.dtype)
            for y in outputs
        ]
    if outputs and leaves:
        torch.autograd.grad(outputs, leaves, cotangents, allow_unused=True)


def _leaves_of(output: Any) -> list[Tensor]:
    """The tensors of an output; of an object with attributes, those of its attributes."""
    found = tensors(output)
    if not found and hasattr(output, "__dict__"):
        found = tensors(dict(vars(output)))
    return found


class _Fresh:
    """Copies of inputs, so that what the caller holds stays as it is and gets no gradient.

    Args:
        wanted: whether gradients have to reach the inputs, since they reach nothing else. What
            the model gets is no leaf even then: it may write into it.
    """

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.leaves: list[Tensor] = []

    def of(self, value: Any) -> Any:
        """A value with its tensors copied."""
        if isinstance(value, Tensor):
            copy = value.detach().clone()
            if not (self.wanted and copy.is_floating_point()):
                return copy
            self.leaves.append(copy.requires_grad_())
            return copy.clone()
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            return type(value)(self.of(item) for item in value)
        if type(value) is dict:
            return {key: self.of(item) for key, item in value.items()}
        return value
