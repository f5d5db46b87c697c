"""What init_ sets, what it leaves, and what it refuses."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
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


def test_weights_and_biases_have_the_reported_scale() -> None:
    model = plain(256)
    report = init.init_(model, generator=0)
    assert [(row.name, row.followed_by, row.action) for row in report.rows] == [
        ("0", "relu", "set"),
        ("2", "elu(alpha=1)", "set"),
        ("4", "nothing (output)", "set"),
    ]
    for row in report.rows:
        layer = model.get_submodule(row.name)
        assert isinstance(layer, nn.Linear)
        assert row.sigma_w is not None
        root = math.sqrt(layer.in_features)
        assert float(layer.weight.detach().std()) * root == pytest.approx(row.sigma_w, rel=0.1)
    assert float(model[2].bias.detach().std()) == pytest.approx(0.18617, rel=0.1)
    assert not model[0].bias.any()


@pytest.mark.parametrize("distribution", ["normal", "uniform", "orthogonal"])
@pytest.mark.parametrize("shape", [(96, 40), (40, 96)])
def test_every_distribution_has_the_same_variance(distribution, shape: tuple[int, int]) -> None:
    model = nn.Sequential(nn.Linear(shape[1], shape[0]), nn.ReLU())
    init.init_(model, distribution=distribution, generator=3)
    weight = model[0].weight.detach().double()
    assert float(weight.square().mean()) * shape[1] == pytest.approx(2.0, rel=0.05)
    if distribution == "uniform":
        assert float(weight.abs().max()) <= math.sqrt(6 / shape[1])
    if distribution == "orthogonal":
        small = weight @ weight.T if shape[0] < shape[1] else weight.T @ weight
        assert torch.allclose(small, small[0, 0] * torch.eye(40, dtype=torch.float64), atol=1e-5)


def test_fans_of_convolutions_keep_the_variance() -> None:
    cases = [
        (nn.Conv1d(8, 256, 5, padding=2, padding_mode="circular"), (64, 8, 40)),
        (nn.Conv2d(16, 128, 3, groups=4, padding=1, padding_mode="circular"), (8, 16, 16, 16)),
        (nn.ConvTranspose1d(16, 64, 4, stride=2, padding=1), (16, 16, 200)),
        (nn.ConvTranspose2d(16, 32, 4, stride=2, padding=1, groups=2), (4, 16, 40, 40)),
        (nn.Conv3d(4, 128, 3, padding=1, padding_mode="circular"), (2, 4, 6, 6, 6)),
    ]
    for layer, shape in cases:
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        init.init_(layer, generator=0)
        y = layer(x)
        assert float(y.detach().var()) == pytest.approx(1.0, rel=0.15), layer


def test_fan_out_and_average() -> None:
    for fan, expected in (("in", 2 / 30), ("out", 2 / 90), ("average", 2 / 60)):
        model = nn.Sequential(nn.Linear(30, 90), nn.ReLU())
        init.init_(model, fan=fan, generator=0)  # type: ignore[arg-type]
        assert float(model[0].weight.detach().var()) == pytest.approx(expected, rel=0.1)


def test_a_generator_decides_everything() -> None:
    first, second, third = plain(), plain(), plain()
    init.init_(first, generator=5)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    init.init_(second, generator=torch.Generator().manual_seed(5))
    assert torch.equal(before, torch.get_rng_state())
    init.init_(third, generator=6)
    assert same(state(first), second)
    assert not same(state(first), third)
    init.init_(first)
    torch.set_rng_state(before)
    init.init_(second)
    torch.set_rng_state(before)
    init.init_(third)
    assert same(state(second), third)


def test_dtypes_are_kept() -> None:
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        model = nn.Sequential(nn.Linear(8, 8), actlab.nn.Activation("gelu")).to(dtype)
        init.init_(model, example_inputs=torch.randn(2, 8, dtype=dtype), generator=0)
        assert model[0].weight.dtype == dtype
        assert torch.isfinite(model[0].weight).all()


def test_the_run_leaves_no_traces() -> None:
    model = nn.Sequential(
        nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(6, 6)
    )
    model[1].weight.requires_grad_(False)
    x = torch.randn(4, 6)
    kept, buffers = x.clone(), {name: b.clone() for name, b in model.named_buffers()}
    rng = torch.get_rng_state()
    init.init_(model, example_inputs=x, generator=0)
    init.check(model, x)
    init.lsuv_(model, x)
    assert torch.equal(x, kept)
    assert torch.equal(rng, torch.get_rng_state())
    assert all(torch.equal(b, buffers[name]) for name, b in model.named_buffers())
    assert model.training
    assert x.grad is None
    assert all(p.grad is None for p in model.parameters())
    assert [p.requires_grad for p in model.parameters()] == [True] * 2 + [False] + [True] * 3
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_model_that_fails_is_left_alone() -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(7, 6))
    before = state(model)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        init.init_(model, example_inputs=torch.randn(3, 6))
    assert same(before, model)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.equal(actlab.functional.elu(torch.zeros(1)), torch.zeros(1))


def test_nothing_unreported_is_touched() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(9, 6)
            self.frozen = nn.Linear(6, 6).requires_grad_(False)
            self.unused = nn.Linear(6, 6)
            self.norm = nn.LayerNorm(6)
            self.memory = nn.GRU(6, 6, batch_first=True)
            self.act = actlab.nn.RaLU()
            self.head = nn.Linear(6, 9, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, words: Tensor) -> Tensor:
            x, _ = self.memory(self.norm(self.embed(words)))
            return self.head(self.act(self.frozen(x)))

    model = Model()
    before = state(model)
    report = init.init_(model, example_inputs=torch.arange(9)[None], generator=0)
    assert same(before, model)
    assert {row.name: row.note for row in report.rows} == {
        "frozen": "frozen: its weight needs no gradient",
        "embed": "it is an embedding too",
        "unused": "the example does not reach it",
        "norm": "LayerNorm: no linear layer",
        "memory": "GRU: recurrent weights are no stack of layers",
        "act": "RaLU: no linear layer",
    }
    assert all(row.action == "left" for row in report.rows)


def test_frozen_biases_stay() -> None:
    model = nn.Sequential(nn.Linear(6, 6), nn.ELU())
    model[0].bias.requires_grad_(False)
    kept = model[0].bias.clone()
    row = init.init_(model, generator=0).rows[0]
    assert row.sigma_b is None
    assert torch.equal(model[0].bias, kept)


def test_the_norm_that_ends_a_branch_takes_the_factor() -> None:
    class Block(nn.Module):
        def __init__(self, affine: bool) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.norm = nn.BatchNorm2d(4, affine=affine)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(x + self.norm(self.conv(x)))

    x = torch.randn(2, 4, 5, 5)
    model = nn.Sequential(*(Block(True) for _ in range(4)))
    report = init.init_(model, example_inputs=x)
    assert report["2.conv"].sigma_w == 1
    assert report["2.norm"].action == "set"
    assert torch.equal(model[2].norm.weight, torch.full((4,), 0.5))
    report = init.init_(model, example_inputs=x, residual="zero")
    assert not model[2].norm.weight.any()
    assert report["2.conv"].sigma_w == 1
    report = init.init_(nn.Sequential(Block(False), Block(False)), example_inputs=x)
    assert "has no weight" in report["0.norm"].note


def test_an_activation_given_is_used_for_all() -> None:
    report = init.init_(plain(), "tanh", "forward")
    assert [row.sigma_w for row in report.rows] == pytest.approx([1.59254] * 2 + [1.0], abs=1e-5)
    assert report.rows[0].note == "told to use the gain of tanh"


def test_without_an_example_only_sequences_are_certain() -> None:
    class Opaque(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6))
            self.alone = nn.Linear(6, 6)

        def forward(self, x: Tensor) -> Tensor:
            return self.alone(torch.tanh(self.inner(x)))

    model = nn.Sequential(Opaque(), nn.Linear(6, 1))
    before = state(model)
    with pytest.raises(
        ValueError, match=r"what follows 0\.inner\.2, 0\.alone cannot be .*example_inputs="
    ):
        init.init_(model)
    assert same(before, model)
    report = init.init_(model, untraced="leave")
    assert {row.name: row.action for row in report.rows} == {
        "0.inner.0": "set",
        "0.inner.2": "left",
        "0.alone": "left",
        "1": "set",
    }
    report = init.init_(model, "relu")
    assert report["0.alone"].note == "told to expect relu"
    report = init.init_(model, example_inputs=torch.randn(2, 6))
    assert report["0.inner.2"].followed_by == "tanh"


def test_keyword_examples() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(6, 6)

        def forward(self, x: Tensor, *, bend: bool) -> Tensor:
            return torch.relu(self.a(x)) if bend else self.a(x)

    x = torch.randn(2, 6)
    found = init.init_(Two(), example_inputs={"x": x, "bend": True}).rows[0].followed_by
    assert found == "relu"
    found = init.init_(Two(), example_inputs={"x": x, "bend": False}).rows[0].followed_by
    assert found == "nothing (output)"


def test_an_unstable_plain_network_is_warned_of() -> None:
    layers = [m for _ in range(20) for m in (nn.Linear(4, 4), nn.GELU())]
    with pytest.warns(UserWarning, match="the variance map is unstable: a deviation .* grows 14"):
        report = init.init_(nn.Sequential(*layers))
    assert len(report.warnings) == 1
    with_norms = nn.Sequential(*(m for n in layers for m in (n, nn.LayerNorm(4))))
    assert init.init_(with_norms).warnings == ()
    assert init.init_(nn.Sequential(*layers[:4])).warnings == ()
