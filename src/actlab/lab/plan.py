"""From a study to cells. Pure: the same study gives the same cells with the same names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from actlab.lab.contenders import Contender
from actlab.lab.study import Part, Regime, Study
from actlab.records import content_id

Kind = Literal["shape", "train", "tune"]
BLOCK = 10
"""Stacked test seeds per cell: more seeds later add blocks; only a block that was not full is
computed again."""


@dataclass(frozen=True)
class Cell:
    """One unit of work.

    Args:
        id: content hash of ``key``.
        key: everything the outcome depends on.
        needs: cells whose summaries it reads.
        part: the part it belongs to; empty for shapes, which belong to the whole study.
        regime: the regime it belongs to; empty for shapes.
        contender: the label of its function.
        cost: expected seconds, roughly; only the progress bar reads it.
        timeout: seconds after which it is stopped.
    """

    id: str
    key: Mapping[str, Any]
    needs: tuple[str, ...]
    part: str
    regime: str
    contender: str
    cost: float
    timeout: float

    @property
    def kind(self) -> Kind:
        """What is done in it."""
        return self.key["kind"]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds it runs."""
        return tuple(self.key.get("seeds", ()))

    def describe(self) -> dict[str, Any]:
        """Its entry in the study description that lies beside the records."""
        return {
            "id": self.id,
            "kind": self.kind,
            "part": self.part,
            "regime": self.regime,
            "contender": self.contender,
            "seeds": list(self.seeds),
            "needs": list(self.needs),
        }


@dataclass(frozen=True)
class Plan:
    """All cells of a study, in the order they should start."""

    study: Study
    cells: tuple[Cell, ...]
    contenders: Mapping[str, Sequence[Contender]] = field(default_factory=dict)


def make_plan(
    study: Study, contenders: Mapping[str, Sequence[Contender]], task_facts: Mapping[str, Any]
) -> Plan:
    """The cells of a study.

    Args:
        study: what to compare.
        contenders: the functions of every part, by part name.
        task_facts: name, version and data of the task; they enter every cell's key.
    """
    cells: dict[str, Cell] = {}
    for part in study.part:
        for regime in part.regimes:
            for cell in _part_cells(part, regime, contenders[part.name], task_facts):
                cells.setdefault(cell.id, cell)
    for contender in {c.label: c for cs in contenders.values() for c in cs}.values():
        cell = _cell({**task_facts, "kind": "shape", "activation": contender.key}, contender)
        cells.setdefault(cell.id, cell)
    return Plan(study, tuple(cells.values()), contenders)


def _part_cells(
    part: Part, regime: Regime, contenders: Sequence[Contender], task_facts: Mapping[str, Any]
) -> Iterator[Cell]:
    blocks = _blocks(part)
    # Seed by seed, so that a run stopped half-way has every contender at the first seeds.
    tuned = {c.label: _tuning(part, regime, c, task_facts) for c in contenders}
    yield from (cell for cell in tuned.values() if cell is not None)
    for block in blocks:
        for contender in contenders:
            tune = tuned[contender.label]
            rate = {"chosen_by": tune.id} if tune else part.learning_rate
            key = {
                **_training_key(part, regime, contender, task_facts),
                "kind": "train",
                "role": "test",
                "learning_rate": rate,
                "seeds": block,
            }
            yield _cell(key, contender, part, regime, (tune.id,) if tune else ())


def _blocks(part: Part) -> list[list[int]]:
    size = BLOCK if part.model == "stacked" else 1
    return [
        list(range(start, min(start + size, part.seeds))) for start in range(0, part.seeds, size)
    ]


def _tuning(
    part: Part, regime: Regime, contender: Contender, task_facts: Mapping[str, Any]
) -> Cell | None:
    if part.learning_rates is None or part.tuning_seeds is None:
        return None
    key = {
        **_training_key(part, regime, contender, task_facts),
        "kind": "tune",
        "role": "tuning",
        "learning_rates": sorted(part.learning_rates),
        "seeds": list(range(part.tuning_seeds)),
    }
    return _cell(key, contender, part, regime)


def _training_key(
    part: Part, regime: Regime, contender: Contender, task_facts: Mapping[str, Any]
) -> dict[str, Any]:
    own = {"scheme": "own", "weight": contender.weight, "bias": contender.bias}
    return {
        **task_facts,
        "model": part.model,
        "width": part.width,
        "depth": part.depth,
        "rounds": part.rounds,
        "init": own if regime == "fair" else {"scheme": "default"},
        "activation": contender.key,
    }


def _cell(
    key: Mapping[str, Any],
    contender: Contender,
    part: Part | None = None,
    regime: str = "",
    needs: tuple[str, ...] = (),
) -> Cell:
    cost, timeout = 0.2, 600.0
    if part is not None:
        runs = len(key["seeds"]) * len(key.get("learning_rates", (0,)))
        # Measured on one core: 3e-9 s per weight and round, 5e-6 s per layer and round.
        cost = part.rounds * part.depth * runs * (3e-9 * part.width**2 + 5e-6)
        timeout = part.timeout
    return Cell(
        id=content_id(key),
        key=key,
        needs=needs,
        part=part.name if part else "",
        regime=regime,
        contender=contender.label,
        cost=cost,
        timeout=timeout,
    )
