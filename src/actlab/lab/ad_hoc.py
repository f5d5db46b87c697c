"""A study from a few words, without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from actlab.lab.study import Part, Regime, Study, StudyError
from actlab.lab.tasks import task_named

NOTICED = MappingProxyType({"linear": 0.01, "log10": 0.05})
"""Smallest effect where none is given and the metric has no unit: 0.05 decades are 12 %."""


def ad_hoc_study(
    task: str,
    activations: Sequence[str],
    *,
    baseline: str = "relu",
    metric: str = "",
    smallest: float | None = None,
    rates: Sequence[float] = (1e-3,),
    settings: Mapping[str, Any] | None = None,
    regime: Regime = "fair",
    seeds: int = 10,
    tuning_seeds: int = 3,
) -> Study:
    """A study that compares functions on one task.

    Args:
        task: name of a task, or ``module:object``.
        activations: names of functions, at least one that is not the baseline.
        baseline: what the others are compared with. Default: ``relu``.
        metric: what is compared; by default the task's first metric.
        smallest: smallest difference of interest, on the metric's scale, above 0. Default: 0.5
            where the metric is in percentage points, 0.05 decades on a logarithmic scale, 0.01
            otherwise.
        rates: one learning rate, or several to choose from. Default: 0.001.
        settings: of the task.
        regime: ``fair`` (own initialisation) or ``as-claimed`` (PyTorch's). Default: ``fair``.
        seeds: test seeds, 1 to 10 000. Default: 10.
        tuning_seeds: seeds that choose among several rates. Default: 3.

    Raises:
        StudyError: nothing to compare, or a number out of range.
    """
    others = [name for name in activations if name != baseline]
    if not others:
        raise StudyError(
            f"activations must name a function other than the baseline {baseline!r}, "
            f"got {', '.join(activations) or 'none'}"
        )
    chosen = task_named(task).metric(metric)
    noticed = 0.5 if chosen.unit == "pp" else NOTICED[chosen.scale]
    several = len(rates) > 1
    slug = "".join(c if c.isalnum() else "-" for c in task.lower()).strip("-")
    slug = "-".join(filter(None, slug.split("-")))[:60]
    try:
        part = Part(
            name="comparison",
            title=f"{', '.join(others)} against {baseline}",
            settings=dict(settings or {}),
            metric=metric,
            regimes=[regime],
            contenders=[baseline, *others],
            seeds=seeds,
            learning_rate=None if several else float(rates[0]),
            learning_rates=[float(rate) for rate in rates] if several else None,
            tuning_seeds=tuning_seeds if several else None,
        )
        return Study(
            name=slug,
            title=f"{slug}: {', '.join(others)} against {baseline}",
            task=task,
            claim=f"{others[0]} beats {baseline} on {slug}",
            contender=others[0],
            baseline=baseline,
            smallest_effect=noticed if smallest is None else smallest,
            part=[part],
        )
    except ValueError as error:
        if isinstance(error, StudyError):
            raise
        details = getattr(error, "errors", lambda **_: [])(include_url=False)
        lines = [f"{'.'.join(map(str, d['loc']))}: {d['msg']}, got {d['input']!r}" for d in details]
        raise StudyError("\n".join(lines) or str(error)) from None
