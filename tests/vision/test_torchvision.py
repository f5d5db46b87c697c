"""Models of torchvision with random weights: what is found, swapped, learned and diagnosed."""

from __future__ import annotations

from typing import Any

import pytest

from .architecture import Architecture
from .checks import check_diagnose, check_find, check_gradients, check_swap
from .stubs import declare_missing

declare_missing()
torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")

from torchvision.models import detection, get_model, segmentation  # noqa: E402
from torchvision.models.maxvit import MaxVit  # noqa: E402


def of(name: str, size: int = 32, samples: int = 64, counts: Any = (), **options) -> Architecture:
    """A model for classes, by its name in torchvision."""
    title = " ".join([name, *options])
    return Architecture(
        title,
        lambda: get_model(name, weights=None, num_classes=10, **options),
        (3, size, size),
        samples,
        tuple(counts),
    )


def segmenting(name: str, counts: Any) -> Architecture:
    """A model for pixels, by its name in torchvision."""
    return Architecture(
        name,
        lambda: getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=4),
        (3, 32, 32),
        counts=tuple(counts),
    )


def maxvit() -> MaxVit:
    """The smallest one can be while all that it is made of is there."""
    return MaxVit(
        input_size=(64, 64), stem_channels=16, block_channels=[16, 32], block_layers=[1, 2],
        head_dim=8, stochastic_depth_prob=0.2, partition_size=4, num_classes=10,
    )  # fmt: skip


def pyramid() -> Any:
    """What detectors take features from, with the BatchNorm that they freeze."""
    return detection.backbone_utils.resnet_fpn_backbone(
        backbone_name="resnet18", weights=None, trainable_layers=5
    )
