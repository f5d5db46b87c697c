"""``actlab retry``: try again what has no result."""

from __future__ import annotations

import shlex
from pathlib import Path

from actlab.cli.where import EngineName
from actlab.cli.whole import WholeNumber


def retry(
    results: Path,
    *,
    workers: WholeNumber | None = None,
    engine: EngineName = "local",
    address: str | None = None,
    option: list[str] | None = None,
) -> int:
    """Run the cells of a results folder that have no result: not run, failed or timed out.

    Args:
        results: a folder that actlab run wrote.
        workers: worker processes. Default: one per core, at most 8; of a cluster, all it has.
        engine: where cells are computed: worker processes here, a Ray cluster, or Slurm.
        address: of the Ray cluster, such as auto or 10.0.0.1:6379. Default: start one here.
        option: NAME=VALUE, an option of the engine, such as partition=short; can be repeated.

    Returns:
        0 when every cell has a result, 1 when some have none, 130 after Ctrl-C.
    """
    from actlab.cli.run import carry_out
    from actlab.cli.where import engine_of
    from actlab.lab.conduct import plans_of, second_look_of
    from actlab.records import Store

    store = Store.open(results)
    about = store.read_study()
    plans = plans_of(results)
    command = str(about.get("command", shlex.join(["actlab", "retry", str(results)])))
    build = engine_of(engine, workers, address, option, results, plans)
    extended = second_look_of(results)
    return carry_out(plans, results, store.study, build, command, extended=extended)
