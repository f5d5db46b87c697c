"""Modules in use: the user's own definitions, assignment, compilers, tools that move parameters."""

import copy
import pickle

import pytest
import torch

import actlab
from actlab import nn


def test_a_definition_of_the_users_own(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "from actlab import Activation, Traits\n"
        "def forward(m, x):\n    return m.where(x <= 0, 0, x)\n"
        "def derivative(m, x):\n    return m.where(x <= 0, 0, 1)\n"
        "GATE = Activation(name='gate', title='a gate', forward=forward, derivative=derivative,\n"
        "    traits=Traits(monotone=True, convex=True, odd=False, smoothness=0, low=0.0,\n"
        "    high=float('inf'), lipschitz=1.0), references=())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    x = torch.tensor([-1.0, 2.0])
    module = nn.Activation("mine:GATE")
    assert module(x).tolist() == [0.0, 2.0]
    assert actlab.functional.call("mine:GATE", x).tolist() == [0.0, 2.0]
    twin = pickle.loads(pickle.dumps(module))
    assert twin.definition is module.definition
    with pytest.raises(ValueError, match="no module 'nowhere'"):
        nn.Activation("nowhere:GATE")
    with pytest.raises(ValueError, match="did you mean 'GATE'|known: GATE"):
        nn.Activation("mine:GATES")
    with pytest.raises(TypeError, match="is a function, not an Activation"):
        nn.Activation("mine:forward")


def test_parameters_can_be_assigned(x):
    fixed = nn.PowerLU()
    fixed.p = 3
    assert torch.equal(fixed(x), actlab.functional.powerlu(x, 3.0))
    assert repr(fixed) == "PowerLU(p=3)"
    with pytest.raises(ValueError, match="p must be a finite number"):
        fixed.p = -1.0
    for learned in (nn.RaLU(num_parameters=4), nn.PowerLU(learnable=True, num_parameters=4)):
        (name,) = learned._learned
        setattr(learned, name, 2.5)
        assert torch.allclose(getattr(learned, name), torch.full((4,), 2.5))
        setattr(learned, name, torch.tensor([1.5, 2.0, 2.5, 3.0]))
        assert torch.allclose(getattr(learned, name), torch.tensor([1.5, 2.0, 2.5, 3.0]))
        setattr(learned, name, torch.tensor(4.0))
        assert getattr(learned, name).shape == (4,)
        with pytest.raises(ValueError, match=r"has shape \(4,\), got a tensor of shape \(2,\)"):
            setattr(learned, name, torch.tensor([1.5, 2.5]))
        assert len(list(learned.parameters())) == 1
    with pytest.raises(ValueError, match="strictly inside"):
        nn.PowerLU(learnable=True).p = 0.5


def test_a_parametrisation_of_the_users_own(x):
    class Doubled(torch.nn.Module):
        def forward(self, value):
            return 2 * value

    module = nn.RaLU()
    torch.nn.utils.parametrize.register_parametrization(module, "alpha", Doubled())
    assert repr(module) == "RaLU(alpha=6, learnable=True)"
    assert torch.equal(copy.deepcopy(module)(x), actlab.functional.ralu(x, 6.0))


@pytest.mark.slow
@pytest.mark.parametrize("dynamic", [pytest.param(None, marks=pytest.mark.full), True])
def test_modules_compile_without_graph_breaks(build, x, dynamic):
    torch._dynamo.reset()
    # A compiler is given the formula; eager calls of the same module may run compiled kernels.
    module, formula = build(), build(backend="formula")
    compiled = torch.compile(module, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for rows in (3, 2):
        leaf = x[:rows].clone().requires_grad_()
        assert torch.equal(compiled(leaf), formula(leaf))
        compiled(leaf).sum().backward()
        assert torch.isfinite(leaf.grad).all()
    torch._dynamo.reset()


def test_names_and_aliases_compile(x):
    for name in ("silu", "swish"):
        torch._dynamo.reset()
        compiled = torch.compile(
            lambda x, name=name: actlab.functional.call(name, x),
            fullgraph=True,
            backend="aot_eager",
        )
        assert torch.equal(compiled(x), actlab.functional.silu(x, backend="formula"))
    torch._dynamo.reset()


def test_modules_build_and_pass_through_tools_that_move_parameters(x):
    from torch.nn.utils import prune

    with torch.device("meta"):
        assert nn.PowerLU(learnable=True).p.is_meta
    module = nn.RaLU(num_parameters=4)
    before = module(x)
    prune.identity(module, "alpha")
    assert torch.equal(module(x), before)
    prune.remove(module, "alpha")
    assert torch.equal(module(x), before)


def test_no_step_however_large_poisons_the_gradient(x):
    for module in (nn.ExpoLU(learnable=True), nn.ELU(learnable=True), nn.PowerLU(learnable=True)):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.sub_(1e3)
        module(x).sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in module.parameters())


def test_a_subclass_keeps_its_own_layers_decayed():
    class Mixed(nn.RaLU):
        def __init__(self):
            super().__init__()
            self.mix = torch.nn.Linear(2, 2)

    decayed, kept = actlab.parameter_groups(Mixed(), 0.1)
    assert [len(decayed["params"]), len(kept["params"])] == [2, 1]
