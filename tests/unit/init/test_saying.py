"""What init_ reports, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from actlab import init


def plain(width: int = 64) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 2 * width),
        nn.ELU(),
        nn.Linear(2 * width, 1),
    )


def state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(before: dict[str, Tensor], model: nn.Module) -> bool:
    return all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_report_is_a_tidy_table() -> None:
    report = init.init_(plain(8), generator=0)
    lines = str(report).splitlines()
    assert lines[0].startswith("3 of 3 initialised: normal weights, variance sigma_w^2 / fan_in")
    assert lines[1].split() == [
        "layer",
        "shape",
        "followed",
        "by",
        "mode",
        "sigma_w",
        "sigma_b",
        "note",
    ]
    assert lines[3].split()[:6] == ["0", "8x8", "relu", "forward", "1.414", "0"]
    assert len({line.index("  set") for line in lines[3:]}) == 1
    with pytest.raises(KeyError, match="nowhere"):
        report["nowhere"]


def test_bad_requests_are_refused_before_anything_is_done() -> None:
    model = plain(8)
    before = state(model)
    with pytest.raises(ValueError, match="mode must be one of 'auto', .*got 'he'"):
        init.init_(model, mode="he")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="distribution must be one of .*got 'cauchy'"):
        init.init_(model, distribution="cauchy")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="residual must be one of .*got 'drop'"):
        init.init_(model, residual="drop")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fan must be one of .*got 'both'"):
        init.init_(model, fan="both")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="softplus has no critical point; use mode='auto'"):
        init.init_(model, "softplus", "critical")
    with pytest.raises(TypeError, match="generator must be a torch.Generator, an integer seed"):
        init.init_(model, generator="0")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="model must be a torch.nn.Module, got function"):
        init.init_(lambda x: x)  # type: ignore[arg-type]
    assert same(before, model)
    with pytest.raises(ValueError, match="0.weight is lazy and has no shape yet"):
        init.init_(nn.Sequential(nn.LazyLinear(3), nn.ReLU()))
    with pytest.raises(ValueError, match="weight is on the meta device and has no memory"):
        init.init_(nn.Linear(3, 3, device="meta"))
