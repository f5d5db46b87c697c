"""Planted faults are found at their site with their units; healthy models raise no alarm."""

from __future__ import annotations

import pytest
import torch

import actlab
from actlab.diagnose import Report, diagnose
from models.faults import DEEP, FAULTS, HEALTHY, Fault

UNDERFLOWN = frozenset({"dead", "saturated"})
"""Where a function has no flat piece, slopes of exactly 0 are both."""


def alarms(report: Report) -> list[tuple[str, str]]:
    return [(name, verdict.fault) for name, verdict in report.alarms()]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_fault_is_found(fault: Fault) -> None:
    report = diagnose(fault.build(), fault.data())
    expected = fault.expected
    site, kind = expected["site"], expected["fault"]
    found = alarms(report)
    if kind in UNDERFLOWN:
        assert [name for name, what in found if what in UNDERFLOWN and name == site] == [site]
        record = report[site]
        units = record.dead_units if kind == "dead" else record.saturated_units
        assert units == tuple(expected["units"])
        assert len(units) == (record.dead if kind == "dead" else record.saturated)
        assert record.units == expected["of"]
        elsewhere = {name for name, what in found if what in UNDERFLOWN} - {site}
        assert elsewhere == set(expected.get("also", {}))
    else:
        assert (site, kind) in found


@pytest.mark.parametrize("fault", [f for f in FAULTS if "step" in f.expected], ids=str)
def test_the_first_nonfinite_value_is_dated(fault: Fault) -> None:
    expected = fault.expected
    report = diagnose(fault.build(), fault.data())
    if expected.get("where") == "gradient":
        assert report[expected["site"]].nonfinite_gradient
    else:
        assert report[expected["site"]].nonfinite_step == expected["step"]


@pytest.mark.parametrize("model", HEALTHY, ids=str)
def test_healthy_models_raise_no_alarm(model: Fault) -> None:
    report = diagnose(model.build(), model.data())
    assert alarms(report) == []
    assert report.healthy
    assert all(site.dead == 0 for site in report.sites)


@pytest.mark.parametrize("model", DEEP, ids=str)
def test_units_that_are_off_by_chance_raise_no_alarm(model: Fault) -> None:
    report = diagnose(model.build(), model.data())
    assert alarms(report) == []
    assert any(site.dead for site in report.sites)


class OfOneName(torch.nn.Module):
    """A site that is called like the function that others apply too."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(4, 32), torch.nn.Linear(32, 4)
        self.relu = torch.nn.ReLU()
        torch.nn.init.constant_(self.a.bias, -100.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.b(self.relu(self.a(x))))


def test_the_line_that_cures_is_about_its_site_alone() -> None:
    model, example_inputs = OfOneName(), torch.ones(64, 4)
    report = diagnose(model, example_inputs)
    (code,) = (v.code for v in report["relu"].verdicts if v.fault == "dead")
    done = eval(code, {"actlab": actlab, "model": model, "example_inputs": example_inputs})
    assert done.swapped == ("relu",)
