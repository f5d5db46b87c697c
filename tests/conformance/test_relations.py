"""Exact relations between the functions, thresholds and edges, from functions.md by hand."""

from __future__ import annotations

import math

import pytest
import torch

import actlab.functional as F

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
INF = math.inf


def everywhere(dtype):
    """Numbers of every size and both signs, zeros, subnormals, extremes and infinities."""
    generator = torch.Generator().manual_seed(3)
    info = torch.finfo(dtype)
    draws = torch.randn(4000, generator=generator, dtype=torch.float64)
    sizes = 10 ** torch.empty(4000, dtype=torch.float64).uniform_(-9, 4, generator=generator)
    special = [0.0, -0.0, info.max, -info.max, info.tiny, -info.tiny, info.smallest_normal / 2,
               INF, -INF, 1.0, -1.0, 0.25, -0.25]  # fmt: skip
    x = torch.cat([draws, draws * sizes, torch.tensor(special, dtype=torch.float64)])
    return x.clamp(-info.max, info.max).where(x.isfinite(), x).to(dtype)


def slope_of(f, x, **options):
    x = x.clone().requires_grad_()
    y = f(x, **options)
    return torch.autograd.grad(y, x, torch.ones_like(y))[0]


def same(left, right):
    """Equal as numbers, bits included for all but zeros."""
    assert left.dtype == right.dtype
    assert torch.equal(left, right)


def same_bits(left, right):
    width = {8: torch.int64, 4: torch.int32, 2: torch.int16}[left.element_size()]
    assert torch.equal(left.contiguous().view(width), right.contiguous().view(width))


def within_one_unit(left, right):
    up = torch.nextafter(right, torch.full_like(right, INF))
    down = torch.nextafter(right, torch.full_like(right, -INF))
    assert bool(((left == right) | (left == up) | (left == down)).all())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 4.0])
def test_powerlu_is_expolu_with_whole_p_to_the_bit(p, dtype):
    x = everywhere(dtype)
    same(F.powerlu(x, p), F.expolu(x, 2.0**p, 1.0, p))
    slope = slope_of(F.powerlu, x, p=p, save="input")
    same(slope, slope_of(F.expolu, x, a=2.0**p, b=1.0, p=p, save="input"))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("p", [1.5, 2.5])
def test_powerlu_is_expolu_with_broken_p_to_one_unit(p, dtype):
    x = everywhere(dtype)
    x = x[x < 1]  # above, a rounded 2^p leaves T - b slightly off 0
    left, right = F.powerlu(x, p), F.expolu(x, 2.0**p, 1.0, p)
    if dtype == torch.float32:
        within_one_unit(left, right)
    else:
        # In double the rounding of 2^p itself shows.
        assert torch.allclose(left, right, rtol=4 * torch.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("beta", [0.25, 0.5, 1.0, 2.0])
def test_smelu(beta, dtype):
    x = everywhere(dtype)
    wide = x.double()
    ramp = (wide + beta) ** 2 / (4 * beta)
    by_hand = torch.where(wide <= -beta, 0.0, torch.where(wide >= beta, wide, ramp))
    got = F.expolu(x, 4 * beta, beta, 2.0)
    # x + beta rounds here and not there; below, results are multiples of the smallest number.
    info = torch.finfo(dtype)
    smallest = max(info.smallest_normal * info.eps, 1e-16)
    assert torch.allclose(got.double(), by_hand, rtol=2 * info.eps, atol=smallest)


def test_powerlu_2_is_relu_averaged_over_a_uniform_shift():
    x = torch.linspace(-2, 2, 81, dtype=torch.float64)[:, None]
    shifts = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 10_000 - 1
    assert torch.allclose(torch.relu(x + shifts).mean(1), F.powerlu(x[:, 0], 2.0), atol=2e-9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ralu_1_is_the_identity_to_the_bit(dtype):
    x = everywhere(dtype)
    same_bits(F.ralu(x, 1.0), x)
    slope = slope_of(F.ralu, x, alpha=1.0).double()
    assert (slope - 1).abs().max() <= (2**-52 if dtype == torch.float64 else 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", [3.0, 0.0, 0.3, -0.5, 9.0, -40.0])
def test_ralu_is_odd_to_the_bit(alpha, dtype):
    x = everywhere(dtype)
    same_bits(F.ralu(-x, alpha), -F.ralu(x, alpha))
    same_bits(slope_of(F.ralu, -x, alpha=alpha), slope_of(F.ralu, x, alpha=alpha))


@pytest.mark.parametrize("alpha", [3.0, 0.25, 5.0])
def test_ralu_reflected_in_alpha_1_adds_to_twice_the_identity(alpha):
    x = everywhere(torch.float64)
    x = x[x.abs() < 1e100]
    total = F.ralu(x, alpha) + F.ralu(x, 2 - alpha)
    assert torch.allclose(total, 2 * x, rtol=2e-15, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_selu_is_a_scaled_elu(dtype):
    x = everywhere(dtype)
    x = x[x.abs() < 1e30]
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    want = scale * F.elu(x.double(), alpha)
    assert torch.allclose(F.selu(x).double(), want, rtol=torch.finfo(dtype).eps, atol=1e-44)
    assert torch.allclose(F.selu(x), torch.nn.functional.selu(x), rtol=1e-6, atol=1e-38)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 3.0])
def test_expolu_with_b_0_is_relu(p, dtype):
    x = everywhere(dtype)
    y = F.expolu(x, 1.0, 0.0, p)
    same(y, torch.relu(x))
    same_bits(y, F.relu(x))
    for save in ("input", "output"):
        same(slope_of(F.expolu, x, a=1.0, b=0.0, p=p, save=save), slope_of(torch.relu, x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("a", "b", "p"), [(4.0, 1.0, 2.0), (1.0, 0.25, 2.0), (8.0, 1.0, 3.0)])
def test_expolu_is_the_identity_above_b_iff_the_constants_agree(a, b, p, dtype):
    assert (2 * b) ** p == a * b
    x = everywhere(dtype)
    x = x[x > b]
    same_bits(F.expolu(x, a, b, p), x)
    moved = F.expolu(torch.tensor([3.0], dtype=dtype), 2 * a, b, p)
    assert moved.item() == 3 - b / 2


def largest_slope(f, x, **params):
    return slope_of(f, x, **params).abs().max().item()


LIPSCHITZ = [
    (F.powerlu, {"p": 1.0}, 1.0), (F.powerlu, {"p": 2.0}, 1.0), (F.powerlu, {"p": 3.0}, 1.5),
    (F.powerlu, {"p": 4.0}, 2.0), (F.expolu, {"a": 1.0, "b": 1.0, "p": 2.0}, 4.0),
    (F.expolu, {"a": 2.0, "b": 1.0, "p": 2.0}, 2.0),
    (F.expolu, {"a": 8.0, "b": 1.0, "p": 2.0}, 1.0),
    (F.elu, {"alpha": 0.5}, 1.0), (F.elu, {"alpha": 2.0}, 2.0), (F.ralu, {"alpha": 0.0}, 1.125),
    (F.ralu, {"alpha": 2.0}, 2.0), (F.ralu, {"alpha": 9.0}, 9.0), (F.ralu, {"alpha": -7.0}, 7.0),
]  # fmt: skip


@pytest.mark.parametrize(("f", "params", "constant"), LIPSCHITZ)
def test_lipschitz_constants(f, params, constant):
    places = [*(k / 1000 for k in range(-4000, 4001)), math.sqrt(3)]
    x = torch.tensor(places, dtype=torch.float64)
    assert largest_slope(f, x, **params) == pytest.approx(constant, rel=1e-12)


@pytest.mark.parametrize(("alpha", "monotone"), [(0.0, True), (4.0, True), (9.0, True),
                                                 (-0.001, False), (9.001, False)])  # fmt: skip
def test_ralu_is_monotone_iff_alpha_lies_in_0_to_9(alpha, monotone):
    x = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    assert bool((F.ralu(x, alpha).diff() >= -1e-15).all()) is monotone


def test_ralu_at_its_flat_point():
    x = torch.tensor([math.sqrt(3)], dtype=torch.float64)
    assert F.ralu(x, 9.0).item() == pytest.approx(3 * math.sqrt(3), rel=1e-15)
    assert abs(slope_of(F.ralu, x, alpha=9.0).item()) < 1e-15


@pytest.mark.parametrize("alpha", [-2.0, 0.0, 3.0, 20.0])
def test_ralu_slopes_lie_between_alpha_and_its_far_bound(alpha):
    slope = slope_of(F.ralu, everywhere(torch.float64), alpha=alpha)
    ends = sorted([alpha, (9 - alpha) / 8])
    assert ends[0] - 1e-13 <= slope.min() <= slope.max() <= ends[1] + 1e-13


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_elu_mean_under_the_normal_law(alpha):
    step = 12 / 60_000
    z = (torch.arange(-60_000, 60_000, dtype=torch.float64) + 0.5) * step
    mean = (F.elu(z, alpha) * torch.exp(-0.5 * z * z)).sum() * step / math.sqrt(2 * math.pi)
    assert mean.item() == pytest.approx(0.398942 - 0.238422 * alpha, abs=1.5e-6)


def test_smooth_exactly_where_the_constants_say():
    ends = torch.tensor([1.0, 1.0 + 2**-52], dtype=torch.float64)
    assert slope_of(F.powerlu, ends, p=2.0).tolist() == [1.0, 1.0]
    assert slope_of(F.powerlu, ends, p=3.0).tolist() == [1.5, 1.0]
    assert slope_of(F.expolu, ends, a=4.0, b=1.0, p=2.0).tolist() == [1.0, 1.0]
    assert slope_of(F.expolu, ends, a=1.0, b=1.0, p=2.0, save="input").tolist() == [4.0, 1.0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_edges(dtype):
    x = torch.tensor([-INF, -0.0, 0.0, torch.finfo(dtype).max, INF], dtype=dtype)
    most = x[3].item()
    assert F.powerlu(x).tolist() == [0, 0.25, 0.25, most, INF]
    assert F.expolu(x, 4.0, 1.0, 2.0).tolist() == [0, 0.25, 0.25, most, INF]
    assert F.ralu(x).tolist() == [-INF, 0, 0, most, INF]
    assert F.elu(x, 0.5).tolist() == [-0.5, 0, 0, most, INF]
    for f, sign in ((F.elu, -1), (F.ralu, -1), (lambda x: F.ralu(x, -2.0), 1)):
        assert math.copysign(1, f(x)[1].item()) == sign
        assert math.copysign(1, f(x)[2].item()) == -sign
    for f, slopes in ((F.powerlu, [0, 0.5, 0.5, 1, 1]), (F.ralu, [1, 3, 3, 1, 1]),
                      (F.elu, [0, 1, 1, 1, 1]), (F.expolu, [0, 2, 2, 1, 1])):  # fmt: skip
        assert slope_of(f, x, save="input").tolist() == slopes


def test_elu_tail_in_single_precision():
    x = torch.tensor([-17.0, -17.5, -88.0, -103.0, -103.9, -104.0])
    kept = slope_of(F.elu, x, save="output").tolist()
    assert kept[0] > 0
    assert kept[1:] == [0, 0, 0, 0, 0]
    from_input = slope_of(F.elu, x).tolist()
    assert from_input[1] == pytest.approx(2.51100e-8, rel=1e-5)
    # Half the smallest subnormal, 7.0e-46, lies at -103.97.
    assert [value > 0 for value in from_input] == [True, True, True, True, True, False]


def test_expm1_next_to_zero():
    x = torch.tensor([-1e-8, -1e-6, -1e-30])
    got = F.elu(x).tolist()
    for have, place in zip(got, x.tolist(), strict=True):
        assert have == pytest.approx(place * (1 + place / 2), rel=6e-8)


def test_gradients_from_the_smallest_outputs_in_half_precision():
    # p = 2: the slope is sqrt(y); at the smallest subnormal 2^-24 that is 2^-12 = 2.4e-4.
    x = torch.tensor([-1 + 2**-11], dtype=torch.float16)
    kept, exact = (slope_of(F.powerlu, x, save=s).item() for s in ("output", "input"))
    assert exact == 2.0**-12
    assert abs(kept - exact) <= 2.0**-12


def test_torch_itself_agrees_on_ordinary_numbers():
    x = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    pairs = [(F.elu(x, 1.3), torch.nn.functional.elu(x, 1.3)), (F.relu(x), torch.relu(x)),
             (F.gelu(x), torch.nn.functional.gelu(x)), (F.silu(x), torch.nn.functional.silu(x)),
             (F.mish(x), torch.nn.functional.mish(x)), (F.tanh(x), torch.tanh(x)),
             (F.softplus(x), torch.nn.functional.softplus(x)),
             (F.gelu_tanh(x), torch.nn.functional.gelu(x, approximate="tanh")),
             (F.sigmoid(x), torch.sigmoid(x)),
             (F.leaky_relu(x), torch.nn.functional.leaky_relu(x))]  # fmt: skip
    for ours, theirs in pairs:
        assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-14)
