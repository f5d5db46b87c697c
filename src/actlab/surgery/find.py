"""Finding every place where a model applies an activation, by running it on an example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import GeneratorType
from typing import Any, Literal

import torch
from torch import nn

from actlab.init.arguments import check_choice, check_model
from actlab.init.isolation import unchanged
from actlab.surgery.attributes import held_functions, intercepted
from actlab.surgery.collect import Bound, collect
from actlab.surgery.inputs import Inputs, as_inputs, copied
from actlab.surgery.known import known_activations
from actlab.surgery.record import Notes
from actlab.surgery.site import Sites
from actlab.surgery.tree import Tree, unwrapped

Modes = Literal["both", "current"]


@dataclass(slots=True)
class Found:
    """Sites with the objects of the model that they belong to."""

    model: nn.Module
    tree: Tree
    bound: list[Bound]
    warnings: list[str] = field(default_factory=list)
    both: bool = False

    @property
    def sites(self) -> Sites:
        """The sites alone."""
        return Sites(tuple(one.site for one in self.bound), tuple(self.warnings))


def find(model: nn.Module, example_inputs: Any = None, *, modes: Modes = "both") -> Sites:
    """Find every place where a model applies an activation.

    The model is run on the example, in the mode it is in and in the other one. Seen are modules
    (subclasses and the variants of other libraries included), functions and tensor methods,
    functions kept in attributes, formulas written out, and what recurrent and compiled layers
    hide. Weights, buffers, mode and random state are left as they are.

    Args:
        model: any module; wrappers of ``torch.compile`` and ``DataParallel`` are looked into.
        example_inputs: what to call it with: a tensor, a tuple of positional arguments, a
            mapping of keyword arguments (or, where the model takes no such keywords, its one
            argument), None for no arguments, or anything else as the one argument.
        modes: ``"both"`` or ``"current"``: whether to run it in the other mode too. What fails
            there is a warning, not an error. Default: ``"both"``.

    Returns:
        The sites in the order of execution, then modules that the example does not reach.

    Raises:
        TypeError: ``model`` is no module.
        ValueError: it cannot be run with the example, or has parameters without memory.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab import surgery
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.GELU())
        >>> [(s.name, s.function, s.units) for s in surgery.find(model, torch.ones(1, 4))]
        [('1', 'relu', 8), ('3', 'gelu', 8)]
    """
    return found_in(model, example_inputs, modes).sites


def found_in(model: nn.Module, example_inputs: Any = None, modes: Modes = "both") -> Found:
    """The sites of a model with the objects they belong to; see ``find``."""
    inner = unwrapped(model)
    check_choice("modes", modes, ("both", "current"))
    check_model(inner)
    inputs = as_inputs(inner, example_inputs)
    tree = Tree(inner)
    found = Found(inner, tree, [])
    runs = [_run(inner, tree, inputs, inner)]
    if modes == "both":
        with _other_mode(inner):
            try:
                runs.append(_run(inner, tree, inputs, inner))
            except ValueError as error:
                name = "training" if inner.training else "evaluation"
                found.warnings.append(f"not looked at in {name} mode: {error}")
    if any(notes.later for notes in runs):
        found.warnings.append(
            "the model returns a generator, whose code runs only when its values are asked for "
            "and is not seen"
        )
    found.both = len(runs) == 2
    # Names are the same in whichever mode the model is.
    runs.sort(key=lambda notes: notes.mode != "train")
    found.bound = collect(tree, runs)
    for notes in runs:
        notes.clear()
    return found


def _run(model: nn.Module, tree: Tree, inputs: Inputs, entry: nn.Module) -> Notes:
    """One run; without gradients where the model allows it."""
    try:
        with torch.no_grad():
            return _noted(model, tree, inputs, entry)
    except Exception as first:  # somebody's code, which may raise anything
        try:
            with torch.enable_grad():
                return _noted(model, tree, inputs, entry)
        except Exception:
            text = str(first).strip() or "no message"
            raise ValueError(
                f"the model cannot be run with example_inputs: {type(first).__name__}: {text}"
            ) from first


def _noted(model: nn.Module, tree: Tree, inputs: Inputs, entry: nn.Module) -> Notes:
    known = known_activations(tree)
    held = held_functions(tree)
    with unchanged(model), tree.separated(known):
        notes = Notes(model, tree, known | set(tree.twin_of))
        with intercepted(held, notes.attribute), notes.listening():
            given = copied(inputs)
            notes.start(given)
            result = entry(*given.args, **given.kwargs)
            notes.later = isinstance(result, GeneratorType)
            notes.returned(result)
    return notes


@contextmanager
def _other_mode(model: nn.Module) -> Iterator[None]:
    flags = {module: module.training for module in model.modules()}
    try:
        # Not by calling train(), which models override to merge weights and the like.
        for module, flag in flags.items():
            module.training = not flag
        yield
    finally:
        for module, flag in flags.items():
            module.training = flag
