"""The functional interface: signatures, validation, channels."""

import inspect

import numpy as np
import pytest
import torch

import actlab
import actlab.functional as F


@pytest.mark.parametrize("name", ["powerlu", "expolu", "ralu", "elu"])
def test_signatures_follow_the_definitions(name):
    parameters = dict(inspect.signature(getattr(F, name)).parameters)
    definition = actlab.get(name)
    assert list(parameters) == [
        "x",
        *(p.name for p in definition.params),
        "channel_dim",
        "backend",
        "save",
    ]
    for param in definition.params:
        assert parameters[param.name].default == param.default


def test_every_registered_activation_is_an_attribute():
    x = torch.linspace(-2, 2, 9)
    for name in actlab.names():
        function = getattr(F, name)
        assert function.__name__ == name
        assert function.__doc__
        assert torch.equal(function(x), F.call(name, x))
        assert name in dir(F)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        F.nothing  # noqa: B018


@pytest.mark.parametrize(
    "dtype",
    [torch.int32, torch.int64, torch.bool, torch.complex64, torch.uint8, torch.float8_e4m3fn],
)
def test_other_dtypes_are_refused_by_name(dtype):
    with pytest.raises(
        TypeError,
        match="float64, float32, float16, bfloat16, got " + str(dtype).removeprefix("torch."),
    ):
        F.powerlu(torch.zeros(2).to(dtype))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.powerlu(x, float("inf")), ValueError, r"powerlu: p .*\(0, inf\), got inf"),
        (lambda x: F.powerlu(x, -2), ValueError, "got -2"),
        (lambda x: F.expolu(x, 0.0), ValueError, r"expolu: a .*\(0, inf\), got 0.0"),
        (lambda x: F.expolu(x, 1, -1e-9), ValueError, r"expolu: b .*\[0, inf\)"),
        (lambda x: F.elu(x, 0), ValueError, "elu: alpha"),
        (lambda x: F.ralu(x, None), TypeError, "ralu: alpha must be a real number"),
        (lambda x: F.ralu(x, 1j), TypeError, "ralu: alpha must be a real number"),
        (lambda x: F.ralu(x, torch.tensor([1, 2, 3])), TypeError, "alpha must be one of float64"),
        (lambda x: F.ralu(x, torch.ones(4)), ValueError, "alpha has 4 values but x has 3 channels"),
        (lambda x: F.ralu(x, torch.ones(1, 3)), ValueError, r"got shape \(1, 3\)"),
        (lambda x: F.ralu(x, torch.ones(3), channel_dim=2), ValueError, "channel_dim=2 is not"),
        (lambda x: F.ralu(x, torch.ones(3), channel_dim=1.0), TypeError, "channel_dim must be an"),
        (lambda x: F.ralu(x, torch.ones(3, device="meta")), ValueError, "is on meta but x is on"),
        (lambda x: F.powerlu(x, backend="triton"), RuntimeError, "backend 'triton'"),
        (lambda x: F.powerlu(x, backend="fast"), ValueError, "backend must be None or one of"),
        (lambda x: F.powerlu([1.0]), TypeError, "x must be a torch.Tensor, got list"),
        (lambda x: F.powerlu(x.to_sparse()), TypeError, "strided"),
        (lambda x: F.call("gelu", x, 1.0), TypeError, "gelu takes 0 parameter"),
        (lambda x: F.call("powerlu", x, 2.0, p=2.0), TypeError, "got 'p' twice"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(torch.zeros(2, 3))


def test_numbers_of_every_kind_are_accepted():
    x = torch.linspace(-2, 2, 7)
    expected = F.ralu(x, 2.0)
    for alpha in (2, np.float32(2), np.float64(2), torch.tensor(2.0), torch.tensor([2.0])):
        assert torch.equal(F.ralu(x, alpha), expected)


def test_gradients_of_shared_and_channel_parameters_have_their_shape():
    x = torch.randn(4, 3)
    for alpha in (torch.tensor(2.0), torch.tensor([2.0]), torch.full((3,), 2.0)):
        alpha.requires_grad_()
        F.ralu(x, alpha).sum().backward()
        slope = x / (x * x + 1)
        expected = slope.sum(0) if alpha.numel() == 3 else slope.sum().reshape(alpha.shape)
        assert alpha.grad.shape == alpha.shape
        assert torch.allclose(alpha.grad, expected, rtol=1e-5)


def test_learning_p_keeps_the_input_and_fixed_p_the_output():
    x = torch.randn(8, requires_grad=True)

    def saved(**kwargs):
        kept = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
            y = F.powerlu(x, **kwargs)
        return ["input" if t is x else "output" for t in kept if t.shape == x.shape], y

    assert saved()[0] == ["output"]
    assert saved(p=torch.tensor(2.0))[0] == ["output"]
    assert saved(p=torch.tensor(2.0, requires_grad=True))[0] == ["input"]
    assert saved(p=0.25)[0] == ["input"]
    with pytest.raises(ValueError, match=r"save='output' needs p in \[0.5, inf\), got 0.25"):
        saved(p=0.25, save="output")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("powerlu", {"p": 2.0}),
        ("powerlu", {"p": 3.7}),
        ("expolu", {"a": 1.5, "b": 0.8, "p": 2.5}),
        ("elu", {"alpha": 0.7}),
        ("leaky_relu", {"negative_slope": 0.2}),
    ],
)
@pytest.mark.parametrize("graph", [False, True])
def test_parameter_gradients_are_the_same_from_input_and_from_output(name, values, graph):
    inf = float("inf")
    x = torch.tensor([-inf, -5.0, -1.0, -0.9, -0.3, 0.0, 0.2, 0.79, 1.5, 3.0, 1e6, inf])
    grads = {}
    for save in ("input", "output"):
        params = {k: torch.full((len(x),), v, requires_grad=True) for k, v in values.items()}
        y = F.call(name, x[None], **params, save=save)
        cotangent = torch.where(y.isfinite(), 1.0, 0.0)
        grads[save] = torch.autograd.grad(y, list(params.values()), cotangent, create_graph=graph)
    for one, other in zip(grads["input"], grads["output"], strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


def test_expolu_keeps_its_input_where_the_output_hides_the_side():
    x = torch.tensor([28.7, 29.0], dtype=torch.float64, requires_grad=True)
    F.expolu(x, 1.0, 20.0, 12.0).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    half = torch.tensor([1.2], dtype=torch.bfloat16, requires_grad=True)
    F.expolu(half, 1.0, 1.0, 6.0).backward()
    assert half.grad.item() == 1.0


def test_gradients_in_b_at_b_zero_are_the_one_sided_ones():
    x = torch.tensor([-2.0, 3.0])
    for p, expected in ((2.0, -1.0), (1.0, 1.0), (0.5, float("inf")), (0.25, float("inf"))):
        b = torch.zeros(2, requires_grad=True)
        F.expolu(x[None], 1.0, b, p, save="input").sum().backward()
        assert b.grad.tolist() == [0.0, expected]


def test_huge_parameters_do_not_lose_the_tail():
    x = torch.tensor([-745.13], dtype=torch.float64).float().requires_grad_()
    F.elu(x, 1e300).backward()
    exact = 1e300 * np.exp(float(x.item()) / 2)  # two halves: the whole underflows
    assert x.grad.item() == pytest.approx(exact * np.exp(float(x.item()) / 2), rel=1e-6)
    with pytest.raises(ValueError, match=r"powerlu: p must be a finite number in \(0, inf\)"):
        F.powerlu(x, 10**400)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_signed_zeros_survive_transforms(dtype):
    x = torch.tensor([-0.0, 0.0], dtype=dtype)
    for function in (F.elu, F.ralu):
        assert torch.signbit(torch.func.vmap(function)(x)).tolist() == [True, False]


def test_parameters_over_no_channels_have_an_empty_gradient():
    alpha = torch.ones(0, requires_grad=True)
    F.ralu(torch.ones(2, 0), alpha).sum().backward()
    assert alpha.grad.shape == (0,)


def test_tensors_outside_the_domain_are_refused_where_only_the_output_is_kept():
    with pytest.raises(ValueError, match=r"elu: alpha must be a finite number in \(0, inf\)"):
        F.elu(torch.ones(2), torch.tensor(-1.0), save="output")
