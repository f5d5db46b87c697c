"""Replacing activations in a model, all that were asked for or none, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from actlab.init.arguments import check_choice
from actlab.init.fill import init_
from actlab.init.report import InitReport
from actlab.surgery.apply import Steps, carry_out
from actlab.surgery.find import Found, Modes, found_in
from actlab.surgery.inputs import as_inputs
from actlab.surgery.plan import Options, Plan, make_plan
from actlab.surgery.rules import Replacement, read
from actlab.surgery.table import Row, as_dict, shown
from actlab.surgery.tree import data_parallel
from actlab.surgery.verify import verify


class Swap:
    """What ``swap`` did; ``print`` shows it as a table, ``undo`` takes it back.

    As a context manager it takes itself back at the end of the block.

    Attributes:
        model: the model, without wrappers. outer: as it was given.
        rows: what became of every site.
        warnings: what a user should know.
        applied: whether the model is changed now.
        initialised: what a re-initialisation did, if one was asked for.
    """

    def __init__(
        self, model: nn.Module, outer: nn.Module, plan: Plan, warnings: tuple[str, ...]
    ) -> None:
        self.model = model
        self.outer = outer
        self.rows: tuple[Row, ...] = plan.rows()
        self.warnings = warnings
        self.applied = False
        self.initialised: InitReport | None = None
        self._steps = Steps()
        self._original: dict[str, Tensor] | None = None
        self._old_state: dict[str, Tensor] = {}
        self._keys: frozenset[str] = frozenset()

    @property
    def swapped(self) -> tuple[str, ...]:
        """The names of the sites that are replaced."""
        return tuple(row.name for row in self.rows if row.action == "swapped")

    def undo(self) -> None:
        """Put every activation back, the very objects that were there before.

        Where ``reinit`` was asked for, weights are put back too.

        Raises:
            RuntimeError: a later swap is still in place; undo that one first.
        """
        if not self.applied:
            return
        if not self._steps.stands():
            raise RuntimeError(
                "what this swap put in place has been replaced since; undo the later swap first"
            )
        self._steps.back()
        self.applied = False
        if self._original is not None:
            _load(self.outer, self._original)

    def original_state_dict(self) -> dict[str, Tensor]:
        """The state of the model under the keys that it had before the swap.

        What replacements have learned is left out; what replaced modules had learned is as it
        was when they were replaced. The model as it was before loads it without a complaint.
        """
        state = self.outer.state_dict()
        kept = {key: value for key, value in state.items() if key in self._keys}
        return self._old_state | kept if self.applied else kept

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return as_dict(self.rows, self.warnings, self.applied)

    def __enter__(self) -> Swap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.undo()

    def __str__(self) -> str:
        return shown(self.rows, self.warnings, self.applied)


def swap(
    model: nn.Module,
    rules: Mapping[Any, Replacement],
    example_inputs: Any = None,
    *,
    learnable: bool | None = None,
    per_channel: bool = False,
    share_calls: bool = False,
    gates: bool = False,
    reinit: bool = False,
    generator: torch.Generator | int | None = None,
    modes: Modes = "both",
    dry_run: bool = False,
) -> Swap:
    """Replace activations of a model by others.

    Modules, functional calls, tensor methods and functions in attributes are replaced alike, in
    this model only, keeping device, dtype, mode and all other weights. All sites selected are
    replaced, or none: what cannot be is listed with the reason. After the swap the model is run
    once more to see that it has happened.

    Args:
        model: any module. Swap before wrapping it in DDP or FSDP.
        rules: what is replaced, and by what. A key is the name of a function, a pattern of site
            names (``"layer1.*"``), a module class, or a function of the ``Site`` that tells.
            A value is the name of an activation, a definition, a pair of one and its parameters
            (``("elu", {"alpha": 0.5})``), a module (each site gets a copy), a module class, or
            a function of the ``Site`` that makes one.
        example_inputs: what to call the model with; see ``find``.
        learnable: whether the parameters of replacements are learned; None for what is usual
            for the function (RaLU's alpha is). Default: None.
        per_channel: one parameter for each channel, as the example shows them. Default: False.
        share_calls: one set of learned parameters for all calls of a module, or of a function in
            one module's code, as a recurrence wants it; else each call has its own. Default: False.
        gates: replace sigmoids that multiply other values too. Default: False.
        reinit: initialise weights anew for the new functions; see ``actlab.init.init_``.
            Default: False.
        generator: draws these weights; an integer seeds a new one. Default: torch's.
        modes: as in ``find``. Default: ``"both"``.
        dry_run: print what would be done, and change nothing. Default: False.

    Returns:
        What was done, site by site, with ``undo()``. Replacements without parameters add
        nothing to the state_dict; those with parameters add keys, and load a checkpoint of the
        original model by keeping what they have.

    Raises:
        ValueError: a rule selects no site, is ambiguous, none of the sites can be replaced, an
            unknown activation, or the model cannot be run with the example. The model is
            untouched.
        TypeError: a rule or option of a type that is not accepted.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab import surgery
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> done = surgery.swap(model, {"relu": "powerlu"}, torch.ones(1, 4))
        >>> model[1], done.swapped
        (PowerLU(p=2), ('1',))
        >>> done.undo()
        >>> model[1]
        ReLU()
    """
    options = _options(learnable, per_channel, share_calls, gates, reinit, dry_run)
    found = found_in(model, example_inputs, modes)
    plan = make_plan(read(rules, found.bound), found, options)
    _check_wrapped(model, plan)
    done = Swap(found.model, model, plan, tuple(found.warnings))
    if dry_run:
        print(done)
        return done
    _apply(done, found, plan, example_inputs, modes)
    if reinit:
        _reinitialise(done, example_inputs, generator)
    return done


@contextmanager
def swapped(
    model: nn.Module,
    rules: Mapping[Any, Replacement],
    example_inputs: Any = None,
    **options: Any,
) -> Iterator[nn.Module]:
    """The model with other activations for the time of a block; see ``swap``.

    Args:
        model, rules, example_inputs, **options: those of ``swap``.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from actlab import surgery
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        >>> with surgery.swapped(model, {"relu": "elu"}, torch.ones(1, 4)) as other:
        ...     print(other[1])
        ELU(alpha=1)
    """
    done = swap(model, rules, example_inputs, **options)
    try:
        yield model
    finally:
        done.undo()


def _options(
    learnable: Any, per_channel: Any, share_calls: Any, gates: Any, reinit: Any, dry_run: Any
) -> Options:
    check_choice("learnable", learnable, (None, True, False))  # type: ignore[arg-type]
    flags = {"per_channel": per_channel, "share_calls": share_calls, "gates": gates}
    flags |= {"reinit": reinit, "dry_run": dry_run}
    for name, value in flags.items():
        check_choice(name, value, (True, False))  # type: ignore[arg-type]
    if per_channel and learnable is False:
        raise ValueError("per_channel=True needs learned parameters; learnable is False")
    return Options(True if per_channel else learnable, per_channel, gates, share_calls)


def _check_wrapped(model: nn.Module, plan: Plan) -> None:
    learns = [one for one in plan.planned.values() if not one.plain]
    if data_parallel(model) and learns:
        raise ValueError(
            f"{learns[0].bound.site.name} would get parameters that the data-parallel wrapper "
            "around the model does not know of; swap first and wrap then"
        )


def _apply(done: Swap, found: Found, plan: Plan, example_inputs: Any, modes: Modes) -> None:
    before = _replaced_state(plan, found, done.outer)
    keys = frozenset(done.outer.state_dict())
    done._steps = carry_out(plan, found.tree)
    try:
        verify(found_in(found.model, example_inputs, modes), plan)
    except BaseException:
        done._steps.back()
        raise
    done._old_state, done._keys, done.applied = before, keys, True


def _replaced_state(plan: Plan, found: Found, outer: nn.Module) -> dict[str, Tensor]:
    """What the modules that are replaced have learned, by the keys of the whole model."""
    modules = {id(one.bound.module): one.bound.module for one in plan.planned.values()}
    own = {
        id(t) for m in modules.values() if m is not None for t in (*m.parameters(), *m.buffers())
    }
    kept = {key for key, value in outer.state_dict(keep_vars=True).items() if id(value) in own}
    return {key: value.clone() for key, value in outer.state_dict().items() if key in kept}


def _reinitialise(done: Swap, example: Any, generator: Any) -> None:
    inputs = as_inputs(done.model, example)
    before = {key: value.detach().clone() for key, value in done.outer.state_dict().items()}
    try:
        given = inputs.kwargs if inputs.kwargs else inputs.args
        done.initialised = init_(done.model, example_inputs=given, generator=generator)
    except BaseException:
        _load(done.outer, before)
        done.undo()
        raise
    done._original = {key: value for key, value in before.items() if key in done._keys}


def _load(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    own = model.state_dict()
    with torch.no_grad():
        for key, value in state.items():
            if key in own:
                own[key].copy_(value)
