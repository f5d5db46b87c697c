"""Modules of every kind, and something to put through them."""

import pytest
import torch

from actlab import nn

MODULES = {
    "fixed": lambda **kw: nn.PowerLU(3.0, **kw),
    "parametrised": lambda **kw: nn.PowerLU(3.0, learnable=True, **kw),
    "three": lambda **kw: nn.ExpoLU(2.0, 0.5, 2.5, learnable=True, num_parameters=4, **kw),
    "free": lambda **kw: nn.RaLU(**kw),
    "channels": lambda **kw: nn.RaLU(num_parameters=4, **kw),
    "monotone": lambda **kw: nn.RaLU(constraint="monotone", **kw),
    "elu": lambda **kw: nn.ELU(0.5, learnable=True, **kw),
    "named": lambda **kw: nn.Activation("leaky_relu", negative_slope=0.2, **kw),
}


@pytest.fixture(params=MODULES)
def build(request):
    return MODULES[request.param]


@pytest.fixture
def x():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
