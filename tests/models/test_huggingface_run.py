"""Models of transformers run, and their sites are modules that are called or code that is there."""

from __future__ import annotations

import importlib.util
import inspect

import pytest
import torch
from torch import nn

import actlab.functional as AF
from models.huggingface import HOSTED, Hosted


def built(hosted: Hosted) -> nn.Module:
    if importlib.util.find_spec("transformers") is None:
        pytest.skip("transformers is not installed")
    return hosted.build()


@pytest.mark.slow
@pytest.mark.parametrize("hosted", HOSTED, ids=str)
def test_sites_run_in_the_order_given(hosted: Hosted) -> None:
    before = torch.get_rng_state()
    model = built(hosted)
    assert torch.equal(torch.get_rng_state(), before)
    ran: list[str] = []
    for name, function in zip((name for name, _ in hosted.sites), hosted.functions, strict=True):
        owner, call, called = name.partition(":")
        module = model.get_submodule(owner)
        if call:
            assert f".{called}(" in inspect.getsource(type(module).forward)
        else:
            x = torch.linspace(-3, 3, 25)
            assert torch.allclose(module(x), AF.call(function, x), atol=1e-6)
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
    with torch.random.fork_rng(devices=[]):
        out = model(**hosted.example())
    out[0].square().mean().backward()
    assert ran == [name for name, _ in hosted.sites]


@pytest.mark.slow
@pytest.mark.parametrize("hosted", HOSTED, ids=str)
def test_sites_follow_their_entry_of_the_configuration(hosted: Hosted) -> None:
    """The class of every site is the one that the entry names; what no entry names is fixed."""
    model = built(hosted)
    from transformers.activations import ACT2FN

    for name, entry in hosted.sites:
        if entry:
            assert type(model.get_submodule(name)) is type(ACT2FN[getattr(model.config, entry)])
    accounted = {name for name, _ in hosted.sites}
    kinds = tuple(type(ACT2FN[key]) for key in ("gelu", "gelu_new", "silu", "relu", "tanh"))
    for name, module in model.named_modules():
        assert name in accounted or not isinstance(module, kinds)
