"""Winner against default on seeds that the search has not seen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from actlab.lab.comparison import Comparison
from actlab.lab.contenders import Contender
from actlab.lab.engines.interface import Engine, OnShare, OnStart
from actlab.lab.function_runs import Ran, arms_of
from actlab.lab.function_study import description_of, plan_of, study_of
from actlab.lab.here import HereEngine, MemoryStore
from actlab.lab.pairing import compared
from actlab.lab.plan import Plan
from actlab.lab.runner import run_plan
from actlab.lab.tuning.search import ANY_RATE, Best
from actlab.lab.tuning.space import Space
from actlab.lab.tuning.subject import Subject
from actlab.lab.watching import Watch
from actlab.records import Record, Status, Store, StoreError, content_id

WAIT = 1.0
LONGEST_LABEL = 60


@dataclass(frozen=True)
class FreshTest:
    """What is put to fresh seeds.

    Args:
        subject: what was tuned.
        space: what was searched.
        winner: of the search.
        default: the default parameters at their best learning rate.
        tuning_seeds: how many seeds the search used.
        seeds: fresh ones.
        smallest: smallest effect of interest.
        smallest_is: where it comes from.
        looks: how often winners of this search have been tested, this time included.
        name: what the study of it is called.
    """

    subject: Subject
    space: Space
    winner: Best
    default: Best
    tuning_seeds: int
    seeds: int
    smallest: float
    smallest_is: str
    looks: int
    name: str

    @property
    def arms(self) -> tuple[Contender, Contender]:
        """Winner and default, labelled."""
        pair = zip(("tuned", "default"), (self.winner, self.default), strict=True)
        made = []
        for word, best in pair:
            contender = self.subject.contender(best.params)
            label = f"{word} {contender.label}"
            label = label if len(label) <= LONGEST_LABEL else f"{word} {contender.name}"
            made.append(replace(contender, label=label))
        return made[0], made[1]

    @property
    def key(self) -> str:
        """What tells one test of a search from another."""
        return content_id(
            {
                "winner": [dict(self.winner.params), self.winner.rate],
                "default": [dict(self.default.params), self.default.rate],
                "seeds": self.seeds,
            }
        )


def run_test(test: FreshTest, results: Path | None, command: str, progress: bool) -> Comparison:
    """Compute the fresh runs that are missing, and compare.

    Args:
        test: what to compare.
        results: folder of the records, or None for memory.
        command: what computes the same again.
        progress: show a bar.
    """
    arms = test.arms
    plan, tunings = _plan(test, arms)
    watch = Watch(f"{test.subject.activation}, fresh seeds", len(arms), progress)
    if results is None:
        cells = tuple(cell for cell in plan.cells if cell.kind == "train")
        ran = _run(test.subject, replace(plan, cells=cells), MemoryStore(), watch)
    else:
        store = Store.create(results, test.name)
        with _waiting(store):
            store.write_study(description_of(plan, test.subject.task, arms[1].label, command))
            for record in tunings:
                store.save(record)
            ran = _run(test.subject, plan, store, watch)
    found, metric = arms_of(ran, arms, test.subject.metric, True)
    return compared(
        found,
        arms[1].label,
        metric,
        title=f"{test.subject.activation} in {test.subject.name}",
        seeds=test.seeds,
        smallest=test.smallest,
        smallest_is=test.smallest_is,
        looks=test.looks,
        stopped=ran.stopped,
        results="" if results is None else str(results),
    )


@contextmanager
def _waiting(store: Store) -> Iterator[None]:
    """Hold a folder for writing, after whoever else holds it: another process of this search."""
    while True:
        held = store.writing()
        try:
            held.__enter__()
            break
        except StoreError:
            time.sleep(WAIT)
    try:
        yield
    finally:
        held.__exit__(None, None, None)


def _run(subject: Subject, plan: Plan, store: Store, watch: Watch) -> Ran:
    def build(on_start: OnStart, on_share: OnShare) -> Engine:
        return HereEngine(subject.task, on_start, on_share)

    try:
        with watch, subject.surroundings():
            run_plan(plan, store, build, watch.watch)
    except KeyboardInterrupt:
        return Ran(plan, store, True)
    return Ran(plan, store, False)


def _plan(test: FreshTest, arms: Sequence[Contender]) -> tuple[Plan, list[Record]]:
    """The cells, each function at its own learning rate, and the choice of it as records."""
    subject, rate = test.subject, test.space.rate
    rates = {
        arms[0].label: test.winner.rate or ANY_RATE,
        arms[1].label: test.default.rate or ANY_RATE,
    }
    study = study_of(
        test.name,
        f"{subject.activation} in {subject.name}, tuned",
        subject.name,
        arms,
        arms[1].label,
        metric=subject.metric.name,
        seeds=test.seeds,
        smallest=test.smallest,
        learning_rates=[rate.low, rate.high] if rate else [rates[arms[0].label]],
        tuning_seeds=test.tuning_seeds,
        init=subject.init,
    )
    plan = plan_of(study, arms, subject.task, subject.code, subject.settings)
    tunings = {}
    if rate is not None:
        for arm, best in zip(arms, (test.winner, test.default), strict=True):
            tunings[arm.label] = _tuning(test, arm, best)
    cells = []
    for cell in plan.cells:
        if cell.kind == "train":
            key = {**cell.key, "learning_rate": rates[cell.contender]}
            cells.append(replace(cell, id=content_id(key), key=key, needs=()))
        elif cell.kind == "tune":
            record = tunings[cell.contender]
            cells.append(replace(cell, id=record.id, key=record.key))
        else:
            cells.append(cell)
    return replace(plan, cells=tuple(cells)), list(tunings.values())


def _tuning(test: FreshTest, arm: Contender, best: Best) -> Record:
    """A search as the record of a choice of learning rate.

    The trials of the winner's search differ in more than the rate, so only the winner itself is
    written down; those of the default differ in nothing else.
    """
    assert test.space.rate is not None
    rate = best.rate or ANY_RATE
    tried = ((rate, best.values),) if best is test.winner else best.tried
    key: dict[str, Any] = {
        "kind": "tune",
        "search": {**test.subject.describe(), **test.space.describe()},
        "activation": arm.key,
        "label": arm.label,
        "trials": best.trials,
        "seeds": list(range(len(tried[0][1]))),
        "chosen": rate,
    }
    values = np.array([each for _, each in tried])
    summary = {
        "learning_rate": rate,
        "learning_rates": [one for one, _ in tried],
        "medians": [float(median) for median in np.median(values, axis=1)],
        "diverged": 0,
        "at_edge": test.space.rate.is_near_end(rate),
        "trials": best.trials,
        "pruned": best.pruned,
    }
    return Record(content_id(key), key, Status.DONE, summary=summary, arrays={"values": values})
