"""Tuning an activation for a task or a training function."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from actlab import registry
from actlab.core.errors import UnknownNameError
from actlab.lab.arm import SCHEMES, Scheme
from actlab.lab.comparison import Comparison
from actlab.lab.function_contract import slug, whole_number
from actlab.lab.open_task import Better
from actlab.lab.pairing import default_smallest
from actlab.lab.task import Metric, Task
from actlab.lab.tuning.fresh import FreshTest, run_test
from actlab.lab.tuning.journal import claiming, open_storage, open_study, optuna_or_error, quiet
from actlab.lab.tuning.outcome import Tuned
from actlab.lab.tuning.search import Best, Search
from actlab.lab.tuning.showing import Showing
from actlab.lab.tuning.space import RATE, Space, space_of
from actlab.lab.tuning.subject import Subject, subject_of
from actlab.records import Store, content_id

NOTHING: Mapping[str, Any] = MappingProxyType({})

TESTS = "tests"
"""Names the tests on fresh seeds that a search has led to."""


def tune(
    target: str | Task | Callable[..., Any],
    activation: str,
    *,
    trials: int = 40,
    seeds: int = 5,
    fresh_seeds: int = 10,
    space: Mapping[str, Any] | Sequence[str] = NOTHING,
    settings: Mapping[str, Any] = NOTHING,
    metric: str | Metric | None = None,
    better: Better | None = None,
    worst: float | None = None,
    init: Scheme | None = None,
    smallest_effect: float | None = None,
    results: str | Path | None = None,
    version: str | None = None,
    seed: int = 0,
    command: str = "",
    progress: bool = True,
) -> Tuned:
    """Search an activation's parameters and learning rate; test the winner on fresh seeds.

    Every trial is run at the same tuning seeds; one that a Wilcoxon test finds worse than the
    best so far ends early. The default parameters get as many trials over the learning rate
    alone. Then the best parameters other than the default's and the default, each at its best
    learning rate, are run at fresh seeds, which the search never saw, and compared pair by pair:
    the winner of many trials is partly a winner by luck, and on fresh seeds luck does not repeat.

    Args:
        target: name of a task (``mlp``), ``module:object`` of a task or a training function, or
            either itself. A training function is called as by :func:`actlab.lab.compare`.
        activation: name, or ``module:object`` of a definition.
        trials: of each search, at least 2; the first is that of the default. Default: 40.
        seeds: tuning seeds of every trial. Default: 5.
        fresh_seeds: seeds of the test. Default: 10.
        space: ranges by name, ``"0.1:8:log"`` or ``(0.1, 8.0, "log")``; a single number stays.
            Default: from each parameter's domain and default, and 1e-4 to 0.1 for
            ``learning_rate``.
        settings: of the task. Default: its own.
        metric: what is maximised or minimised. Default: the task's first.
        better, worst: for a plain function: which way its number is better, and what a diverged
            run counts as.
        init: initialisation in every run. Default: ``own`` in a task; in a function whatever it
            does.
        smallest_effect: smallest difference that matters, on the metric's scale. Default: 1 % of
            the default parameters' mean over the tuning seeds.
        results: folder for trials and records. The same call goes on from it after Ctrl-C or
            kill -9; several processes may share it, each adding trials. Default: none is kept.
        version: see :func:`actlab.lab.compare`.
        seed: what trials are drawn from. Default: 0.
        command: what records say computes the same again. Default: this call.
        progress: show a bar on a terminal or in a notebook. Default: True.

    Returns:
        The outcome; print it. After Ctrl-C, what there is.

    Raises:
        MissingExtraError: Optuna is not installed: ``pip install "actlab[tune]"``.
        ValueError: an argument outside its range, an unknown name.
        StoreError: the folder holds something else, or cannot be written.

    Example:
        >>> from actlab.lab import tune
        >>> def loss(activation, seed):
        ...     return (activation.params["alpha"] - 1.5) ** 2 + 0.01 * (seed % 7)
        >>> found = tune(loss, "elu", trials=8, worst=100.0, progress=False)
        >>> found.decision.value, found.params["alpha"] != 1.0
        ('supported', True)
    """
    _check_numbers(trials, seeds, fresh_seeds, smallest_effect, seed)
    if init is not None and init not in SCHEMES:
        raise UnknownNameError("initialisation", init, SCHEMES)
    optuna_or_error()
    definition = registry.get(activation)
    subject = subject_of(
        target,
        activation,
        settings=settings,
        metric=metric,
        better=better,
        worst=worst,
        init=init,
        version=version,
        recorded=results is not None,
    )
    searched = space_of(definition, space, subject.takes_rate)
    task = _Tuning(
        subject=subject,
        space=searched,
        defaults=definition.defaults,
        trials=trials,
        seeds=seeds,
        fresh_seeds=fresh_seeds,
        seed=seed,
        smallest_effect=smallest_effect,
        folder=None if results is None else Path(results),
        command=command or f"actlab.lab.tune({subject.name!r}, {activation!r}, ...)",
        progress=progress,
    )
    if task.folder is not None:
        Store.create(task.folder, task.name)
    with quiet():
        return task.run()


@dataclass(frozen=True)
class _Tuning:
    """Everything about one call, checked."""

    subject: Subject
    space: Space
    defaults: Mapping[str, float]
    trials: int
    seeds: int
    fresh_seeds: int
    seed: int
    smallest_effect: float | None
    folder: Path | None
    command: str
    progress: bool

    @property
    def name(self) -> str:
        """What the folder is called inside."""
        named = f"tune-{slug(self.subject.name)}-{slug(self.subject.activation)}"
        return named[:60].rstrip("-")

    def run(self) -> Tuned:
        """Search, then test."""
        storage = open_storage(self.folder)
        search, study = self._search(storage, alone=False)
        default_search, _ = self._search(storage, alone=True)
        winner = default = None
        label, metric = self.subject.activation, self.subject.metric
        try:
            with Showing(label, metric, self.progress) as showing:
                search.run(self.trials, showing.show)
            if self.space.rate is not None:
                with Showing(f"{label}, default", metric, self.progress) as showing:
                    default = default_search.run(self.trials, showing.show)
        except KeyboardInterrupt:
            with suppress(ValueError):
                winner = search.best(challenger=True)
            return self._tuned(winner, default, None, stopped=True)
        return self._tested(search, default, study)

    def _search(self, storage: Any, *, alone: bool) -> tuple[Search, Any]:
        """The search of everything, or that of the learning rate alone for the default."""
        rate = self.space.rate
        ranges = ((rate,) if rate else ()) if alone else self.space.everything
        start = {
            one.name: one.middle if one.name == RATE else self.defaults[one.name] for one in ranges
        }
        inside = all(one.contains(start[one.name]) for one in ranges)
        study = open_study(
            storage,
            content_id(
                {
                    "subject": self.subject.describe(),
                    "space": self.space.describe(),
                    "alone": alone,
                    "seeds": self.seeds,
                    "seed": self.seed,
                }
            ),
            self.seed,
        )
        search = Search(
            self.subject,
            study,
            ranges,
            self.defaults if alone else self.space.fixed,
            self.space.fixed_rate,
            self.seeds,
            start if inside else {},
            claiming(self.folder),
        )
        return search, study

    def _tested(self, search: Search, default: Best | None, study: Any) -> Tuned:
        """The best other parameters against the default's on fresh seeds."""
        winner = search.best(challenger=True)
        values = search.started() or winner.values
        unsearched = Best(self.defaults, self.space.fixed_rate, values=values)
        against = default or unsearched
        smallest, smallest_is = self.smallest_effect, "as stated beforehand"
        if smallest is None:
            smallest, _ = default_smallest(self.subject.metric, against.values)
            smallest_is = "1 % of the default's mean over the tuning seeds, as nobody set one"
        test = FreshTest(
            subject=self.subject,
            space=self.space,
            winner=winner,
            default=against,
            tuning_seeds=self.seeds,
            seeds=self.fresh_seeds,
            smallest=smallest,
            smallest_is=smallest_is,
            looks=1,
            name=self.name,
        )
        tests = [key for key in study.user_attrs.get(TESTS, []) if key != test.key]
        test = replace(test, looks=len(tests) + 1)
        comparison = run_test(test, self.folder, self.command, self.progress)
        if not comparison.stopped:
            study.set_user_attr(TESTS, [*tests, test.key])
        return self._tuned(
            winner, default, comparison, looks=test.looks, stopped=comparison.stopped
        )

    def _tuned(
        self,
        winner: Best | None,
        default: Best | None,
        comparison: Comparison | None,
        *,
        looks: int = 1,
        stopped: bool = False,
    ) -> Tuned:
        return Tuned(
            activation=self.subject.activation,
            space=self.space,
            seeds=self.seeds,
            winner=winner,
            default=default,
            comparison=comparison,
            looks=looks,
            stopped=stopped,
            results="" if self.folder is None else str(self.folder),
        )


def _check_numbers(
    trials: int, seeds: int, fresh_seeds: int, smallest_effect: float | None, seed: int
) -> None:
    whole_number("trials", trials, 2, 1_000_000)
    whole_number("seeds", seeds, 1, 1000)
    whole_number("fresh_seeds", fresh_seeds, 1, 10_000)
    whole_number("seed", seed, 0, 2**31)
    if smallest_effect is not None and not 0.0 < smallest_effect < math.inf:
        raise ValueError(f"smallest_effect must be above 0 and finite, got {smallest_effect!r}")
