"""Modules behave as torch.nn modules do."""

import copy
import io
import pickle

import pytest
import torch

import actlab
from actlab import nn


def shifted(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.25)
    return module


def test_copies_and_pickles_compute_the_same(build, x):
    module = shifted(build()).eval()
    stored = io.BytesIO()
    torch.save(module, stored)
    stored.seek(0)
    for twin in (
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(stored, weights_only=False),
    ):
        assert torch.equal(twin(x), module(x))
        assert repr(twin) == repr(module)
        assert not twin.training
        assert [name for name, _ in twin.named_parameters()] == [
            name for name, _ in module.named_parameters()
        ]
        shifted(twin)
        if list(module.parameters()):
            assert not torch.equal(twin(x), module(x)), "the copy shares parameters"


def test_state_dict_round_trip(build, x):
    module, other = shifted(build()), build()
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(x), module(x))


def test_state_dict_survives_weights_only_loading(build, x):
    module, other = shifted(build()), build()
    stored = io.BytesIO()
    torch.save(module.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored, weights_only=True))
    assert torch.equal(other(x), module(x))


def test_reset_parameters_restores_the_start(build, x):
    module = build()
    before = module(x)
    shifted(module).reset_parameters()
    assert torch.allclose(module(x), before, rtol=1e-6)


def test_conversion_and_device(build, x):
    module = build().to(torch.float64)
    assert all(p.dtype == torch.float64 for p in module.parameters())
    assert module(x.double()).dtype == torch.float64
    assert build(device="meta")(x.to("meta")).shape == x.shape


def test_dtype_argument_and_mixed_precision(x):
    module = nn.RaLU(dtype=torch.float64)
    assert module.alpha.dtype == torch.float64
    y = nn.RaLU()(x.bfloat16())
    assert y.dtype == torch.bfloat16


def test_parameters_are_one_dimensional(build):
    assert all(p.dim() == 1 for p in build().parameters())


def test_every_learned_parameter_gets_a_gradient(build, x):
    module = build()
    module(x.requires_grad_()).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize(
    ("module", "low", "high"),
    [
        (nn.PowerLU(learnable=True), 1.0, float("inf")),
        (nn.ELU(learnable=True), 0.0, float("inf")),
        (nn.RaLU(constraint="monotone"), 0.0, 9.0),
        (nn.RaLU(constraint=(2.0, 4.0)), 2.0, 4.0),
        (nn.PowerLU(1.5, learnable=True, constraint=(1.0, 2.0)), 1.0, 2.0),
    ],
)
def test_learned_values_cannot_leave_their_interval(module, low, high):
    value = next(iter(module.values()))
    for push in (-1e4, 2e4):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(push)
        reached = float(getattr(module, value).detach())
        assert low <= reached <= high


def test_defaults_start_exactly():
    assert float(nn.PowerLU(learnable=True).p.detach()) == 2.0
    assert float(nn.RaLU(constraint="monotone").alpha.detach()) == pytest.approx(3.0, rel=2e-7)
    assert float(nn.RaLU().alpha.detach()) == 3.0


CHANNELS = pytest.mark.parametrize(
    ("shape", "channel_dim"), [((2, 5), 1), ((2, 5, 3), 1), ((2, 3, 5), -1), ((2, 5, 3, 4), 1)]
)


def by_channel(shape, channel_dim, backend):
    """For each channel, what the module gives there and what a call for it alone gives."""
    module = nn.RaLU(num_parameters=5, channel_dim=channel_dim, backend=backend)
    with torch.no_grad():
        module.alpha.copy_(torch.arange(5.0))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    y = module(x)
    for channel in range(5):
        part = x.select(channel_dim, channel)
        alone = actlab.functional.ralu(part, float(channel), backend=backend)
        yield y.select(channel_dim, channel), alone


@CHANNELS
def test_channels_lie_where_they_are_said_to(shape, channel_dim):
    for together, alone in by_channel(shape, channel_dim, "formula"):
        assert torch.equal(together, alone)


@CHANNELS
@pytest.mark.usefixtures("kernels")
def test_channels_lie_where_they_are_said_to_in_kernels(shape, channel_dim):
    # Kernels choose their arithmetic for the whole call: alpha = 0 among the channels rules out
    # the single precision that the others would have alone. Both are right to 1 ulp.
    for together, alone in by_channel(shape, channel_dim, "native"):
        up, down = (torch.nextafter(alone, torch.tensor(side)) for side in (1e9, -1e9))
        assert bool(((together == alone) | (together == up) | (together == down)).all())


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.PowerLU(), "PowerLU(p=2)"),
        (nn.RaLU(), "RaLU(alpha=3, learnable=True)"),
        (nn.RaLU(constraint=(1, 5)), "RaLU(alpha=3, learnable=True, constraint=(1, 5))"),
        (nn.ELU(save="output"), "ELU(alpha=1, save='output')"),
        (nn.Activation("gelu"), "Activation('gelu')"),
        (
            nn.ExpoLU(num_parameters=3, learnable=True, channel_dim=-1),
            "ExpoLU(a=1, b=1, p=2, learnable=True, num_parameters=3, channel_dim=-1)",
        ),
    ],
)
def test_repr(module, text):
    assert repr(module) == text
    assert text in repr(torch.nn.Sequential(module))


@pytest.mark.parametrize(
    ("build_bad", "error", "message"),
    [
        (lambda: nn.PowerLU(0.0), ValueError, r"p must be a finite number in \(0, inf\), got 0.0"),
        (lambda: nn.PowerLU(float("nan")), ValueError, "p must be a finite number"),
        (lambda: nn.ExpoLU(a=-1), ValueError, r"a must be a finite number in \(0, inf\), got -1"),
        (lambda: nn.ExpoLU(b=-0.5), ValueError, r"b must be a finite number in \[0, inf\)"),
        (lambda: nn.ELU("1"), TypeError, "alpha must be a real number"),
        (lambda: nn.RaLU(True), TypeError, "alpha must be a real number"),
        (lambda: nn.RaLU(num_parameters=0), ValueError, "num_parameters must be at least 1, got 0"),
        (lambda: nn.RaLU(num_parameters=2.0), TypeError, "num_parameters must be an integer"),
        (lambda: nn.PowerLU(num_parameters=3), ValueError, "needs learnable parameters"),
        (lambda: nn.RaLU(constraint="positive"), ValueError, "named ones: 'monotone'"),
        (lambda: nn.RaLU(constraint=(5, 1)), ValueError, "low < high"),
        (lambda: nn.PowerLU(learnable=True, constraint=(-1, 3)), ValueError, "inside"),
        (lambda: nn.RaLU(constraint=(4, 6)), ValueError, "start strictly inside"),
        (lambda: nn.PowerLU(1.0, learnable=True), ValueError, "start strictly inside"),
        (
            lambda: nn.PowerLU(1 + 1e-9, learnable=True),
            ValueError,
            r"learned p must start strictly inside \(1, inf\), got 1.000000001 \(1.0 in float32\)",
        ),
        (lambda: nn.RaLU(1e6, dtype=torch.float16), ValueError, "got 1000000.0 .inf in float16"),
        (lambda: nn.RaLU(1e300), ValueError, "learned alpha must start strictly inside"),
        (lambda: nn.PowerLU(10**400), ValueError, "p must be a finite number"),
        (lambda: nn.RaLU(constraint={"beta": (0, 1)}), ValueError, "no parameter"),
        (lambda: nn.RaLU(backend="cuda"), ValueError, "backend must be None or one of"),
        (lambda: nn.RaLU(save="both"), ValueError, "save must be None, 'input' or 'output'"),
        (lambda: nn.RaLU(save="output"), ValueError, "needs alpha as a Python number"),
        (lambda: nn.RaLU(10.0, learnable=False, save="output"), ValueError, r"alpha in \[0, 9\]"),
        (lambda: nn.Activation("gelu", save="output"), ValueError, "save='output' is not possible"),
        (lambda: nn.Activation("powerlux"), ValueError, "did you mean 'powerlu'"),
        (lambda: nn.Activation("powerlu", q=1), TypeError, "no parameter 'q'"),
        (lambda: nn.RaLU(dtype=torch.int64), TypeError, "floating-point dtype"),
    ],
)
def test_bad_arguments_are_named(build_bad, error, message):
    with pytest.raises(error, match=message):
        build_bad()
