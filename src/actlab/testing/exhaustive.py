"""Every one of the 65 536 bit patterns of a 16-bit format: values and slopes correctly rounded."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from actlab.testing.comparison import compare
from actlab.testing.parameters import few_sets
from actlab.testing.subject import Subject

SETS = 4
"""Parameter sets of each function; each costs 126 976 exact evaluations."""


def every_number(dtype: torch.dtype) -> Tensor:
    """All bit patterns of a 16-bit dtype, NaNs and infinities included."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)


def value(subject: Subject, dtype: torch.dtype) -> None:
    """Every value is the correctly rounded one."""
    _sweep(subject, dtype, "value")


def gradient(subject: Subject, dtype: torch.dtype) -> None:
    """Every slope computed from the input is the correctly rounded one."""
    _sweep(subject, dtype, "slope")


def _sweep(subject: Subject, dtype: torch.dtype, what: str) -> None:
    everything = every_number(dtype).to(subject.device)
    inputs = everything.double().tolist()
    numbers = [k for k, x in enumerate(inputs) if not math.isnan(x)]
    for params in few_sets(subject.activation, SETS):
        if what == "value":
            got = subject(everything, params)
        else:
            got = subject.gradient(everything, params, save="input")
        compare(subject, what, [inputs[k] for k in numbers], got[numbers], params)
        if not got[everything.isnan()].isnan().all():
            raise AssertionError(f"{subject.label(params)} {dtype}: {what} of some NaN is no NaN")
