"""Comparing activations with a user's own training function."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actlab.core.errors import UnknownNameError
from actlab.lab.arm import SCHEMES, Scheme
from actlab.lab.comparison import Comparison
from actlab.lab.function_contract import name_of, slug, takes_of, whole_number
from actlab.lab.function_runs import arms_of, run_functions
from actlab.lab.function_source import identity_of
from actlab.lab.function_study import UNSTATED, contenders_of, plan_of, study_of
from actlab.lab.open_task import Asked, Better, Build, asked_of
from actlab.lab.pairing import UNKNOWN, compared
from actlab.lab.shipped import place_of, ship
from actlab.lab.task import Metric
from actlab.lab.watching import Watch


def compare(
    train_fn: Callable[..., Any],
    activations: Sequence[Any],
    *,
    seeds: int = 10,
    baseline: Any = None,
    metric: str | Metric | Sequence[Metric] | None = None,
    better: Better | None = None,
    worst: float | None = None,
    learning_rates: Sequence[float] | None = None,
    tuning_seeds: int = 3,
    smallest_effect: float | None = None,
    init: Scheme | None = None,
    results: str | Path | None = None,
    version: str | None = None,
    workers: int = 1,
    progress: bool = True,
) -> Comparison:
    """Compare activations with a training function of your own, over paired seeds.

    ``train_fn(activation, seed)`` builds a network, trains it and returns a number, or a dict of
    numbers of which the first is compared. ``activation()`` makes a module, so ``activation``
    itself serves as an ``act_layer``; ``activation.function`` is the function, and
    ``activation.init_(model, example_inputs)`` initialises the model for it. A third argument
    ``learning_rate`` is taken from ``learning_rates``.

    Seeds are paired: at one seed Python's, numpy's and torch's global generators start alike for
    every activation, and are put back afterwards. A run that raises an exception counts as
    failed, is shown with its cause, and leaves its comparison undecided. A run that returns NaN
    or infinity counts as diverged, with the worst value: ``worst``, or the worst number that any
    run gave. Ctrl-C returns what there is.

    Args:
        train_fn: the function; a lambda or a local one will do with one worker and no folder.
        activations: names, mappings such as ``{"name": "ralu", "alpha": 2.0}``, definitions, or
            modules and functions of actlab's and torch's. At least two, the baseline included.
        seeds: test seeds, 0 to ``seeds - 1``. Default: 10.
        baseline: what the others are compared with. Default: the first of ``activations``.
        metric: name of the number compared, or :class:`Metric` objects of which the first is
            compared. Default: the number, or the first one of the dict.
        better: ``"lower"`` or ``"higher"``. Default: ``"lower"``.
        worst: what a diverged run counts as; no run counts as worse. Default: the worst number
            that any run gave.
        learning_rates: each activation takes the one with the best median over the tuning seeds;
            one alone is taken by all. Default: the function's own.
        tuning_seeds: seeds for that choice, numbered from 1 000 000. Default: 3.
        smallest_effect: smallest difference that matters, in the metric's units. Default: 1 % of
            the baseline's mean.
        init: what ``activation.init_`` does, one of ``actlab.lab.arm.SCHEMES``; the function must
            call it then. Default: whatever the function asks it for.
        results: folder for the records. The same call goes on from them, and computes what is
            missing only: more seeds, more activations. Another version of ``train_fn`` is kept
            apart. A folder needs ``worst`` and ``smallest_effect``, fixed beforehand.
        version: with ``results``, a text that stands for the data which ``train_fn`` closes over
            or reads. Default: the data count themselves, as its source does.
        workers: processes, one torch thread each. More than one need a function that other
            processes can import, or cloudpickle. Default: 1, this process.
        progress: show a bar on a terminal or in a notebook. Default: True.

    Returns:
        The comparison; print it.

    Raises:
        TypeError: the function or what it returns is not as above.
        ValueError: an argument outside its range, or an activation that is unknown or twice.
        StoreError: the folder holds something else, or cannot be written.
        EveryRunFailedError: every activation's first run failed.

    Example:
        >>> from actlab.lab import compare
        >>> def train(activation, seed):
        ...     import torch
        ...     model = torch.nn.Sequential(torch.nn.Linear(4, 8), activation())
        ...     return model(torch.ones(2, 4)).square().mean()
        >>> found = compare(train, ["relu", "tanh"], seeds=6, progress=False)
        >>> found.row("tanh").values == compare(train, ["tanh", "elu"], seeds=6).row("tanh").values
        True
    """
    whole_number("seeds", seeds, 1, 10_000)
    whole_number("tuning_seeds", tuning_seeds, 1, 1000)
    whole_number("workers", workers, 1, 1024)
    if init is not None and init not in SCHEMES:
        raise UnknownNameError("initialisation", init, SCHEMES)
    train, asked = asked_of(train_fn, metric, better, worst)
    rates = _rates(train, learning_rates)
    if smallest_effect is not None and not 0.0 < smallest_effect < math.inf:
        raise ValueError(f"smallest_effect must be above 0 and finite, got {smallest_effect!r}")
    contenders, base = contenders_of(activations, baseline)
    if init is not None:
        contenders = [replace(one, scheme=one.scheme or init) for one in contenders]
    if results is not None:
        _check_folder(asked, smallest_effect)
    build = Build(asked, closed=results is not None, scheme=None if init else "")
    task = build(train)
    place = place_of(train) or name_of(train)
    study = study_of(
        f"compare-{slug(place)}"[:60].rstrip("-"),
        name_of(train),
        place,
        contenders,
        base.label,
        metric=asked.metrics[0].name if asked.named else "",
        seeds=seeds,
        smallest=smallest_effect or UNSTATED,
        learning_rates=rates,
        tuning_seeds=tuning_seeds,
    )
    code = identity_of(train, version) if results is not None else ""
    plan = plan_of(study, contenders, task, code)
    ran = run_functions(
        plan,
        task,
        base.label,
        results=None if results is None else Path(results),
        sent=ship(train, build) if workers > 1 else "",
        workers=workers,
        watch=Watch(name_of(train), len(contenders), progress),
    )
    if results is not None and identity_of(train, version) != code:
        warnings.warn(
            f"{name_of(train)} changed what it closes over or reads while it ran, so that another "
            "call will not find these records; give version=, a text that stands for it",
            stacklevel=2,
        )
    arms, primary = arms_of(ran, contenders, asked.metrics[0], asked.named)
    return compared(
        arms,
        base.label,
        primary,
        title=name_of(train),
        seeds=seeds,
        smallest=smallest_effect,
        smallest_is="as stated beforehand",
        stopped=ran.stopped,
        results="" if results is None else str(results),
    )


def _rates(train: Callable[..., Any], given: Sequence[float] | None) -> list[float] | None:
    name, takes = name_of(train), takes_of(train)
    if given is None:
        if takes.rate_needed:
            raise ValueError(f"{name} takes a learning_rate: give learning_rates, one or several")
        return None
    if not takes.rate:
        raise ValueError(f"{name} takes no learning_rate, so learning_rates cannot be given")
    rates = [float(rate) for rate in given]
    if not rates or len(set(rates)) != len(rates) or not all(0.0 < r <= 100.0 for r in rates):
        raise ValueError(f"learning_rates must be different numbers in (0, 100], got {given!r}")
    return sorted(rates)


def _check_folder(asked: Asked, smallest_effect: float | None) -> None:
    if abs(asked.metrics[0].worst) >= UNKNOWN:
        raise ValueError(
            "results= keeps a study, which says beforehand what a diverged run counts as: give "
            "worst=, the value of a network that has learned nothing"
        )
    if smallest_effect is None:
        raise ValueError(
            "results= keeps a study, which says beforehand what difference matters: give "
            "smallest_effect="
        )
