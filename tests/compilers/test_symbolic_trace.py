"""torch.fx: programs that it records of models and functions, run, saved and changed."""

from __future__ import annotations

import copy
import io
import operator

import pytest
import torch
from torch import Tensor, fx

import actlab
import actlab.functional as F
from actlab import nn, surgery

X = torch.linspace(-2, 2, 24).reshape(4, 6)


def model() -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(6, 6),
        nn.RaLU(num_parameters=6),
        nn.PowerLU(2.5, learnable=True),
        nn.Activation("gelu"),
        nn.RReLU(),
        torch.nn.Linear(6, 8),
        nn.GLU("ralu", learnable=True, num_parameters=4),
    )


def test_modules_are_recorded_as_torchs_own() -> None:
    origin = model().eval()
    program = fx.symbolic_trace(origin)
    called = [str(node.target) for node in program.graph.nodes if node.op == "call_module"]
    assert called == [str(place) for place in range(7)]
    assert not [node for node in program.graph.nodes if node.op in ("get_attr", "call_function")]
    torch.testing.assert_close(program(X), origin(X))
    assert set(program.state_dict()) == set(origin.state_dict())
    assert program.train()(X).shape == (4, 4)  # RReLU draws again
    program(X).sum().backward()
    assert all(p.grad is not None for p in program.parameters())


class Calling(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor([1.5, 2.0, 2.5, 3.0, 3.5, 4.0]))

    def forward(self, x: Tensor) -> Tensor:
        x = F.powerlu(x, 3.0) + F.expolu(x, b=0.5) + F.ralu(x, self.slope) + F.elu(x)
        x = x + F.gelu(x) + F.leaky_relu(x, negative_slope=0.2) + F.call("acon_c", x, beta=0.5)
        return F.glu(x, "silu", gate="first") * F.gated("relu", x[:, :3], x[:, 3:])


def test_functions_are_recorded_by_their_names() -> None:
    origin = Calling()
    program = fx.symbolic_trace(origin)
    called = [n.target for n in program.graph.nodes if n.op == "call_function"]
    ours = [function for function in called if function.__module__.startswith("actlab.")]
    assert ours == [
        *(F.powerlu, F.expolu, F.ralu, F.elu, F.gelu, F.leaky_relu, F.call, F.glu, F.gated)
    ]
    torch.testing.assert_close(program(X), origin(X))
    program(X).sum().backward()
    slope = copy.deepcopy(program.slope.grad)
    origin.zero_grad()
    origin(X).sum().backward()
    torch.testing.assert_close(slope, origin.slope.grad)
    program.graph.lint()
    assert "channel_dim" not in program.code


def test_recorded_programs_are_saved() -> None:
    program = fx.symbolic_trace(torch.nn.Sequential(model(), torch.nn.Linear(4, 6), Calling()))
    program.eval()
    file = io.BytesIO()
    torch.save(program, file)
    file.seek(0)
    torch.testing.assert_close(torch.load(file, weights_only=False)(X), program(X))


@pytest.mark.parametrize("name", actlab.names()[::9])
def test_every_function_can_be_recorded(name: str) -> None:
    function = getattr(F, name)
    program = fx.symbolic_trace(lambda x: function(x) * 2)
    torch.testing.assert_close(program(X), function(X) * 2)


def test_random_slopes_can_be_recorded() -> None:
    program = fx.symbolic_trace(lambda x: F.random_rrelu(x, 0.5, 0.5))
    torch.testing.assert_close(program(X), torch.where(X > 0, X, X / 2))


def test_activations_of_recorded_programs_are_found_and_replaced() -> None:
    program = fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(6, 6), nn.RaLU()))
    assert [site.function for site in surgery.find(program, X)] == ["ralu(alpha=3)"]
    with surgery.swap(program, {"ralu": "tanh"}, X):
        torch.testing.assert_close(program(X), torch.tanh(program.get_submodule("0")(X)))


class Noted:
    """A value of a user's own that follows torch's protocol."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func, args[1:], kwargs


def test_other_values_that_stand_in_for_tensors_are_asked() -> None:
    assert F.powerlu(Noted(), 3.0) == (F.powerlu, (3.0,), {})
    assert F.elu(Noted(), save="input") == (F.elu, (1.0,), {"save": "input"})
    assert F.gelu(Noted()) == (F.gelu, (), {})


def test_what_cannot_be_recorded_is_refused() -> None:
    other = actlab.Activation(
        name="nowhere", title="n", forward=operator.pos, derivative=operator.pos,
        traits=actlab.get("relu").traits, references=(),
    )  # fmt: skip
    with pytest.raises(ValueError, match="cannot be found by name"):
        fx.symbolic_trace(lambda x: F.call(other, x))
    with pytest.raises(TypeError, match=r"x must be a torch\.Tensor, got list"):
        F.powerlu([1.0])
