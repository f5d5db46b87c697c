"""Activation parameters are not decayed."""

import pytest
import torch

import actlab
from actlab import nn


def test_every_parameter_is_in_one_group_and_shapes_are_not_decayed():
    shared = nn.RaLU()
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4), shared, torch.nn.Linear(4, 4), shared, nn.PowerLU(learnable=True)
    )
    decayed, kept = actlab.parameter_groups(model, 0.1)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.1, 0.0)
    assert len(decayed["params"]) == 4
    assert len(kept["params"]) == 2
    ids = [id(p) for group in (decayed, kept) for p in group["params"]]
    assert sorted(ids) == sorted({id(p) for p in model.parameters()})
    torch.optim.AdamW([decayed, kept]).step()


def test_models_without_learned_activations_have_one_group():
    assert len(actlab.parameter_groups(torch.nn.Linear(2, 2), 0.1)) == 1
    assert actlab.parameter_groups(nn.RaLU(), 0.1)[0]["weight_decay"] == 0.0


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_bad_decay_is_refused(bad):
    with pytest.raises(ValueError, match=r"weight_decay must be a finite number in \[0, inf\)"):
        actlab.parameter_groups(torch.nn.Linear(2, 2), bad)
