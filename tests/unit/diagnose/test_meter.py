"""What is counted at a site, against numbers computed from all values at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab.diagnose import SiteReport, diagnose, monitor
from actlab.diagnose.meter import nonfinite


def batches(count: int = 3, *shape: int, seed: int = 0) -> list[Tensor]:
    draws = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=draws) * 2 + 0.3 for _ in range(count)]


def only(activation: nn.Module, data: list[Tensor], **options) -> SiteReport:
    (site,) = diagnose(nn.Sequential(activation), data, **options).sites
    return site


@pytest.mark.parametrize("shape", [(40, 6), (5, 8, 6), (5, 6, 3, 3)])
def test_moments_and_shares(shape: tuple[int, ...]) -> None:
    dim = 1 if len(shape) == 4 else -1
    data = batches(3, *shape)
    site = only(nn.ELU(), data)
    x = torch.cat(data).movedim(dim, -1).reshape(-1, 6).double()
    y, slope = F.elu(x), torch.where(x > 0, 1.0, x.exp())
    assert (site.units, site.samples, site.calls) == (6, len(x), 3)
    assert site.mean == pytest.approx(y.mean().item(), rel=1e-6)
    assert site.std == pytest.approx(y.std(correction=0).item(), rel=1e-6)
    assert site.input_mean == pytest.approx(x.mean().item(), rel=1e-6)
    assert site.input_std == pytest.approx(x.std(correction=0).item(), rel=1e-6)
    assert site.unit_mean == pytest.approx(y.mean(0).tolist(), rel=1e-5)
    assert site.unit_std == pytest.approx(y.std(0, correction=0).tolist(), rel=1e-5)
    assert site.shift == pytest.approx((y.mean().abs() / y.square().mean().sqrt()).item(), rel=1e-6)
    assert site.gain == pytest.approx(
        (y.square().mean() / x.square().mean()).sqrt().item(), rel=1e-6
    )
    assert site.slope_gain == pytest.approx(slope.square().mean().sqrt().item(), rel=1e-6)
    assert site.unit_small_slope == pytest.approx((slope <= 0.01).double().mean(0).tolist())
    assert site.zero_slope == 0


def test_shares_of_zero_slopes_are_exact() -> None:
    data = batches(4, 50, 7)
    site = only(nn.ReLU(), data)
    x = torch.cat(data)
    assert site.unit_zero_slope == pytest.approx((x <= 0).double().mean(0).tolist(), abs=1e-15)
    assert site.zero_slope == pytest.approx((x <= 0).double().mean().item(), abs=1e-15)


def test_many_small_batches_add_up_to_one_large_one() -> None:
    data = torch.cat(batches(1, 256, 5, seed=1)) + 1000.0
    whole = only(nn.Softplus(), [data])
    parts = diagnose(nn.Sequential(nn.Softplus()), list(data.split(8)), batches=99).sites[0]
    assert parts.samples == whole.samples == 256
    assert parts.std == pytest.approx(whole.std, rel=1e-4)
    assert parts.unit_mean == pytest.approx(whole.unit_mean, rel=1e-6)


def test_gradients() -> None:
    x = batches(1, 16, 4)[0]
    target = torch.ones(16, 4)
    model = nn.Sequential(nn.Tanh())
    site = diagnose(model, [(x, target)], loss=F.mse_loss).sites[0]
    gradient = (2 * (torch.tanh(x) - 1) / x.numel()).double()
    assert site.gradient_norm == pytest.approx(gradient.norm().item(), rel=1e-5)
    assert site.gradient_rms == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-5)
    assert site.zero_gradient == 0


@pytest.mark.parametrize(
    ("scale", "lost", "short"), [(1.0, 0.0, 0.0), (2.0**-20, 0.0, 1.0), (2.0**-30, 1.0, 1.0)]
)
def test_underflow_by_dtype(scale: float, lost: float, short: float) -> None:
    x = torch.ones(8, 4)
    site = diagnose(nn.Sequential(nn.ReLU()), [x], loss=lambda y: y.sum() * scale).sites[0]
    assert (site.underflow["float16"], site.subnormal["float16"]) == (lost, short)
    assert (site.underflow["bfloat16"], site.underflow["float32"]) == (0.0, 0.0)


def test_gains_against_the_analysis() -> None:
    x = torch.randn(4000, 16, generator=torch.Generator().manual_seed(0)) * 1.5
    for module in (nn.ReLU(), nn.GELU(), actlab.nn.PowerLU(), actlab.nn.RaLU(2.0)):
        site = only(module, [x])
        assert site.predicted_gain is not None
        assert site.predicted_slope_gain is not None
        assert site.gain == pytest.approx(site.predicted_gain, rel=0.02)
        assert site.slope_gain == pytest.approx(site.predicted_slope_gain, rel=0.02)


@pytest.mark.parametrize(
    ("module", "flat"),
    [(nn.ReLU(), True), (nn.Hardswish(), True), (nn.GELU(), False), (nn.Tanh(), False),
     (actlab.nn.PowerLU(), True), (actlab.nn.RaLU(), False), (nn.Hardshrink(), True)],
)  # fmt: skip
def test_flat_pieces(module: nn.Module, flat: bool) -> None:
    assert only(module, batches(1, 20, 3)).flat is flat


def test_dead_is_by_the_slope_and_not_by_the_value() -> None:
    x = torch.randn(64, 4)
    x[:, 0] = -100.0
    x[:, 1] = 100.0
    assert only(nn.ReLU(), [x]).dead_units == (0,)
    assert only(nn.ReLU6(), [x]).dead_units == (0, 1)
    assert only(nn.Tanh(), [x]).saturated_units == (0, 1)
    assert only(nn.SiLU(), [x * 10]).dead_units == (0,)
    assert only(nn.LeakyReLU(), [x]).saturated == 0
    assert only(nn.ELU(), [x]).saturated_units == (0,)
    assert only(actlab.nn.RaLU(), [x]).saturated == 0


def test_slopes_of_each_channel_are_its_own() -> None:
    module = nn.PReLU(3)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.0, 0.5, 1.0]))
    x = -torch.rand(40, 3) - 0.1
    site = only(module, [x])
    assert site.dead_units == (0,)
    assert site.unit_small_slope == (1.0, 0.0, 0.0)


def test_one_bad_value_spoils_no_other_number() -> None:
    data = batches(2, 32, 4)
    clean = only(nn.ReLU(), data)
    data[1][3, 2] = math.nan
    data[1][5, 2] = math.inf
    site = only(nn.ReLU(), data)
    assert (site.nonfinite_input, site.nonfinite_output, site.nonfinite_step) == (2, 2, 1)
    others = [0, 1, 3]
    assert [site.unit_mean[k] for k in others] == [clean.unit_mean[k] for k in others]
    assert math.isfinite(site.mean)


def test_axes_can_be_given() -> None:
    x = torch.randn(6, 5, 4)
    assert only(nn.ReLU(), [x]).units == 4
    assert only(nn.ReLU(), [x], axes={"*": 1}).units == 5
    assert only(nn.ReLU(), [x], axes={"0": -2}).units == 5
    with pytest.raises(TypeError, match="axes maps names of sites to dimensions"):
        only(nn.ReLU(), [x], axes={"0": "last"})


def test_units_that_change_in_number_are_said_to_be_left_out() -> None:
    report = diagnose(nn.Sequential(nn.ReLU()), [torch.randn(4, 3), torch.randn(4, 5)])
    assert dict(report.left_out) == {"0": "1 calls were left out: their number of units was not 3"}


def test_lengths_may_change() -> None:
    data = [torch.randn(4, length, 3) for length in (5, 9, 2)]
    assert only(nn.ReLU(), data).samples == 4 * 16


def test_counting_nonfinite_values() -> None:
    x = torch.tensor([0.0, -0.0, 1e38, -1e38, math.nan, math.inf, -math.inf, 1e-45])
    assert nonfinite(x).item() == 3
    assert nonfinite(torch.tensor(np.finfo(np.float16).max, dtype=torch.float16)).item() == 0


def test_random_slopes_draw_nothing() -> None:
    model = nn.Sequential(nn.RReLU(), nn.Dropout())
    x = torch.randn(8, 4)
    torch.manual_seed(0)
    expected = model(x)
    torch.manual_seed(0)
    with monitor(model, every=1):
        assert torch.equal(model(x), expected)
