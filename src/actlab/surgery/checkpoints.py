"""Checkpoints of a model as it was, loaded into the model as it is."""

from __future__ import annotations

import functools
from typing import Any

from torch import Tensor, nn


def accept_old_checkpoints(new: nn.Module, old: nn.Module | None) -> None:
    """Let a module load checkpoints that were saved with the one it replaces.

    What the old one had is dropped, and the new one keeps what it has.
    """
    keys = frozenset(old.state_dict()) if old is not None else frozenset()
    if new.state_dict() or keys:
        new.register_load_state_dict_pre_hook(functools.partial(_keep_own, old_keys=keys))


def _keep_own(
    module: nn.Module, state: dict[str, Tensor], prefix: str, *rest: Any, old_keys: frozenset[str]
) -> None:
    there = {key[len(prefix) :] for key in state if key.startswith(prefix)}
    if there == old_keys:
        for key in old_keys:
            del state[prefix + key]
        state.update({prefix + key: value for key, value in module.state_dict().items()})
