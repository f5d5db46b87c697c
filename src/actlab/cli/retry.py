"""``actlab retry``: try again what has no result."""

from __future__ import annotations

import shlex
from pathlib import Path

from actlab.cli.whole import WholeNumber


def retry(results: Path, *, workers: WholeNumber | None = None) -> int:
    """Run the cells of a results folder that have no result: not run, failed or timed out.

    Args:
        results: a folder that actlab run wrote.
        workers: worker processes. Default: one per core, at most 8.

    Returns:
        0 when every cell has a result, 1 when some have none, 130 after Ctrl-C.
    """
    from actlab.cli.run import carry_out
    from actlab.lab.conduct import default_workers, plans_of
    from actlab.lab.engines import engine_named
    from actlab.records import Store

    store = Store.open(results)
    about = store.read_study()
    plans = plans_of(results)
    command = str(about.get("command", shlex.join(["actlab", "retry", str(results)])))
    engine = engine_named("local", default_workers() if workers is None else workers)
    return carry_out(plans, results, store.study, engine, command)
