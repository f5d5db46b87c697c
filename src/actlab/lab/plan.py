"""From a study to cells. Pure: the same study gives the same cells with the same names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from actlab.lab.arm import Init, Scheme
from actlab.lab.contenders import Contender
from actlab.lab.device import CPU
from actlab.lab.study import Part, Regime, Study
from actlab.records import content_id

Kind = Literal["shape", "train", "tune"]
Initialise = Callable[[Contender, Scheme], Init]


@dataclass(frozen=True)
class PartTask:
    """What a plan must know about the task of a part.

    Args:
        key: name, version, code, data: whatever decides what its runs give.
        settings: all settings by contender label, defaults filled in.
        block: test seeds per cell.
        seconds: expected seconds of one run, by contender label.
        exclusive: its runs measure times: nothing else runs beside them.
        device: where its networks live.
    """

    key: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]
    block: int
    seconds: Mapping[str, float]
    exclusive: bool = False
    device: str = CPU


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
        exclusive: it measures times: nothing else runs beside it.
    """

    id: str
    key: Mapping[str, Any]
    needs: tuple[str, ...]
    part: str
    regime: str
    contender: str
    cost: float
    timeout: float
    exclusive: bool = False

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
            "cost": float(f"{self.cost:.3g}"),
        }


@dataclass(frozen=True)
class Plan:
    """All cells of a study.

    Args:
        study: what is compared.
        cells: each once, in the order they should start.
        contenders, tasks: of every part, by part name.
        places: every cell in every part and regime it belongs to: parts that ask the same share
            cells.
    """

    study: Study
    cells: tuple[Cell, ...]
    contenders: Mapping[str, Sequence[Contender]] = field(default_factory=dict)
    tasks: Mapping[str, PartTask] = field(default_factory=dict)
    places: tuple[Cell, ...] = ()


def make_plan(
    study: Study,
    contenders: Mapping[str, Sequence[Contender]],
    tasks: Mapping[str, PartTask],
    initialise: Initialise,
) -> Plan:
    """The cells of a study.

    Args:
        study: what to compare.
        contenders: the functions of every part, by part name.
        tasks: of every part, by part name.
        initialise: the initialisation of a function under a scheme.
    """
    cells: dict[str, Cell] = {}
    places: list[Cell] = []
    for part in study.part:
        for regime in part.regimes:
            args = (part, regime, contenders[part.name], tasks[part.name], initialise)
            for cell in _part_cells(*args):
                cells.setdefault(cell.id, cell)
                places.append(cell)
    for contender in {c.label: c for cs in contenders.values() for c in cs}.values():
        key = {"kind": "shape", "shape": 1, "activation": contender.key}
        cell = Cell(content_id(key), key, (), "", "", contender.label, 0.1, 600.0)
        cells.setdefault(cell.id, cell)
        places.append(cell)
    return Plan(study, tuple(cells.values()), contenders, tasks, tuple(places))


def _part_cells(
    part: Part,
    regime: Regime,
    contenders: Sequence[Contender],
    task: PartTask,
    initialise: Initialise,
) -> Iterator[Cell]:
    keys = {c.label: _training_key(part, regime, c, task, initialise) for c in contenders}
    tuned = {
        c.label: _tuning(part, regime, c, task, keys[c.label])
        for c in contenders
        if part.tunes(regime)
    }
    yield from tuned.values()
    # Seed by seed, so that a run stopped half-way has every contender at the first seeds.
    for block in blocks(part.seeds, task.block, part.first_look or 0):
        for contender in contenders:
            tune = tuned.get(contender.label)
            key = {
                **keys[contender.label],
                "kind": "train",
                "role": "test",
                "learning_rate": {"chosen_by": tune.id} if tune else part.learning_rate,
                "seeds": block,
            }
            yield _cell(key, contender, part, regime, task, (tune.id,) if tune else ())


def blocks(seeds: int, size: int, first: int = 0) -> list[list[int]]:
    """Seeds 0 to ``seeds - 1`` in blocks: more seeds later add blocks, and only one that was not
    full is computed again; not even that one where it ends with the ``first`` seeds."""
    starts = [*range(0, first, size), *range(first, seeds, size)]
    return [
        list(range(start, min(start + size, first if start < first else seeds))) for start in starts
    ]


def _tuning(
    part: Part, regime: Regime, contender: Contender, task: PartTask, key: Mapping[str, Any]
) -> Cell:
    whole = {
        **key,
        "kind": "tune",
        "role": "tuning",
        "metric": part.metric,
        "learning_rates": sorted(part.learning_rates or ()),
        "seeds": list(range(part.tuning_seeds or 0)),
    }
    return _cell(whole, contender, part, regime, task)


def _training_key(
    part: Part, regime: Regime, contender: Contender, task: PartTask, initialise: Initialise
) -> dict[str, Any]:
    scheme = contender.scheme or part.scheme(regime)
    # Other devices round otherwise: what they compute is kept apart.
    elsewhere = {} if task.device == CPU else {"device": task.device}
    return {
        **task.key,
        **elsewhere,
        "settings": dict(task.settings[contender.label]),
        "init": initialise(contender, scheme).key,
        "activation": contender.key,
    }


def _cell(
    key: Mapping[str, Any],
    contender: Contender,
    part: Part,
    regime: Regime,
    task: PartTask,
    needs: tuple[str, ...] = (),
) -> Cell:
    runs = len(key["seeds"]) * len(key.get("learning_rates", (0,)))
    return Cell(
        id=content_id(key),
        key=key,
        needs=needs,
        part=part.name,
        regime=regime,
        contender=contender.label,
        cost=task.seconds[contender.label] * runs,
        timeout=part.timeout,
        exclusive=task.exclusive,
    )


def merged(plans: Iterable[Plan]) -> list[Cell]:
    """The cells of several plans, each once."""
    cells: dict[str, Cell] = {}
    for plan in plans:
        for cell in plan.cells:
            cells.setdefault(cell.id, cell)
    return list(cells.values())
