"""What is kept for backward: one tensor of one value per element, and nothing derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from actlab.testing.comparison import compare
from actlab.testing.inputs import noise
from actlab.testing.parameters import few_sets, stored_in
from actlab.testing.special import saving_forms
from actlab.testing.subject import Subject

COUNT = 60


def saved_tensors(
    subject: Subject, x: Tensor, params: Mapping[str, Any], save: str | None
) -> tuple[Tensor, list[Tensor]]:
    """The output, and every tensor that autograd keeps for backward."""
    kept: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        return subject(x, params, save=save), kept


def bytes_per_element(subject: Subject, dtype: torch.dtype) -> None:
    """Exactly one tensor, as large as the input; the output itself when the output is kept."""
    activation = subject.activation
    x = subject.tensor(noise((COUNT, 3), dtype), dtype).requires_grad_()
    for params in few_sets(activation):
        for save in (None, *saving_forms(subject, params)):
            y, kept = saved_tensors(subject, x, params, save)
            heading = f"{subject.label(params)} {dtype} save={save!r}"
            if [(t.numel(), t.dtype) for t in kept] != [(x.numel(), dtype)]:
                shapes = [(tuple(t.shape), t.dtype) for t in kept]
                raise AssertionError(f"{heading} keeps {shapes}, not one tensor like x")
            form = _default_form(subject, params) if save is None else save
            owner = y if form == "output" else x
            if kept[0].data_ptr() != owner.data_ptr():
                raise AssertionError(f"{heading} keeps a tensor that is not its {form}")


def with_learned_parameters(subject: Subject, dtype: torch.dtype) -> None:
    """Learning parameters keeps them too, and still one tensor of the input's size."""
    x = subject.tensor(noise((COUNT, 3), dtype), dtype).requires_grad_()
    params = stored_in(subject.activation.defaults, dtype)
    leaves = {
        name: torch.full((3,), value, dtype=dtype, device=x.device).requires_grad_()
        for name, value in params.items()
    }
    _, kept = saved_tensors(subject, x, leaves, None)
    large = [t for t in kept if t.numel() > 3]
    if len(large) != 1 or large[0].numel() != x.numel() or len(kept) != 1 + len(leaves):
        raise AssertionError(
            f"{subject.label(leaves)} {dtype} keeps tensors of shapes "
            f"{[tuple(t.shape) for t in kept]}"
        )


def nothing_without_gradient(subject: Subject, dtype: torch.dtype) -> None:
    """Nothing is kept when no gradient is wanted."""
    x = subject.tensor(noise((COUNT,), dtype), dtype)
    y, kept = saved_tensors(subject, x, subject.activation.defaults, None)
    if kept or y.requires_grad:
        raise AssertionError(f"{subject.label()} keeps {len(kept)} tensors though nothing needs it")
    with torch.no_grad():
        y, kept = saved_tensors(subject, x.requires_grad_(), subject.activation.defaults, None)
    if kept or y.requires_grad:
        raise AssertionError(f"{subject.label()} keeps {len(kept)} tensors under no_grad")


def changed_in_place(subject: Subject, dtype: torch.dtype) -> None:
    """Changing what was kept raises in backward; changing the other one does no harm."""
    for params in few_sets(subject.activation, 2):
        for save in saving_forms(subject, params):
            for changed in ("input", "output"):
                _change(subject, dtype, params, save, changed)


def _change(
    subject: Subject, dtype: torch.dtype, params: dict[str, float], save: str, changed: str
) -> None:
    leaf = subject.tensor(noise((COUNT,), dtype), dtype).requires_grad_()
    x = leaf.clone()
    y = subject(x, params, save=save)
    total = y.clone().sum()
    with torch.no_grad():
        (x if changed == "input" else y).mul_(3)
    heading = f"{subject.label(params)} {dtype} save={save!r}, {changed} changed in place"
    try:
        (grad,) = torch.autograd.grad(total, leaf)
    except RuntimeError as error:
        if changed != save or "modified by an inplace" not in str(error):
            raise AssertionError(f"{heading}: {error}") from error
        return
    if changed == save:
        raise AssertionError(f"{heading}: backward did not raise")
    if save == "input":
        compare(subject, "slope", leaf.double().tolist(), grad, params, how=heading)


def _default_form(subject: Subject, params: Mapping[str, float]) -> str:
    preferred = subject.activation.saves
    return preferred if preferred in saving_forms(subject, params) else "input"
