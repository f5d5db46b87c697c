"""The global random generators, seeded for one run and put back after it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from actlab.lab.seeds import derive


@contextmanager
def seeded(*axes: str | int) -> Iterator[None]:
    """Seed the generators of Python, numpy and torch from named axes, and put them back after.

    Args:
        axes: names and numbers. They are hashed, so that a run which makes a generator of its own
            from the bare seed does not draw the same numbers again.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    # Before CUDA has been used there is nothing to put back, and asking would start it.
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    seed = derive("global", *axes)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)


@contextmanager
def settled_torch() -> Iterator[None]:
    """One thread, deterministic algorithms, float32: what the laboratory's own tasks run under."""
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    strict = torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=warn)
        torch.set_default_dtype(dtype)
