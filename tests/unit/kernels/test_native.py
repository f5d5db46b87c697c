"""The native backend: which calls it takes, which it refuses, and the user's own definitions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

import actlab.functional as F
from actlab import nn, registry
from actlab.core import Activation, BackendUnavailableError, Domain, Param, Traits
from actlab.defs.elu import ELU
from actlab.defs.powerlu import POWERLU
from actlab.kernels import built, native, toolchain
from actlab.kernels.compile import build_definition
from actlab.testing.comparison import compare
from actlab.testing.inputs import finite_inputs
from actlab.testing.subject import Subject
from unit.kernels.native_results import apart, both, noise, results, same_bits

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

ANY = Traits(
    monotone=True,
    convex=False,
    odd=False,
    smoothness=0,
    low=-math.inf,
    high=math.inf,
    lipschitz=math.inf,
)


def four(m: Any, x: Any, *, a: Any, b: Any, c: Any, p: Any) -> Any:
    right, left = m.guard(x, x > 0, 1), m.guard(x, x <= 0, 0)
    return m.where(x > 0, m.power(right, p, b) + c * right, a * m.expm1(left))


def four_slope(m: Any, x: Any, *, a: Any, b: Any, c: Any, p: Any) -> Any:
    right, left = m.guard(x, x > 0, 1), m.guard(x, x <= 0, 0)
    return m.where(x > 0, m.power_slope(right, p, b) + c, a * m.exp(left))


FOUR = Activation(
    name="four_parameters",
    title="A power and a line above 0, an exponential below",
    forward=four,
    derivative=four_slope,
    params=(
        Param("a", 1.0, Domain(0.0)),
        Param("b", 2.0, Domain(0.0)),
        Param("c", 0.5, Domain(0.0)),
        Param("p", 1.5, Domain(1.0, closed_low=True)),
    ),
    traits=ANY,
    references=(),
)

BRANCHING = Activation(
    name="branching",
    title="Branches in Python on its parameter",
    forward=lambda m, x, *, slope: slope * x if slope > 0 else x,
    derivative=lambda m, x, *, slope: slope if slope > 0 else 1,
    params=(Param("slope", 2.0),),
    traits=ANY,
    references=(),
)

SQUARING = Activation(
    name="squaring",
    title="Uses an operator that kernels have no form for",
    forward=lambda m, x: x**2,
    derivative=lambda m, x: 2 * x,
    traits=ANY,
    references=(),
)


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("name", sorted(registry.shipped()))
def test_every_shipped_definition_is_compiled(name: str) -> None:
    definition = registry.shipped()[name]
    assert native.kernel(definition) is not None
    assert native.lacking(definition) == ""
    for dtype in DTYPES:
        y = F.call(name, torch.linspace(-2, 2, 9, dtype=dtype), backend="native")
        assert (y.dtype, y.shape) == (dtype, (9,))


@pytest.mark.usefixtures("kernels")
def test_kernels_run_without_being_asked_for() -> None:
    # At p = 2 single precision and the formula differ in places, which tells them apart.
    x = noise(4000)
    chosen, native_ones, formula = (F.ralu(x, 3.0, backend=b) for b in (None, "native", "formula"))
    assert same_bits(chosen, native_ones)
    assert not same_bits(native_ones, formula)


def test_other_devices_have_the_formula_and_no_warning() -> None:
    x = torch.ones(2, 3, device="meta")
    assert F.powerlu(x).is_meta
    assert F.ralu(x, torch.ones(3, device="meta")).is_meta


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("alpha", [2.0, torch.tensor(2.0), torch.full((3,), 2.0)])
def test_other_devices_are_refused_where_kernels_are_asked_for(alpha: Any, grad: bool) -> None:
    x = torch.ones(2, 3, device="meta", requires_grad=grad)
    alpha = alpha.to("meta") if isinstance(alpha, torch.Tensor) else alpha
    with pytest.raises(BackendUnavailableError, match="ralu: backend 'native' runs on CPU tensors"):
        F.ralu(x, alpha, backend="native")


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("backend", [None, "native"])
@pytest.mark.parametrize("alpha", [2.0, torch.tensor(2.0), torch.full((3,), 2.0)])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(2, 3, dtype=torch.int64), "must be one of float64, .* got int64"),
        (torch.ones(2, 3, dtype=torch.bool), "got bool"),
        (torch.ones(2, 3, dtype=torch.complex64), "got complex64"),
        (torch.ones(2, 3).to(torch.float8_e4m3fn), "got float8_e4m3fn"),
        (torch.ones(2, 3).to_sparse(), "strided .dense. tensor, got layout torch.sparse_coo"),
        ([1.0, 2.0], "a torch.Tensor, got list"),
    ],
    ids=lambda value: value.split("got ")[-1] if isinstance(value, str) else "",
)
def test_what_kernels_do_not_take_is_refused_by_name(x, message, alpha, backend) -> None:
    with pytest.raises(TypeError, match=f"ralu: .*{message}"):
        F.ralu(x, alpha, backend=backend)


@pytest.mark.usefixtures("kernels")
def test_transforms_are_refused_where_kernels_are_asked_for() -> None:
    x = torch.ones(3)
    call = lambda x: F.powerlu(x, backend="native")  # noqa: E731
    for transform in (torch.func.vmap, torch.func.jacrev, torch.func.jacfwd):
        with pytest.raises(BackendUnavailableError, match=r"use backend=None or 'formula'"):
            transform(call)(x)
        assert transform(F.powerlu)(x) is not None
    with (
        torch.device("meta"),
        pytest.raises(BackendUnavailableError, match="CPU tensors, x is on meta"),
    ):
        call(torch.ones(3))


@pytest.mark.usefixtures("kernels")
def test_a_module_that_asks_for_kernels() -> None:
    x = noise(6, 4)
    assert same_bits(nn.PowerLU(backend="native")(x), F.powerlu(x, backend="native"))
    with pytest.raises(BackendUnavailableError, match="is not compiled"):
        nn.Activation(replace(POWERLU), backend="native")


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("definition", [FOUR, replace(POWERLU, title="Another")])
def test_what_is_not_compiled_is_said_with_the_command(definition, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    definition = replace(definition)  # an object whose kernels were not looked for before
    x = noise(9)
    same = F.call(definition, x)  # by formula, without a warning
    assert same_bits(same, F.call(definition, x, backend="formula"))
    message = r"cannot run here: is not compiled; the command for it: actlab build module:object"
    with pytest.raises(BackendUnavailableError, match=f"{definition.name}: .*{message}"):
        F.call(definition, x, backend="native")


@pytest.mark.usefixtures("kernels")
def test_the_command_names_a_definition_that_can_be_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    mine = replace(FOUR)
    monkeypatch.setitem(globals(), "MINE", mine)
    assert native.lacking(mine).endswith(f": actlab build {__name__}:MINE")


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize(
    ("definition", "message"),
    [(BRANCHING, "branches in Python"), (SQUARING, "unsupported operand type")],
)
def test_what_cannot_be_printed_runs_by_formula(definition: Activation, message: str) -> None:
    x = noise(9)
    assert same_bits(F.call(definition, x), F.call(definition, x, backend="formula"))
    leaf = x.clone().requires_grad_()
    F.call(definition, leaf).sum().backward()
    assert leaf.grad is not None
    with pytest.raises(
        BackendUnavailableError, match=f"{definition.name}: .*cannot be compiled: .*{message}"
    ):
        F.call(definition, x, backend="native")


@pytest.fixture(scope="module")
def compiled(kernels: None, tmp_path_factory: pytest.TempPathFactory) -> Activation:
    """A definition of the user's own, compiled into a cache that is the test's."""
    if trouble := toolchain.missing():
        pytest.skip(trouble)
    cache = tmp_path_factory.mktemp("cache")
    shared = built.cache_folder() / "objects"
    if shared.is_dir():  # what is the same for all definitions need not be compiled again
        (cache / "objects").symlink_to(shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTLAB_CACHE", str(cache))
        folder = build_definition(FOUR)
        assert folder.is_relative_to(cache)
        # Found by content: by this definition, and by another of the same formulas.
        found = replace(FOUR, title="The same by another title")
        assert native.lacking(FOUR) == native.lacking(found) == ""
        changed = replace(FOUR, forward=lambda m, x, *, a, b, c, p: a * x)
        assert "is not compiled" in native.lacking(changed)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_definition_of_the_users_own_is_accurate(compiled: Activation, dtype) -> None:
    for params in (FOUR.defaults, {"a": 0.75, "b": 1.0, "c": 2.0, "p": 2.0}):
        subject = Subject(compiled, "native")
        inputs = finite_inputs(FOUR, params, dtype, spread=12)
        x = subject.tensor(inputs, dtype)
        compare(subject, "value", inputs, subject(x, params), params)
        compare(subject, "slope", inputs, subject.gradient(x, params), params)
        for name, got in subject.partials(x, params).items():
            compare(subject, f"d/d{name}", inputs, got, params)


@pytest.mark.slow
def test_more_parameters_than_the_quick_operators_take(compiled: Activation) -> None:
    assert len(FOUR.params) > native.MOST_NUMBERS
    x = noise(5, 3, 7)
    for c in (0.5, torch.tensor(0.5), torch.tensor([0.5, 1.0, 1.5])):
        native_ones, formula = both(compiled, x, {"a": 1.5, "b": 2.0, "c": c, "p": 2.5})
        assert apart(native_ones.value, formula.value) <= 1
        assert apart(native_ones.slope, formula.slope) <= 2
        for name, grad in formula.of_params.items():
            assert torch.allclose(native_ones.of_params[name], grad, rtol=1e-6)
    alone = results(compiled, x, FOUR.defaults)  # without asking for kernels
    assert same_bits(alone.value, results(compiled, x, FOUR.defaults, backend="native").value)


@pytest.mark.usefixtures("kernels")
def test_negated_views_are_read_with_their_sign() -> None:
    # The imaginary part of a conjugate is a float tensor whose sign torch applies lazily.
    z = torch.complex(noise(50), noise(50, seed=2))
    lazy = z.conj().imag
    assert lazy.is_neg()
    assert same_bits(F.ralu(lazy, backend="native"), F.ralu(lazy.clone(), backend="native"))
    alpha = torch.tensor(2.0)
    assert same_bits(F.ralu(lazy, alpha, backend="native"), F.ralu(-z.imag, 2.0, backend="native"))
    x = noise(50).requires_grad_()
    (slope,) = torch.autograd.grad(F.ralu(x, backend="native"), x, lazy)
    (wanted,) = torch.autograd.grad(F.ralu(x, backend="native"), x, -z.imag)
    assert same_bits(slope, wanted)


@pytest.mark.parametrize("backend", ["formula", "native"])
def test_a_gradient_that_the_output_cannot_give_is_refused(backend, request) -> None:
    if backend == "native":
        request.getfixturevalue("kernels")
    form = replace(ELU.from_output, partials={})
    definition = replace(ELU, from_output=form)
    alpha = torch.tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match="save='output' cannot give the gradient of alpha"):
        F.call(definition, noise(5), alpha, save="output", backend=backend)
    x = noise(5).requires_grad_()
    F.call(definition, x, alpha.detach(), save="output").sum().backward()
    assert x.grad is not None


@pytest.mark.usefixtures("kernels")
def test_operators_refuse_a_form_that_is_not_there() -> None:
    kernel = native.kernel(registry.get("gelu"))
    x = noise(70)
    with pytest.raises(RuntimeError, match="gelu has no slope from its output"):
        kernel.backward(x, x, kernel.number, True)
