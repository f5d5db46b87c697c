"""``actlab studies``: what can be run."""

from __future__ import annotations

import json
import sys


def studies(*, tasks: bool = False, schema: bool = False) -> None:
    """List the studies that come with actlab, its tasks, or the schema of study files.

    Args:
        tasks: the tasks, with their settings and metrics, in place of the studies.
        schema: the JSON schema of a study file, for editors that check TOML.
    """
    from rich.console import Console
    from rich.text import Text

    if schema:
        from actlab.lab.study import Study

        json.dump(Study.model_json_schema(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    console = Console()
    if not tasks:
        from actlab.lab.study_file import built_in, load_study

        for name in built_in():
            study = load_study(name)
            tiers = [tier for tier in ("smoke", "quick") if getattr(study, tier) is not None]
            console.print(Text(name, style="bold"), Text(study.title), soft_wrap=True)
            parts = ", ".join(part.name for part in study.part)
            console.print(Text(f"  parts: {parts}; tiers: {', '.join([*tiers, 'full'])}"))
        return
    from actlab.lab.tasks import task_named, task_names

    for name in task_names():
        try:
            task = task_named(name)
        except ImportError as error:
            console.print(Text(name, style="bold"), Text(str(error), style="yellow"))
            continue
        console.print(Text(name, style="bold"), Text(task.title), soft_wrap=True)
        console.print(Text(f"  {task.about}"))
        settings = ", ".join(
            f"{key}={field.default!r}" for key, field in task.settings.model_fields.items()
        )
        console.print(Text(f"  settings: {settings}"))
        metrics = ", ".join(f"{m.name} ({m.better} is better)" for m in task.metrics)
        console.print(Text(f"  metrics: {metrics}"))
