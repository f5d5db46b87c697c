"""What a layer's output runs into: seen in a run, through whatever lies between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

import actlab
import actlab.functional as AF
from actlab import init


class Made(nn.Module):
    """Layers a to d of width 6, and a forward pass given as a function."""

    def __init__(self, forward: Callable[..., Tensor], width: int = 6) -> None:
        super().__init__()
        self.a = nn.Linear(6, width)
        self.b = nn.Linear(6, 6)
        self.c = nn.Linear(6, 6)
        self.d = nn.Linear(6, 6)
        self.norm = nn.LayerNorm(6)
        self.run = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


def followed(model: nn.Module, *inputs: Tensor) -> dict[str, str]:
    report = init.init_(model, example_inputs=inputs, generator=0)
    return {row.name: row.followed_by for row in report.rows if row.followed_by != "-"}


X = torch.linspace(-1, 1, 30).reshape(5, 6)


def swish(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return swish(x)


class OwnGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.clamp(min=0)


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (lambda y: torch.relu(y), "relu"),
        (lambda y: F.relu(y, inplace=True), "relu"),
        (lambda y: y.relu_(), "relu"),
        (lambda y: F.elu(y, 0.5), "elu(alpha=0.5)"),
        (lambda y: torch.tanh(input=y), "tanh"),
        (lambda y: AF.ralu(y), "ralu(alpha=3)"),
        (lambda y: AF.call("leaky_relu", y, negative_slope=0.3), "leaky_relu(negative_slope=0.3)"),
        (lambda y: AF.gelu(y, backend="formula"), "gelu"),
        (lambda y: actlab.nn.PowerLU(3.0)(y), "powerlu(p=3)"),
        (lambda y: F.relu(F.dropout(y.reshape(6, 5).T, 0.1)), "relu"),
        (lambda y: F.silu(torch.cat([y, y], 1)), "silu"),
        (lambda y: F.mish(F.layer_norm(y, (6,))), "mish"),
        (lambda y: F.max_pool1d(y[:, None], 2).sigmoid(), "sigmoid"),
        (lambda y: F.relu(y * 1.0 + torch.ones(6)), "relu"),
        (lambda y: F.relu(y) ** 2, "pow(relu, 2)"),
        (lambda y: torch.where(y > 0, y, 0.1 * y), "where(gt(x, 0), x, mul(x, 0.1))"),
        (lambda y: y.clamp(min=0), "clamp(x, 0)"),
        (swish, "mul(x, sigmoid)"),
        (lambda y: Swish()(y), "mul(x, sigmoid)"),
        (OwnGradient.apply, "clamp(x, 0)"),
        (lambda y: y * 0.5, "nothing (output)"),
        (lambda y: torch.softmax(y, 1), "nothing elementwise (softmax)"),
        (lambda y: y @ y.T, "nothing elementwise (matmul)"),
        (lambda y: torch.fft.rfft(y).abs(), "nothing elementwise (fft_rfft)"),
    ],
)
def test_what_follows_is_seen(between: Callable[[Tensor], Tensor], expected: str) -> None:
    assert followed(Made(lambda self, x: between(self.a(x))), X)["a"] == expected


def test_formulas_in_the_open_have_their_own_gain() -> None:
    for function in (lambda y: F.relu(y) ** 2, swish, lambda y: F.relu(y) * 1.7, F.relu6):
        model = Made(lambda self, x, function=function: function(self.a(x)))
        report = init.init_(model, mode="forward", example_inputs=X)
        assert report["a"].sigma_w == pytest.approx(init.gain(function), rel=1e-9)


def test_an_elementwise_module_gives_its_name() -> None:
    assert followed(nn.Sequential(nn.Linear(6, 6), Swish()), X) == {"0": "Swish"}


def test_gates() -> None:
    glu = followed(Made(lambda self, x: F.glu(self.a(x)), width=12), X)["a"]
    assert glu == "sigmoid times chunk; gated by sigmoid"

    def halves(self, x):
        gate, value = self.a(x).chunk(2, dim=1)
        return self.b(F.silu(gate) * value)

    model = Made(halves, width=12)
    report = init.init_(model, example_inputs=X)
    assert report["a"].followed_by == "silu times chunk; gated by silu"
    gain = report["a"].sigma_w
    assert gain is not None
    assert gain**2 * init.recognise("silu").expectation(gain**2).square == pytest.approx(1)
    two = followed(Made(lambda self, x: F.gelu(self.a(x)) * self.b(x)), X)
    assert two["a"] == "gelu times b"
    assert two["b"] == "gated by gelu"


def test_residual_branches() -> None:
    def run(self, x):
        x = x + self.b(F.relu(self.a(x)))
        return x + self.d(F.relu(self.c(self.norm(x))))

    report = init.init_(Made(run), example_inputs=X, generator=0)
    for name in ("b", "d"):
        assert report[name].followed_by == "end of a residual branch"
        assert report[name].sigma_w == pytest.approx(2**-0.5)
        assert report[name].note == "1 / sqrt(2 branches)"
    assert report["a"].sigma_w == pytest.approx(2**0.5)
    zero = init.init_(model := Made(run), example_inputs=X, residual="zero")
    assert zero["b"].sigma_w == 0
    assert not model.b.weight.any()
    assert not model.d.weight.any()
    assert init.init_(Made(run), example_inputs=X, residual="keep")["d"].sigma_w == 1


def test_a_projection_on_the_shortcut_carries_the_stream() -> None:
    found = followed(Made(lambda self, x: F.relu(self.c(x) + self.b(F.relu(self.a(x))))), X)
    assert found == {
        "a": "relu",
        "b": "end of a residual branch",
        "c": "residual stream",
    }


def test_plain_sums_share_the_variance() -> None:
    report = init.init_(Made(lambda self, x: torch.tanh(self.a(x) + self.b(x))), example_inputs=X)
    for name in ("a", "b"):
        assert report[name].sigma_w == pytest.approx(init.gain("tanh") / 2**0.5)


def test_a_loop_over_time_is_no_residual_branch() -> None:
    def run(self, x):
        state = torch.zeros(1, 6)
        for row in x.unbind(0):
            state = torch.tanh(self.a(row[None]) + self.b(state))
        return state

    assert followed(Made(run), X) == {"a": "tanh", "b": "tanh"}


def test_shared_modules_get_one_row_and_one_draw() -> None:
    report = init.init_(
        model := Made(lambda self, x: self.a(torch.relu(self.a(x)))), example_inputs=X, generator=0
    )
    assert report["a"].followed_by == "relu; nothing (output)"
    assert [row.name for row in report.rows].count("a") == 1
    two = Made(lambda self, x: F.gelu(self.a(torch.relu(self.a(x)))))
    report = init.init_(two, example_inputs=X, mode="forward")
    assert report["a"].sigma_w == pytest.approx(init.gain("relu"))
    assert report["a"].note == "the smallest of several gains"
    assert float(model.a.weight.detach().std()) > 0


def test_containers() -> None:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
            self.act = nn.Tanh()

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = self.act(layer(x))
            return x

    assert set(followed(Listed(), X).values()) == {"tanh"}
    nested = nn.Sequential(nn.Sequential(nn.Linear(6, 6)), nn.Sequential(nn.GELU(), Listed()))
    assert followed(nested, X)["0.0"] == "gelu"


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_transformer_layers(norm_first: bool, training: bool) -> None:
    layer = nn.TransformerEncoderLayer(6, 2, 12, batch_first=True, norm_first=norm_first)
    found = followed(layer.train(training), torch.randn(2, 4, 6))
    assert found == {
        "self_attn.in_proj_weight": "nothing elementwise (attention)",
        "self_attn.out_proj": "end of a residual branch",
        "linear1": "relu",
        "linear2": "end of a residual branch",
    }


def test_convolutions_through_batch_norm_and_pooling() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
        nn.BatchNorm2d(4),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(4, 4, 2, 2),
        nn.InstanceNorm2d(4),
        nn.Hardswish(),
        nn.Flatten(),
        nn.LazyLinear(3),
    )
    x = torch.randn(2, 3, 8, 8)
    model(x)
    report = init.init_(model, example_inputs=x)
    assert report["0"].followed_by == "relu"
    assert (report["0"].mode, report["0"].sigma_w) == (
        "centred",
        pytest.approx(init.gain("relu", "centred")),
    )
    assert report["4"].followed_by == str(init.recognise(nn.Hardswish()))
    assert report["8"].followed_by == "nothing (output)"


def test_parameters_used_without_modules() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(6, 9))
            self.back = nn.Parameter(torch.zeros(4, 9))
            self.kernel = nn.Parameter(torch.zeros(2, 4, 1))

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(x @ self.weight)
            x = torch.tanh(x @ self.back.T)
            return F.elu(F.conv1d(x[..., None], self.kernel))

    report = init.init_(model := Bare(), example_inputs=X, generator=0)
    assert [(row.name, row.followed_by) for row in report.rows] == [
        ("weight", "relu"),
        ("back", "tanh"),
        ("kernel", "elu(alpha=1)"),
    ]
    assert float(model.weight.detach().std()) == pytest.approx((2 / 6) ** 0.5, rel=0.3)
    assert float(model.back.detach().std()) == pytest.approx(init.gain("tanh") / 3, rel=0.3)


def test_computed_weights() -> None:
    model = nn.Sequential(
        parametrizations.weight_norm(nn.Linear(6, 6)),
        nn.ReLU(),
        parametrizations.orthogonal(nn.Linear(6, 6)),
        nn.Tanh(),
    )
    report = init.init_(model, example_inputs=X, generator=1)
    assert report["0"].action == "set"
    weight = model[0].weight
    assert isinstance(weight, Tensor)
    assert float(weight.detach().std()) == pytest.approx((2 / 6) ** 0.5, rel=0.3)
    assert report["2"].action == "left"
    assert "parametrization" in report["2"].note
    half = Made(lambda self, x: torch.relu(F.linear(x, self.a.weight * 0.5)))
    report = init.init_(half, example_inputs=X)
    assert [(row.action, row.note) for row in report.rows if row.followed_by == "relu"] == [
        ("left", "its weight is computed from a.weight")
    ]


def test_compiled_models() -> None:
    model = Made(lambda self, x: torch.relu(self.a(x)))
    compiled = torch.compile(model, backend="eager")
    compiled(X)
    report = init.init_(compiled, example_inputs=X)
    assert report["_orig_mod.a"].followed_by == "relu"
