"""Swapped models in use: compiled, exported, distributed, in threads, swapped once more."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actlab import surgery

from .swapped_models import Net, X, swapped


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Compilers count what they compile of the same code, whichever test it was for."""
    torch._dynamo.reset()


def gradients(model: nn.Module, x: Tensor) -> list[Tensor]:
    model.zero_grad(set_to_none=True)
    model(x).square().sum().backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("learnable", [False, True])
def test_compiled_after_the_swap(learnable: bool) -> None:
    model, _ = swapped(learnable=learnable)
    model, x = model.double(), X.double()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), model(x))
    torch.testing.assert_close(gradients(compiled, x), gradients(model, x))


def test_compiled_before_the_swap() -> None:
    model = Net()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    plain = compiled(X)
    done = surgery.swap(compiled, {"relu": "ralu"}, X)
    torch.testing.assert_close(compiled(X), model(X))
    assert not torch.allclose(compiled(X), plain)
    done.undo()
    torch.testing.assert_close(compiled(X), plain)


def test_exported() -> None:
    model, _ = swapped(learnable=True, per_channel=True)
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (X,), dynamic_shapes=({0: batch},))
    for rows in (X, X[:3]):
        torch.testing.assert_close(program.module()(rows), model(rows))


@pytest.mark.slow
def test_exported_to_onnx(tmp_path: Path) -> None:
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    import onnxruntime

    model, _ = swapped()
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        torch.onnx.export(model.eval(), (X,), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(None, {session.get_inputs()[0].name: X.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), model(X), rtol=1e-5, atol=1e-6)


def test_transforms() -> None:
    model, _ = swapped(learnable=True)
    model, x = model.double(), X.double()
    parameters = dict(model.named_parameters())

    def loss(given: dict[str, Tensor], x: Tensor) -> Tensor:
        return torch.func.functional_call(model, given, (x,)).square().sum()

    found = torch.func.grad(loss)(parameters, x)
    model(x).square().sum().backward()
    for name, parameter in parameters.items():
        torch.testing.assert_close(found[name], parameter.grad)
    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, x[:, None])
    torch.testing.assert_close(each["head.bias"].sum(0), found["head.bias"])


def test_every_call_learns_by_itself() -> None:
    model, done = swapped(learnable=True)
    new = [name for name, _ in model.named_parameters() if "alpha" in name]
    assert new == [
        f"blocks.{k}.{rest}"
        for k in range(2)
        for rest in ("relu.1.alpha", "relu.2.alpha", "actlab_sites.relu_1.alpha")
    ] + ["actlab_sites.relu_1.alpha"]
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    model(X).square().sum().backward()
    optimiser.step()
    values = {p.item() for name, p in model.named_parameters() if "alpha" in name}
    assert len(values) == len(new)
    done.undo()
    assert [name for name, _ in model.named_parameters() if "alpha" in name] == []


def test_one_call_of_several() -> None:
    model = Net()
    with surgery.swap(model, {"blocks.0.relu#2": "elu", "blocks.1:relu": "silu"}, X) as done:
        assert done.swapped == ("blocks.0.relu#2", "blocks.1:relu")
        after = surgery.find(model, X)
        assert {site.name: site.activation for site in after} == {
            "blocks.0.relu#1": "relu", "blocks.0:relu": "relu", "blocks.0.relu#2": "elu",
            "blocks.1.relu#1": "relu", "blocks.1:relu": "silu", "blocks.1.relu#2": "relu",
            ":relu": "relu",
        }  # fmt: skip
        block = model.blocks[0]
        inner = block.a(X).relu()
        expected = F.elu(X + block.b(inner).relu())
        torch.testing.assert_close(block(X), expected)


def test_swapping_twice() -> None:
    model, first = swapped(learnable=False)
    once = model(X)
    second = surgery.swap(model, {"ralu": "elu"}, X)
    assert second.swapped == first.swapped
    torch.testing.assert_close(model(X), _with_elu(X))
    with pytest.raises(RuntimeError, match="undo the later swap first"):
        first.undo()
    second.undo()
    assert torch.equal(model(X), once)
    first.undo()
    assert torch.equal(model(X), Net()(X))
    first.undo()  # does nothing


def _with_elu(x: Tensor) -> Tensor:
    model = Net()
    for block in model.blocks:
        x = F.elu(x + F.elu(block.b(F.elu(block.a(x)))))
    return model.head(F.elu(x))


class Longer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x: Tensor, times: int = 2) -> Tensor:
        for _ in range(times):
            x = F.relu(self.layer(x))
        return x

    def encode(self, x: Tensor) -> Tensor:
        return F.relu(self.layer(x))


def test_a_longer_loop_than_in_the_example() -> None:
    model = Longer()
    surgery.swap(model, {"relu": "elu"}, X)
    expected = X
    for _ in range(5):
        expected = F.elu(model.layer(expected))
    torch.testing.assert_close(model(X, 5), expected)
    learning = Longer()
    surgery.swap(learning, {"relu": "ralu"}, X)
    with pytest.raises(RuntimeError, match="applies relu for the 3. time in one pass"):
        learning(X, 5)
    assert learning(X, 1).shape == X.shape


class Coder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def encode(self, x: Tensor) -> Tensor:
        return F.relu(self.layer(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(x) + self.encode(-x)


def test_methods_called_outside_forward() -> None:
    model = Coder()
    surgery.swap(model, {"relu": "elu"}, X)
    torch.testing.assert_close(model.encode(X), F.elu(model.layer(X)))
    learning = Coder()
    surgery.swap(learning, {"relu": "ralu"}, X)
    with pytest.raises(RuntimeError, match="applies relu outside forward"):
        learning.encode(X)


def test_threads_do_not_disturb_each_other() -> None:
    model, _ = swapped(learnable=True)
    expected = [model(X * k) for k in range(8)]
    start = threading.Barrier(8)

    def run(k: int) -> bool:
        start.wait()
        return all(torch.equal(model(X * k), expected[k]) for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(8)))


class Failing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Longer()

    def forward(self, x: Tensor, fail: bool = False) -> Tensor:
        x = F.relu(self.inner(x))
        if fail:
            raise ArithmeticError("as asked")
        return F.relu(x - 1)


def test_an_exception_leaves_nothing_behind() -> None:
    model = Failing()
    surgery.swap(model, {"relu": "ralu"}, X)
    expected = model(X)
    for _ in range(3):
        with pytest.raises(ArithmeticError):
            model(X, fail=True)
        assert torch.equal(model(X), expected)


def test_wrapped_models() -> None:
    model = nn.DataParallel(Net())
    with pytest.raises(ValueError, match="data-parallel wrapper .* swap first and wrap then"):
        surgery.swap(model, {"relu": "ralu"}, X)
    assert surgery.swap(model, {"relu": "elu"}, X).swapped[-1] == ":relu"


def test_one_set_of_parameters_for_all_calls() -> None:
    model = Longer()
    surgery.swap(model, {"relu": "ralu"}, X, share_calls=True)
    new = [name for name, _ in model.named_parameters() if "alpha" in name]
    assert new == ["actlab_sites.relu_1.alpha"]
    activation = model.actlab_sites["relu_1"]  # type: ignore[index]
    expected = X
    for _ in range(5):
        expected = activation(model.layer(expected))
    torch.testing.assert_close(model(X, 5), expected)
    net, done = swapped(share_calls=True)
    new = [name for name, _ in net.named_parameters() if "alpha" in name]
    assert new[:2] == ["blocks.0.relu.alpha", "blocks.0.actlab_sites.relu_1.alpha"]
    net(X).sum().backward()
    done.undo()
    assert torch.equal(net(X), Net()(X))


class Skipping(nn.Module):
    """Two calls of one function, of which the first can be left out."""

    def __init__(self) -> None:
        super().__init__()
        self.skip = False

    def forward(self, x: Tensor) -> Tensor:
        if not self.skip:
            x = F.relu(x + 1)
        return F.relu(x - 1)


def test_a_compiled_pass_that_skips_a_call_is_refused() -> None:
    model = Skipping()
    first, _ = surgery.find(model, X)
    surgery.swap(model, {first.name: "ralu"}, X)
    compiled = torch.compile(model, backend="aot_eager")
    torch.testing.assert_close(compiled(X), model(X))
    model.skip = True
    torch.testing.assert_close(model(X), F.relu(X - 1))  # by its place in the code, it is known
    with pytest.raises(RuntimeError, match="applies relu 1 times in this pass and 2 times"):
        compiled(X)
