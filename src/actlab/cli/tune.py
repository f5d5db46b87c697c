"""``actlab tune``: search an activation's parameters for a task, and test the winner."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from actlab.cli.whole import WholeNumber


def tune(
    target: str,
    /,
    *,
    activation: str,
    trials: WholeNumber = 40,
    seeds: WholeNumber = 5,
    fresh_seeds: WholeNumber = 10,
    space: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    setting: Annotated[
        list[str] | None,
        Parameter(name=("--setting", "--set"), consume_multiple=True, negative=()),
    ] = None,
    metric: str | None = None,
    better: Literal["lower", "higher"] | None = None,
    worst: float | None = None,
    init: Literal["default", "he", "lecun", "own", "forward", "centred"] | None = None,
    smallest: float | None = None,
    seed: WholeNumber = 0,
    results: Path | None = None,
    version: Annotated[str | None, Parameter(name="--function-version")] = None,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> int:
    """Tune an activation's parameters and learning rate; test the winner on fresh seeds.

    Every trial runs at the same tuning seeds, and ends early when it is clearly worse than the
    best. The default parameters get as many trials over the learning rate alone. Winner and
    default then run at fresh seeds, and the verdict is on those. The same command goes on with a
    search that was stopped; started twice at once, both processes add trials to it.

    Args:
        target: name of a task (actlab studies --tasks), or module:object of a task or a training
            function of your own, such as my_training:train.
        activation: name, or module:object of a definition.
        trials: of each of the two searches.
        seeds: tuning seeds of every trial.
        fresh_seeds: seeds of the test of winner against default.
        space: what is searched, such as alpha=0.1:8:log learning_rate=1e-4:1e-2:log; a single
            number stays, such as learning_rate=1e-3. Default: from the parameters' domains.
        setting: NAME=VALUE, settings of the task, such as depth=8.
        metric: what is compared. Default: the task's first.
        better: for a plain function, which way its number is better. Default: lower.
        worst: for a plain function, what a run that diverged counts as.
        init: initialisation in every run. Default: own in a task; in a function, whatever it does.
        smallest: smallest difference that matters, on the metric's scale. Default: 1 % of the
            default's mean.
        seed: what trials are drawn from.
        results: folder for trials and records. Default: results/tune-TARGET-ACTIVATION.
        version: a text to change with what the source of a function does not show, such as data.
        json: print the outcome as JSON.

    Returns:
        0 when there is a verdict, 130 after Ctrl-C.
    """
    from actlab.lab.function_contract import slug
    from actlab.lab.tuning.entry import tune as search

    folder = results or Path("results") / f"tune-{slug(target)}-{slug(activation)}"
    found = search(
        target,
        activation,
        trials=trials,
        seeds=seeds,
        fresh_seeds=fresh_seeds,
        space=space or (),
        settings=dict(_setting(text) for text in setting or ()),
        metric=metric,
        better=better,
        worst=worst,
        init=init,
        smallest_effect=smallest,
        results=folder,
        version=version,
        seed=seed,
        command=shlex.join(["actlab", *sys.argv[1:]]),
    )
    print(found.to_json() if json else found)
    if found.stopped:
        print(
            f"stopped; what is done is kept in {folder}; the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    if found.comparison is not None and not json:
        print(f"Records: {folder}; actlab report {folder} makes a page of them")
    return 0


def _setting(text: str) -> tuple[str, Any]:
    """``depth=8`` as a name and a number; what is no number, true or false is text."""
    from json import JSONDecodeError, loads

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--set: write NAME=VALUE, such as depth=8, got {text!r}")
    try:
        return name, loads(value)
    except JSONDecodeError:
        return name, value
