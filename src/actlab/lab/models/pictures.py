"""Numbers worked out from pictures and from codes with classes."""

from __future__ import annotations

import torch
from torch import Tensor

HIGH = 3
"""Frequencies from this one on, in waves per picture of 8 pixels, are fine detail."""


def detail(pictures: Tensor, side: int = 8, high: int = HIGH) -> Tensor:
    """Energy of the high frequencies of pictures, mean over pictures, ``(runs,)``.

    ``sum |F_kl|^2 / side^2`` over the frequencies (k, l) of the two-dimensional Fourier transform
    of which one at least is ``high`` or more.

    Args:
        pictures: ``(runs, n, side * side)``.
        side: pixels of a side. Default: 8.
        high: lowest frequency that counts as high. Default: 3.
    """
    shaped = pictures.double().reshape(*pictures.shape[:-1], side, side)
    power = torch.fft.fft2(shaped, norm="ortho").abs().square()
    wave = torch.arange(side).minimum(side - torch.arange(side))
    fine = (wave[:, None] >= high) | (wave[None, :] >= high)
    return power[..., fine].sum(-1).mean(-1)


def scatter(codes: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Scatter of codes within classes over that between class means, ``(runs,)``.

    Args:
        codes: ``(runs, n, numbers)``.
        labels: ``(runs, n)``.
        classes: how many there are.
    """
    codes = codes.double()
    member = torch.nn.functional.one_hot(labels, classes).double()
    counts = member.sum(1)
    means = member.transpose(1, 2) @ codes / counts.clamp(min=1)[..., None]
    within = (codes - member @ means).square().sum((1, 2))
    middle = codes.mean(1, keepdim=True)
    between = (counts[..., None] * (means - middle).square()).sum((1, 2))
    return within / between
