"""``actlab run``: compute a study, or the studies of all claims, and report on it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from actlab.cli.where import EngineName, engine_of, pairs
from actlab.cli.whole import WholeNumber

if TYPE_CHECKING:
    from actlab.lab.extending import Extended
    from actlab.lab.plan import Plan

CLAIMS = "claims"
"""The name that stands for every study of the ledger of claims."""


def run(
    study: str,
    *,
    tier: Literal["smoke", "quick", "full"] | None = None,
    quick: bool = False,
    seeds: WholeNumber | None = None,
    device: str | None = None,
    stack: WholeNumber | None = None,
    results: Path | None = None,
    workers: WholeNumber | None = None,
    engine: EngineName = "local",
    address: str | None = None,
    option: list[str] | None = None,
    events: Path | None = None,
    activations: str | None = None,
    baseline: str = "relu",
    metric: str = "",
    smallest: float | None = None,
    learning_rates: str = "1e-3",
    setting: list[str] | None = None,
    regime: Literal["as-claimed", "fair"] = "fair",
) -> int:
    """Run a study, or go on with one that was stopped, and write its report.

    Finished cells are kept and never run again; Ctrl-C loses only those being computed. A study
    grows by the same command with more seeds, functions or parts: only what is missing runs.

    Args:
        study: name of a study that comes with actlab, such as twenty-one-pairs; a TOML file;
            claims for the studies of all claims; or with --activations the name of a task.
        tier: version of the study: smoke (about a minute for all claims), quick (about ten
            minutes) or full (two and a half hours, on two cores). Default: full.
        quick: the same as --tier quick.
        seeds: test seeds of every part, in place of the study's own.
        device: where networks live, such as cuda: those of tasks that can live on any device.
            Default: the study's, which is cpu unless it says otherwise.
        stack: test seeds that train together in a cell. Default: what the task says, on a GPU 256.
        results: folder for records and report. Default: results/STUDY (results/STUDY-quick).
        workers: worker processes. Default: one per core, at most 8, and one with --device; of a
            cluster, all it has.
        engine: where cells are computed: worker processes here, a Ray cluster, or Slurm.
        address: of the Ray cluster, such as auto or 10.0.0.1:6379. Default: start one here.
        option: NAME=VALUE, an option of the engine, such as partition=short; can be repeated.
        events: file to which every event of the run is written as a line of JSON; - for standard
            output.
        activations: names of functions, separated by commas: compare them on the task that STUDY
            names, without a study file.
        baseline: with --activations, what the others are compared with.
        metric: with --activations, what is compared. Default: the task's first metric.
        smallest: with --activations, smallest difference of interest, on the metric's scale.
        learning_rates: with --activations, one rate or several to choose from.
        setting: with --activations, NAME=VALUE, a setting of the task; can be repeated.
        regime: with --activations, each function's own initialisation, or PyTorch's for all.

    Returns:
        0 when every cell has a result, 1 when some have none, 130 after Ctrl-C.
    """
    from actlab.lab.conduct import prepare, prepare_claims, second_look_of

    if quick and tier not in (None, "quick"):
        raise ValueError(f"--quick and --tier {tier} contradict each other")
    version = tier or ("quick" if quick else "full")
    extended: Extended = {}
    if activations is not None and version != "full":
        raise ValueError(f"--tier {version} is for studies, and --activations makes one of its own")
    if activations is not None:
        from actlab.lab.ad_hoc import ad_hoc_study
        from actlab.lab.conduct import plan_study
        from actlab.lab.study_file import check_counts

        check_counts(seeds=seeds, stack=stack)
        made = ad_hoc_study(
            study,
            [name.strip() for name in activations.split(",") if name.strip()],
            baseline=baseline,
            metric=metric,
            smallest=smallest,
            rates=_numbers(learning_rates),
            settings=pairs("--setting", setting),
            regime=regime,
            seeds=10 if seeds is None else seeds,
        )
        changes = {"device": device, "stack": stack}
        changes = {name: value for name, value in changes.items() if value is not None}
        plans = [plan_study(made.model_copy(update=changes))]
    elif study == CLAIMS:
        # What was extended stays so: a look at the data cannot be taken back.
        extended = second_look_of(results or Path("results") / f"{CLAIMS}-{version}")
        plans = prepare_claims(
            tier=version, extended=extended, seeds=seeds, device=device, stack=stack
        )
    else:
        plans = [prepare(study, tier=version, seeds=seeds, device=device, stack=stack)]
    name = f"{CLAIMS}-{version}" if study == CLAIMS else plans[0].study.title_name
    folder = results or Path("results") / name
    build = engine_of(engine, workers, address, option, folder, plans)
    return carry_out(plans, folder, name, build, _command(sys.argv[1:]), events, extended)


def carry_out(
    plans: list[Plan],
    folder: Path,
    name: str,
    build,
    command: str,
    events: Path | None = None,
    extended: Extended | None = None,
) -> int:
    """Compute what is missing of some plans, report, and say what has no result."""
    from rich.console import Console

    from actlab.cli.report import show
    from actlab.lab.conduct import conduct
    from actlab.lab.event_log import EventLog
    from actlab.lab.progress import Board
    from actlab.records import FINAL

    console = Console(stderr=events is not None and str(events) == "-")
    try:
        with Board(console) as board, EventLog(events) as log:

            def watch(event) -> None:
                board.watch(event)
                log.watch(event)

            records = conduct(
                plans,
                folder,
                build,
                name=name,
                command=command,
                watch=watch,
                extended=extended or {},
            )
    except KeyboardInterrupt:
        print(
            f"stopped; what is done is kept in {folder}; the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    show(folder, None, console)
    lost = [record for record in records if record.status not in FINAL]
    if lost:
        print(
            f"{len(lost)} of {len(records)} cells have no result; "
            "the same command tries them again",
            file=sys.stderr,
        )
        return 1
    return 0


UNIMPORTANT = ("--workers", "--events", "--engine", "--address", "--option")
"""Options that do not matter to the numbers."""


def _command(words: list[str]) -> str:
    """What to type to get the same numbers."""
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in UNIMPORTANT:
            skip = True
        elif word != "--debug" and word.partition("=")[0] not in UNIMPORTANT:
            kept.append(word)
    return shlex.join(["actlab", *kept])


def _numbers(text: str) -> list[float]:
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        raise ValueError(
            f"--learning-rates must be numbers separated by commas, got {text!r}"
        ) from None
