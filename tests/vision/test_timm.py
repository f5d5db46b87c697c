"""Models of timm with random weights: what is found, swapped, learned and diagnosed."""

from __future__ import annotations

from typing import Any

import pytest

from vision.architecture import Architecture
from vision.checks import check_diagnose, check_find, check_gradients, check_swap
from vision.stubs import declare_missing

declare_missing()
timm = pytest.importorskip("timm", exc_type=ImportError)


def of(name: str, size: int = 32, samples: int = 64, counts: Any = (), **options) -> Architecture:
    """A model for classes, by its name in timm."""
    return Architecture(
        name,
        lambda: timm.create_model(name, num_classes=10, **options),
        (3, size, size),
        samples,
        tuple(counts),
    )


def sized(name: str, size: int, samples: int = 64, counts: Any = ()) -> Architecture:
    """One whose size of images is fixed when it is made."""
    return of(name, size, samples, counts, img_size=size)


ARCHITECTURES = (
    of("resnet18", counts=[("relu", 17)]),
    of("resnetv2_50", samples=32, counts=[("relu", 49)]),
    of("skresnet18"),
    of("mobilenetv3_small_100", counts=[("hardswish", 19), ("relu", 14), ("hardsigmoid", 9)]),
    of("efficientnet_b0", counts=[("silu", 49), ("sigmoid", 16)]),
    of("rexnet_100", samples=32),
    of("convnext_atto", counts=[("gelu", 12)]),
    of("convnextv2_atto", counts=[("gelu", 12)]),
    of("repvgg_a0", counts=[("relu", 22)]),
    of("nfnet_l0", samples=16, counts=[("silu", 52), ("relu", 12), ("sigmoid", 12)]),
    of("eca_nfnet_l0", samples=16, counts=[("silu", 52), ("sigmoid", 12)]),
    of("dm_nfnet_f0", samples=8, counts=[("gelu", 52), ("relu", 12), ("sigmoid", 12)]),
    of("tresnet_m", samples=16, counts=[("leaky_relu", 36)]),
    of("dla34", counts=[("relu", 33)]),
    of("hrnet_w18_small", 64, 16, [("relu", 75)]),
    of("hgnetv2_b0"),
    of("poolformer_s12", counts=[("gelu", 12)]),
    of("caformer_s18"),
    sized("vit_tiny_patch16_224", 32, counts=[("gelu", 12)]),
    sized("swin_tiny_patch4_window7_224", 32, counts=[("gelu", 12)]),
    sized("mixer_s32_224", 64, counts=[("gelu", 16)]),
    sized("gmlp_ti16_224", 32, counts=[("gelu", 30)]),
    sized("levit_128s", 64),
    of("mobilevit_xxs", 64, 32),
    # One perceptron serves three branches: eight blocks, and six with three calls each.
    sized("coat_tiny", 64, 16, [("gelu", 26)]),
    of("davit_tiny", 32, counts=[("gelu", 12)]),
    sized("test_maxvit", 64, 32),
    sized("coatnet_0_rw_224", 64, 16),
    sized("xcit_nano_12_p16_224", 32),
    sized("efficientformerv2_s0", 64, 32),
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
