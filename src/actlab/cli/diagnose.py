"""``actlab diagnose``: dead units, saturation, NaN and gradients by depth in a model of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from actlab.cli.objects import data_of, model_of, named


def diagnose(
    model: str,
    /,
    *,
    data: str,
    loss: str | None = None,
    batches: int = 8,
    mode: Literal["train", "eval"] | None = None,
    html: Path | None = None,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    strict: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    seed: int = 0,
) -> int:
    """Diagnose a model: dead and saturated units, shifted means, NaN, gradients by depth.

    The model is run forward and backward on the data; its weights stay as they are.

    Args:
        model: module:object, a model or a function that builds one, such as my_model:build.
        data: a shape for normally distributed numbers (64x3x32x32), a file (.pt, .npy, .npz,
            .safetensors), or module:object: a batch, batches, or a function that makes them.
        loss: module:object, a function of output and target; without it random cotangents are
            used, and gradients are known up to a factor.
        batches: how many are looked at, at most.
        mode: train or eval; without it the model is left in the mode it is in.
        html: write the report as a page into this file too.
        json: print everything as JSON instead of the table.
        strict: end with exit code 1 where anything raised an alarm, for scripts.
        seed: of everything random.
    """
    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise ValueError(f"--html must be a file in an existing folder, got {str(html)!r}")
    import torch

    torch.manual_seed(seed)
    built = model_of(model)
    if mode is not None:
        built.train(mode == "train")
    from actlab.diagnose import diagnose as run

    report = run(
        built,
        data_of(data, seed),
        loss=named(loss, "--loss") if loss is not None else None,
        batches=batches,
        generator=seed,
    )
    if json:
        print(report.to_json())
    else:
        from rich.console import Console

        from actlab.diagnose.terminal import show

        show(report, Console())
    if html is not None:
        report.save_html(html)
        if not json:
            print(f"wrote {html}")
    return 1 if strict and not report.healthy else 0
