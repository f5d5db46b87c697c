"""What a model that is diagnosed gets, and alarms that are none."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from actlab.diagnose import diagnose

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))


class WritesItsInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.a(x.mul_(0.5).add_(x.numpy().mean())))


def test_models_that_write_into_their_input() -> None:
    before = X.clone()
    for model in (nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 4)), WritesItsInput()):
        assert diagnose(model, X).sites[0].units == 4
    assert torch.equal(X, before)


def test_models_without_parameters_that_learn() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 4), nn.Tanh())
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    sites = diagnose(model, X).sites
    assert all(site.gradient_norm for site in sites)


def test_rare_classes_are_no_shift() -> None:
    model = nn.Sequential(nn.Linear(4, 20), nn.Sigmoid())
    for bias, alarms in ((-4.6, []), (-100.0, ["saturated"])):
        nn.init.constant_(model[0].bias, bias)
        assert [v.fault for _, v in diagnose(model, X).alarms()] == alarms


def test_a_straight_line_is_a_shift() -> None:
    model = nn.Sequential(nn.Linear(4, 20), nn.ELU())
    nn.init.constant_(model[0].bias, 30.0)
    assert [v.fault for _, v in diagnose(model, X).alarms()] == ["shift"]


def test_dead_layers_have_one_alarm() -> None:
    model = nn.Sequential(nn.Linear(4, 20), nn.ReLU())
    nn.init.constant_(model[0].bias, -30.0)
    assert [v.fault for _, v in diagnose(model, X).alarms()] == ["dead"]
