"""``actlab extend``: the second look at the claims, where the first left them undecided."""

from __future__ import annotations

import shlex
from pathlib import Path

from actlab.cli.where import EngineName
from actlab.cli.whole import WholeNumber


def extend(
    results: Path,
    *,
    dry_run: bool = False,
    workers: WholeNumber | None = None,
    engine: EngineName = "local",
    address: str | None = None,
    option: list[str] | None = None,
) -> int:
    """Double the seeds, once, of what measures the claims that are still undecided.

    The intervals of the full tier are wide enough for two looks at the data from the start, so
    the second one does not make chance findings likelier. A folder remembers its second look:
    the same command goes on with it, and there is no third.

    Args:
        results: a folder that actlab run claims wrote, of the full tier, finished.
        dry_run: only say what would run.
        workers: worker processes. Default: one per core, at most 8; of a cluster, all it has.
        engine: where cells are computed: worker processes here, a Ray cluster, or Slurm.
        address: of the Ray cluster, such as auto or 10.0.0.1:6379. Default: start one here.
        option: NAME=VALUE, an option of the engine, such as partition=short; can be repeated.

    Returns:
        0 when every cell has a result, or nothing is undecided, 1 when some have none, 130
        after Ctrl-C.
    """
    from actlab.cli.run import carry_out
    from actlab.cli.where import engine_of
    from actlab.lab.conduct import plan_study, plans_of, second_look_of
    from actlab.lab.extending import with_second_look
    from actlab.lab.plan import merged
    from actlab.records import Store
    from actlab.report.claims.second_look import left_open
    from actlab.report.claims.verdicts import judge_claims
    from actlab.report.collect import collect_folder
    from actlab.report.words import plural

    store = Store.open(results)
    plans = plans_of(results)
    extended = second_look_of(results)
    if not extended:
        extended = left_open(judge_claims(collect_folder(results)))
        if not extended:
            print("no claim is undecided: there is nothing to extend")
            return 0
        studies = (plan.study for plan in plans)
        plans = [plan_study(with_second_look(one, extended.get(one.name, ()))) for one in studies]
    missing = [cell for cell in merged(plans) if store.finished(cell.id) is None]
    parts = sum(len(names) for names in extended.values())
    print(
        f"second look: twice the seeds in {plural(parts, 'part')} of "
        f"{plural(len(extended), 'study', 'studies')}, {plural(len(missing), 'cell')} to run, "
        f"about {sum(cell.cost for cell in missing) / 60:.0f} minutes of one core"
    )
    if dry_run:
        return 0
    build = engine_of(engine, workers, address, option, results, plans)
    command = shlex.join(["actlab", "extend", str(results)])
    return carry_out(plans, results, store.study, build, command, extended=extended)
