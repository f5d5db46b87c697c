"""Models of timm that are built with ``act_layer=``: classes and partials."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch

from actlab import nn
from vision.stubs import declare_missing

declare_missing()
timm = pytest.importorskip("timm", exc_type=ImportError)

MODELS: dict[str, tuple[int, dict[str, Any]]] = {
    "resnet18": (17, {}),  # act_layer(inplace=True)
    "efficientnet_b0": (49, {}),
    "mobilenetv3_small_100": (19, {}),
    "densenet121": (121, {}),  # as part of a normalisation layer
    "vit_tiny_patch16_224": (12, {"img_size": 32}),  # act_layer()
    "convnext_atto": (12, {}),
}
"""To how many places each model puts its ``act_layer``."""

LAYERS = {
    "class": (nn.PowerLU, "powerlu", {"p": 2.0}),
    "partial": (functools.partial(nn.ELU, alpha=0.5), "elu", {"alpha": 0.5}),
    "by name": (functools.partial(nn.Activation, "mish"), "mish", {}),
    "learned": (nn.RaLU, "ralu", {}),
    "random": (nn.RReLU, "rrelu", {}),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("layer", LAYERS)
def test_act_layer(model: str, layer: str) -> None:
    places, options = MODELS[model]
    act_layer, name, params = LAYERS[layer]
    built = timm.create_model(model, num_classes=10, act_layer=act_layer, **options)
    kind = nn.RReLU if name == "rrelu" else nn.Activation
    found = [module for module in built.modules() if isinstance(module, kind)]
    assert len(found) == places
    for module in found:
        assert name == "rrelu" or module.definition.name == name
        assert all(getattr(module, key) == value for key, value in params.items())
    size = options.get("img_size", 64)
    built(torch.randn(2, 3, size, size)).sum().backward()
    gradients = [p.grad for p in built.parameters()]
    assert all(g is not None and g.isfinite().all() for g in gradients)


def test_a_state_dict_goes_back_and_forth() -> None:
    one, other = (timm.create_model("resnet18", act_layer=nn.RaLU) for _ in range(2))
    other.load_state_dict(one.state_dict())
    x = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(other.eval()(x), one.eval()(x), rtol=0, atol=0)


@pytest.mark.parametrize("layer", LAYERS)
def test_features_are_taken_out_by_torchvision(layer: str) -> None:
    extraction = pytest.importorskip("torchvision.models.feature_extraction", exc_type=ImportError)
    model = timm.create_model("resnet18", act_layer=LAYERS[layer][0]).eval()
    found: dict[str, torch.Tensor] = {}
    for place in ("act1", "layer2.0.act2"):
        module = model.get_submodule(place)
        module.register_forward_hook(lambda _, __, y, place=place: found.update({place: y}))
    x = torch.randn(1, 3, 32, 32)
    model(x)
    features = extraction.create_feature_extractor(model, list(found))(x)
    assert list(features) == list(found)
    for place, expected in found.items():
        torch.testing.assert_close(features[place], expected, rtol=0, atol=0)
