"""``actlab swap``: see which activations of a model would be replaced, or save the result."""

from __future__ import annotations

import contextlib
import io
import json as json_text
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from actlab.cli.objects import data_of, model_of


def swap(
    model: str,
    /,
    *rules: str,
    data: str | None = None,
    dry_run: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    save: Path | None = None,
    learnable: bool | None = None,
    per_channel: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    share_calls: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    gates: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    reinit: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    seed: int = 0,
) -> None:
    """Replace activations in a model, or with --dry-run see what would be replaced.

    Without rules it lists every place where the model applies an activation.

    Args:
        model: module:object, a model or a function that builds one, such as my_model:build.
        rules: what is replaced and by what: relu=powerlu, 'layer1.*=ralu', gelu=elu.
        data: an example to run the model with: a shape (1x3x32x32), a file (.pt, .npy, .npz,
            .safetensors) or module:object. Without it the model is called without arguments.
        dry_run: show the table and change nothing.
        save: write the state_dict of the swapped model into this file.
        learnable: learn the parameters of the replacements; without it, what is usual for them.
        per_channel: one parameter for each channel.
        share_calls: one set of learned parameters for all calls of one thing in one place.
        gates: replace sigmoids that multiply other values too.
        reinit: initialise the weights anew, for the new functions.
        json: print the table as JSON.
        seed: of everything random.
    """
    parsed = dict(_rule(rule) for rule in rules)
    if parsed and not dry_run and save is None:
        raise ValueError("say what is wanted: --dry-run to see the table, or --save FILE")
    if save is not None and (save.is_dir() or not save.parent.is_dir()):
        raise ValueError(f"--save must be a file in an existing folder, got {str(save)!r}")
    import torch

    from actlab import surgery

    torch.manual_seed(seed)
    built = model_of(model)
    example = data_of(data, seed) if data is not None else None
    if not parsed:
        found = surgery.find(built, example)
        print(json_text.dumps(found.to_dict(), indent=2) if json else found)
        return
    options = {"learnable": learnable, "per_channel": per_channel, "gates": gates}
    options["share_calls"] = share_calls
    with contextlib.redirect_stdout(io.StringIO()):  # a dry run prints its table itself
        made = surgery.swap(
            built, parsed, example, **options, reinit=reinit, generator=seed, dry_run=dry_run
        )
    print(json_text.dumps(made.to_dict(), indent=2) if json else made)
    if save is not None and not dry_run:
        torch.save(built.state_dict(), save)
        if not json:
            print(f"wrote {save}")


def _rule(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals or not old or not new:
        raise ValueError(f"a rule is written old=new, such as relu=powerlu, got {text!r}")
    return old, new
