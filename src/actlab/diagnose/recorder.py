"""The graph of a pass that is somebody's training: what cannot be recorded is left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from actlab.core import Activation
from actlab.init.trace import Recorder
from actlab.kernels.watch import unwatched


class GuardedRecorder(Recorder):
    """A recorder whose failures reach nobody; ``failures`` keeps them."""

    def __init__(self, model: nn.Module, observer: None = None) -> None:
        self.failures: list[Exception] = []
        super().__init__(model, observer)

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        try:
            # Functions are called here to tell what they are.
            with unwatched(), torch._C.DisableTorchFunction():
                yield
        except Exception as error:  # of somebody's tensors, or ours
            self.failures.append(error)

    def _enter(self, module: nn.Module, args: Any) -> None:
        with self._safely():
            super()._enter(module, args)

    def _leave(self, module: nn.Module, args: Any, *rest: Any) -> None:
        with self._safely():
            super()._leave(module, args, *rest)

    def computed(self, func: Any, args: tuple[Any, ...], kwargs: Any, result: Any) -> None:
        with self._safely():
            super().computed(func, args, kwargs, result)

    def watched(self, activation: Activation, x: Tensor, params: Mapping[str, Any], y: Any) -> None:
        with self._safely():
            super().watched(activation, x, params, y)
