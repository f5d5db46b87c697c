"""Models of torchvision with random weights: what is found, swapped, learned and diagnosed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from torch import nn

from actlab import surgery
from vision.architecture import Architecture
from vision.checks import check_diagnose, check_find, check_gradients, check_swap
from vision.stubs import declare_missing

declare_missing()
pytest.importorskip("torchvision", exc_type=ImportError)

from torchvision.models import detection, get_model, segmentation  # noqa: E402
from torchvision.models.maxvit import MaxVit  # noqa: E402


def of(name: str, size: int = 32, samples: int = 64, counts: Any = (), **options) -> Architecture:
    """A model for classes, by its name in torchvision."""
    title = f"{name} in little memory" if options.get("memory_efficient") else name
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


ARCHITECTURES = (
    of("resnet18", counts=[("relu", 17)]),
    # 57 convolutions, and one of each of two heads with a hidden layer behind it.
    of("googlenet", counts=[("relu", 61)], aux_logits=True, init_weights=False),
    of("inception_v3", 299, 4, [("relu", 96)], init_weights=False),
    of("densenet121", samples=32, counts=[("relu", 121)]),
    of("densenet121", samples=32, counts=[("relu", 121)], memory_efficient=True),
    of("mobilenet_v2", counts=[("hardtanh", 35)]),
    of("mobilenet_v3_small", counts=[("hardswish", 19), ("relu", 14), ("hardsigmoid", 9)]),
    of("efficientnet_b0", counts=[("silu", 49), ("sigmoid", 16)]),
    of("convnext_tiny", counts=[("gelu", 18)]),
    of("vgg11", counts=[("relu", 10)]),
    of("squeezenet1_1", counts=[("relu", 26)]),
    of("shufflenet_v2_x0_5", counts=[("relu", 37)]),
    of("mnasnet0_5", counts=[("relu", 35)]),
    of("regnet_y_400mf", counts=[("relu", 65), ("sigmoid", 16)]),
    of("swin_t", counts=[("gelu", 12)]),
    # Its sigmoids bound what is added to the scores of attention: no gates.
    replace(of("swin_v2_t", counts=[("gelu", 12), ("sigmoid", 12)]), ungated=12),
    of("vit_b_16", counts=[("gelu", 12)], image_size=32),
    Architecture("maxvit", maxvit, (3, 64, 64), 32),
    segmenting("fcn_resnet50", [("relu", 50)]),
    segmenting("lraspp_mobilenet_v3_large", [("hardswish", 20), ("sigmoid", 1)]),
    Architecture("resnet18 with a pyramid", pyramid, (3, 64, 64), counts=(("relu", 17),)),
)

each = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)


@each
def test_find(architecture: Architecture) -> None:
    check_find(architecture)


@each
def test_swap(architecture: Architecture) -> None:
    check_swap(architecture)


@each
def test_gradients(architecture: Architecture) -> None:
    check_gradients(architecture)


@each
def test_diagnose(architecture: Architecture) -> None:
    check_diagnose(architecture)


def test_one_module_in_two_places_of_a_block() -> None:
    model = ARCHITECTURES[0].build()
    found = surgery.find(model, ARCHITECTURES[0].example())
    modules = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    assert (len(found), len(modules)) == (17, 9)
    assert found.names[:3] == ("relu", "layer1.0.relu#1", "layer1.0.relu#2")


def test_heads_that_run_in_training_only() -> None:
    found = surgery.find(ARCHITECTURES[1].build(), ARCHITECTURES[1].example())
    alone = [site.name for site in found if site.modes == ("train",)]
    assert alone == ["aux1.conv:relu", "aux1:relu", "aux2.conv:relu", "aux2:relu"]
