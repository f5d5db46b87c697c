"""check and lsuv_: what they measure, what they change, what they leave."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab import init


def data(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1000))


def test_measurements_are_those_of_the_layers() -> None:
    model = nn.Sequential(nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 5))
    x = data(40, 20)
    found = init.check(model, x, generator=7)
    hidden = model[0](x)
    y = model[2](torch.tanh(hidden))
    cotangent = torch.randn(y.shape, generator=torch.Generator().manual_seed(7))
    (slope,) = torch.autograd.grad(y, hidden, cotangent)
    first, last = found.rows
    assert (first.name, last.name) == ("0", "2")
    assert first.mean == pytest.approx(float(hidden.detach().mean()), abs=1e-6)
    assert first.variance == pytest.approx(float(hidden.detach().var(correction=0)), rel=1e-5)
    assert first.gradient == pytest.approx(float(slope.square().mean()), rel=1e-5)
    assert last.gradient == pytest.approx(float(cotangent.square().mean()), rel=1e-5)
    assert found.gradient_ratio == pytest.approx(math.log10(first.gradient / last.gradient))


def test_gradients_are_seen_behind_operations_in_place() -> None:
    kept = nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 20))
    overwritten = nn.Sequential(kept[0], nn.ReLU(inplace=True), kept[2])
    x = data(9, 20)
    assert init.check(kept, x) == init.check(overwritten, x)


def test_every_use_of_a_shared_layer_has_a_row() -> None:
    class Looped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(64, 64)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(3):
                x = F.elu(self.layer(x))
            return x

    init.init_(model := Looped(), example_inputs=data(2, 64), generator=0)
    found = init.check(model, data(32, 64))
    assert [row.name for row in found.rows] == ["layer"] * 3
    assert all(row.predicted and row.gradient for row in found.rows)


def test_predictions_of_gates_and_of_attention() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate, self.value = nn.Linear(256, 256), nn.Linear(256, 256)
            self.out = nn.Linear(256, 256)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(F.silu(self.gate(x)) * self.value(x))

    model = nn.Sequential(Gated(), nn.LayerNorm(256), Gated())
    x = F.layer_norm(data(32, 256), (256,))
    init.init_(model, example_inputs=x, generator=0)
    assert init.check(model, x).departures(0.2) == []
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0)
    found = init.check(layer, data(4, 10, 32))
    assert [row.name for row in found.rows] == ["self_attn.out_proj", "linear1", "linear2"]
    assert found.rows[0].predicted is None
    assert found.rows[2].predicted == pytest.approx(found.rows[2].square, rel=0.3)
    assert math.isnan(found.rows[0].forward_departure)


def test_the_report_is_a_table() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    lines = str(init.check(model, data(4, 8))).splitlines()
    assert lines[0].startswith("squared gradient, first layer over last: 10^")
    assert lines[1].split()[:3] == ["layer", "mean", "variance"]
    assert [line.split()[0] for line in lines[3:]] == ["0", "2"]
    noisy = nn.Sequential(nn.Linear(8, 8), nn.Softmax(-1), nn.Linear(8, 8))
    assert "not predictable" in str(init.check(noisy, data(4, 8)))


def test_check_needs_a_layer() -> None:
    with pytest.raises(ValueError, match="uses no linear layer"):
        init.check(nn.ReLU(), data(3, 3))


def net(width: int = 48) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(6):
        layers += [nn.Linear(width, width), actlab.nn.Activation("gelu")]
    return nn.Sequential(*layers)


def test_lsuv_gives_every_layer_the_target() -> None:
    model, x = net(), 3 * data(64, 48) + 1
    biases = [layer.bias.clone() for layer in model if isinstance(layer, nn.Linear)]
    report = init.lsuv_(model, x, target=2.0, tolerance=0.02)
    assert [row.action for row in report.rows] == ["set"] * 6
    y = x
    for k, module in enumerate(model):
        y = module(y)
        if k % 2 == 0:
            assert float(y.detach().double().var(correction=0)) == pytest.approx(2.0, rel=0.021)
            assert torch.equal(module.bias, biases[k // 2])
    assert report.rows[0].factor == pytest.approx(math.sqrt(2 / report.rows[0].before), rel=0.05)
    again = init.lsuv_(model, x, target=2.0, tolerance=0.02)
    assert all((row.factor, row.iterations) == (1.0, 0) for row in again.rows)
    assert "set" in str(again)


def test_lsuv_says_what_it_cannot_reach() -> None:
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 8))
    with torch.no_grad():
        model[0].bias.copy_(data(64) * 10)
        model[2].weight.zero_()
        model[2].bias.zero_()
    report = init.lsuv_(model, data(32, 8))
    assert [row.action for row in report.rows] == ["missed", "left"]
    assert report.rows[0].note == "its biases alone vary too much"
    assert report.rows[1].note == "the variance of its output is 0"
    assert report.rows[0].iterations == 10


def test_lsuv_leaves_what_it_must() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen = nn.Linear(16, 16).requires_grad_(False)
            self.inside = nn.Linear(16, 16)
            self.end = nn.Linear(16, 16)
            self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(16, 16))

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.frozen(x))
            x = x + self.end(F.relu(self.inside(x)))
            return x + self.normed(x)

    model = Model()
    kept = model.frozen.weight.clone()
    report = init.lsuv_(model, data(64, 16))
    by_name = {row.name: row for row in report.rows}
    assert torch.equal(kept, model.frozen.weight)
    assert (by_name["frozen"].action, by_name["normed"].note) == ("left", "parametrized")
    assert by_name["inside"].target == 1
    assert by_name["end"].target == pytest.approx(0.5)
    zero = init.lsuv_(model, data(64, 16), residual="zero")
    assert {row.name: row.note for row in zero.rows}["end"] == "the end of a residual branch"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 0.0}, "target must be a number in .0, inf., got 0.0"),
        ({"tolerance": 1.5}, "tolerance must be a number in .0, 1., got 1.5"),
        ({"max_iterations": 0}, "max_iterations must be an integer of at least 1, got 0"),
        ({"residual": "half"}, "residual must be one of"),
    ],
)
def test_lsuv_refuses_bad_requests(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        init.lsuv_(net(8), data(4, 8), **options)  # type: ignore[arg-type]
