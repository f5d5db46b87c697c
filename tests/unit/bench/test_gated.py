"""Gated units: ours, written out, and by libraries that may not be there."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch

from actlab.bench import gated_gate
from actlab.bench.contenders import Inputs, prepare
from actlab.bench.gated import PLACES, product_of
from actlab.bench.scenes import Contender, Scene
from actlab.core import BackendUnavailableError
from unit.bench.stand_in import StandIn

OURS, WRITTEN = Contender("actlab", "silu"), Contender("torch", "silu")
LIGER, FLA = Contender("liger", "silu"), Contender("fla", "silu")


def scene(layout: str, measure: str) -> Scene:
    return Scene("gated", measure, (3, 5), "float32", 0, (WRITTEN, OURS), layout)


class Product(torch.autograd.Function):
    """What Liger's does: gradients are written over the inputs."""

    @staticmethod
    def forward(ctx, gate, value):
        ctx.save_for_backward(gate, value)
        return torch.nn.functional.silu(gate) * value

    @staticmethod
    def backward(ctx, cotangent):
        gate, value = ctx.saved_tensors
        with torch.enable_grad():
            leaves = [t.detach().clone().requires_grad_() for t in (gate, value)]
            y = torch.nn.functional.silu(leaves[0]) * leaves[1]
        grads = torch.autograd.grad(y, leaves, cotangent)
        for saved, grad in zip((gate, value), grads, strict=True):
            saved.data.copy_(grad)
        return grads


@pytest.fixture
def installed(monkeypatch):
    """Both libraries, as far as their modules go."""
    for _, path, name in PLACES.values():
        parts = path.split(".")
        for k in range(1, len(parts) + 1):
            monkeypatch.setitem(sys.modules, ".".join(parts[:k]), ModuleType(parts[k - 1]))
        value = Product.apply if name == "swiglu" else Product
        setattr(sys.modules[path], name, value)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("layout", ["packed", "pair"])
@pytest.mark.parametrize("measure", ["forward", "both"])
def test_all_compute_the_same_and_leave_shared_inputs_alone(layout, measure):
    inputs = Inputs(shared=True)
    results = []
    for one in (LIGER, WRITTEN, OURS, FLA):
        found = prepare(scene(layout, measure), one, inputs)()
        results.append([found] if isinstance(found, torch.Tensor) else list(found))
        for result, expected in zip(results[-1], results[0], strict=True):
            torch.testing.assert_close(result, expected)
    assert [tuple(r.shape) for r in results[0]] == (
        [(3, 5)] if measure == "forward" else [(3, 10)] if layout == "packed" else [(3, 5)] * 2
    )


@pytest.mark.parametrize(
    ("contender", "library"), [(LIGER, "liger-kernel"), (FLA, "flash-linear-attention")]
)
def test_a_library_that_is_not_there_is_named(contender, library, monkeypatch):
    for name in ("liger_kernel", "fla"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BackendUnavailableError, match=library):
        prepare(scene("pair", "forward"), contender)


def test_a_library_that_breaks_when_imported_says_how(monkeypatch, tmp_path):
    package = tmp_path / "fla"
    package.mkdir()
    (package / "__init__.py").write_text("import no_such_thing_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "fla", raising=False)
    with pytest.raises(
        BackendUnavailableError, match="fla.modules.activations.swiglu cannot be"
    ) as e:
        product_of(FLA)
    assert "no_such_thing_at_all" in str(e.value)


def test_a_gate_without_a_function_of_torch_is_written_out():
    inputs = Inputs(shared=True)
    both = [prepare(scene("packed", "both"), Contender(route, "powerlu"), inputs)()
            for route in ("actlab", "naive")]  # fmt: skip
    torch.testing.assert_close(*both)


def test_the_gate_passes_what_is_right():
    found = gated_gate.gated_failures(["bfloat16", "float32"], StandIn(None))
    assert set(found.values()) == {""}
    assert len(found) == 3 * 2 * 2


def test_the_gate_sees_a_wrong_gradient_and_what_cannot_run(monkeypatch):
    real = gated_gate._unit

    def wrong(name, layout, packed, cotangent, backend):
        y, gradient = real(name, layout, packed, cotangent, backend)
        return y, gradient * (1.001 if backend is None else 1)

    monkeypatch.setattr(gated_gate, "_unit", wrong)
    found = gated_gate.gated_failures(["float32"], StandIn(None))
    assert all(reason.startswith("gradient off by ") for reason in found.values())
    if torch.cuda.is_available():
        return
    found = gated_gate.gated_failures(["float32"], StandIn("triton"))
    assert all(reason.startswith("BackendUnavailableError") for reason in found.values())
