"""One search: trials until there are enough, each judged at the same tuning seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actlab.lab.engines.interface import EngineError
from actlab.lab.here import told
from actlab.lab.tuning.journal import (
    PROCESS,
    START,
    alive,
    bury,
    finished,
    optuna_or_error,
    this_process,
)
from actlab.lab.tuning.space import RATE, Range
from actlab.lab.tuning.subject import Subject

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

ANY_RATE = 1.0
"""What a batch says where no learning rate reaches the runs."""

WAIT = 0.1
"""Seconds between looks at whether other processes have ended their trials."""

OnTrial = Callable[["Best", int], None]


@dataclass(frozen=True)
class Best:
    """The best trial of a search so far.

    Args:
        params: every parameter of the activation.
        rate: the learning rate, or None where there is none.
        values: the metric at the tuning seeds; of a trial that ended early, at the first ones.
        trials, pruned, failed: how many trials ended, ended early, had runs that raised an
            exception.
        cause: of the first such exception.
        beaten: whether the trial of the parameters to begin with was better.
        tried: rate and values of every trial that was run at all seeds, by ascending rate.
    """

    params: Mapping[str, float]
    rate: float | None
    values: tuple[float, ...] = ()
    trials: int = 0
    pruned: int = 0
    failed: int = 0
    cause: str = ""
    beaten: bool = False
    tried: tuple[tuple[float, tuple[float, ...]], ...] = ()


class Search:
    """A search of some ranges.

    Args:
        subject: what is tuned.
        study: where its trials are kept.
        ranges: what is searched; the learning rate is one of them where it is.
        params: parameters that stay.
        rate: the learning rate that stays, or None.
        seeds: tuning seeds, the same in every trial.
        start: parameters to try first, those of ``ranges`` alone; empty for none.
        claiming: held while a trial is taken, so that no two processes take the last one.
    """

    def __init__(
        self,
        subject: Subject,
        study: Study,
        ranges: tuple[Range, ...],
        params: Mapping[str, float],
        rate: float | None,
        seeds: int,
        start: Mapping[str, float],
        claiming: AbstractContextManager[Any],
    ) -> None:
        self._subject = subject
        self._study = study
        self._ranges = ranges
        self._params = dict(params)
        self._rate = rate
        self._seeds = seeds
        self._start = dict(start)
        self._claiming = claiming

    def run(self, trials: int, on_trial: OnTrial) -> Best:
        """Go on until so many trials have ended; those of other processes and of earlier count.

        Raises:
            Exception: what the first trial of all raised at every seed.
        """
        with self._claiming:
            self._enqueue()
        while len(finished(self._study)) < trials:
            trial = self._claimed(trials)
            if trial is None:
                time.sleep(WAIT)
                continue
            self._carry_out(trial)
            on_trial(self.best(), trials)
        return self.best()

    def _claimed(self, trials: int) -> Trial | None:
        """A trial to carry out; None while other processes are at the last ones."""
        with self._claiming:
            bury(self._study)
            if len(finished(self._study)) + len(alive(self._study)) >= trials:
                return None
            trial = self._study.ask()
            trial.set_user_attr(PROCESS, this_process())
            return trial

    def started(self) -> tuple[float, ...]:
        """The metric at every tuning seed for the parameters to begin with, if they were run."""
        for trial in finished(self._study):
            if trial.user_attrs.get(START):
                return tuple(trial.user_attrs["values"])
        return ()

    def best(self, *, challenger: bool = False) -> Best:
        """The best trial so far.

        Args:
            challenger: leave out the trial of the parameters to begin with. Default: False.

        Raises:
            ValueError: there is none.
        """
        ended = finished(self._study)
        asked = [t for t in ended if not (challenger and t.user_attrs.get(START))]
        if not asked:
            raise ValueError("no trial has ended yet")
        # Of equals the first: max keeps it.
        best = max(asked, key=_rank)
        causes = [t.user_attrs["cause"] for t in ended if "cause" in t.user_attrs]
        return Best(
            params=self._parameters(best.params),
            rate=self._rate_of(best.params),
            values=tuple(best.user_attrs["values"]),
            trials=len(ended),
            pruned=sum(bool(t.user_attrs.get("pruned")) for t in ended),
            failed=len(causes),
            cause=causes[0] if causes else "",
            beaten=best is not max(ended, key=_rank),
            tried=tuple(
                sorted(
                    (self._rate_of(t.params) or ANY_RATE, tuple(t.user_attrs["values"]))
                    for t in ended
                    if not t.user_attrs.get("pruned")
                )
            ),
        )

    def _enqueue(self) -> None:
        """Try the parameters to begin with first, unless that has been done."""
        failed = optuna_or_error().trial.TrialState.FAIL
        if not self._start or any(
            t.user_attrs.get(START) and t.state != failed
            for t in self._study.get_trials(deepcopy=False)
        ):
            return
        self._study.enqueue_trial(self._start, user_attrs={START: True})

    def _carry_out(self, trial: Trial) -> None:
        failed = optuna_or_error().trial.TrialState.FAIL
        try:
            chosen = {
                one.name: trial.suggest_float(one.name, one.low, one.high, log=one.log)
                for one in self._ranges
            }
            value = self._value(trial, self._parameters(chosen), self._rate_of(chosen))
        except BaseException:
            self._study.tell(trial, state=failed)
            raise
        self._study.tell(trial, value)

    def _value(self, trial: Trial, params: Mapping[str, float], rate: float | None) -> float:
        """The mean over the seeds; of a trial that ends early, what it would probably be."""
        metric, scores, values, diverged = self._subject.metric, [], [], 0
        best = self._best_or_none()
        step = self._subject.step
        for first in range(0, self._seeds, step):
            block = range(first, min(first + step, self._seeds))
            try:
                arm = self._subject.arm(params)
                found = self._subject.scored(arm, rate or ANY_RATE, block)
                values += found.values
                diverged += found.diverged
            except EngineError:
                raise
            except Exception as error:
                # Parameters that a network cannot be built or trained with are the worst there
                # are; when nothing has ever worked it is the task that is wrong.
                if best is None:
                    raise
                trial.set_user_attr("cause", told(error))
                values += [metric.settle(None)] * len(block)
            for seed in block:
                scores.append(float(metric.score([values[seed]])[0]))
                trial.report(scores[-1], seed)
            done = len(scores)
            if best is not None and done < self._seeds and trial.should_prune():
                gap = np.mean(scores) - np.mean([best[seed] for seed in range(done)])
                if gap < 0.0:
                    trial.set_user_attr("pruned", True)
                    trial.set_user_attr("values", values)
                    return float(np.mean(list(best.values())) + gap)
        trial.set_user_attr("values", values)
        trial.set_user_attr("diverged", diverged)
        return float(np.mean(scores))

    def _best_or_none(self) -> Mapping[int, float] | None:
        """The scores of the best trial by seed."""
        ended: list[FrozenTrial] = finished(self._study)
        return self._study.best_trial.intermediate_values if ended else None

    def _parameters(self, chosen: Mapping[str, Any]) -> dict[str, float]:
        return {**self._params, **{k: float(v) for k, v in chosen.items() if k != RATE}}

    def _rate_of(self, chosen: Mapping[str, Any]) -> float | None:
        return float(chosen[RATE]) if RATE in chosen else self._rate


def _rank(trial: FrozenTrial) -> tuple[bool, float]:
    """Trials that were run at every seed come before those that ended early."""
    value = -math.inf if trial.value is None else trial.value
    return not trial.user_attrs.get("pruned"), value
