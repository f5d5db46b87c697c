"""Asking for GPU kernels where they are not, or for tensors elsewhere; what needs no Triton."""

from __future__ import annotations

import pytest
import torch

from actlab import functional, get, nn
from actlab.core import BackendUnavailableError
from actlab.interpret.numbers import evaluate, stored
from actlab.interpret.triton_ import printed
from actlab.kernels.gpu import backend
from actlab.kernels.gpu.layout import channel_steps, layout, memory_order


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "installed", lambda: False)


def test_without_triton_an_explicit_request_raises(bare: None) -> None:
    for call in (
        lambda: nn.RaLU(backend="triton"),
        lambda: functional.elu(torch.zeros(3), backend="triton"),
    ):
        with pytest.raises(BackendUnavailableError, match="Triton is not installed"):
            call()


def test_tensors_elsewhere_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "problem", lambda: "")
    monkeypatch.setattr(backend, "lacking", lambda activation: "")
    monkeypatch.setattr(backend, "serves", lambda x: False)
    with pytest.raises(BackendUnavailableError, match="runs on GPU tensors, x is on cpu"):
        functional.elu(torch.zeros(3), 0.75, backend="triton")


def test_numbers_are_stored_as_tensors_store_them() -> None:
    values = [
        0.1,
        -2.0 / 3,
        1e-8,
        65519.9,
        65520.0,
        1e39,
        3.3895e38,
        1e-45,
        1.00390625,
        256.5000001,
    ]
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        name = str(dtype).removeprefix("torch.")
        for value in (v for number in values for v in (number, -number)):
            wide = torch.tensor(value, dtype=torch.float64)
            if dtype == torch.bfloat16:
                from actlab.kernels.formula import rounded

                expected = rounded(wide, dtype).double().item()
            else:
                expected = wide.to(dtype).double().item()
            assert stored(value, name) == expected, (value, name)


def test_constants_are_those_of_the_formula() -> None:
    form = printed(get("expolu")).forms["forward"]
    found = [evaluate(c, {"a": 2.0, "b": 1.5, "p": 3.0}, "float32") for c in form.constants]
    assert 1.5 in found
    assert -1.5 in found
    assert (2 * 1.5) ** 3 / 2 - 1.5 in found


def test_dimensions_that_lie_together_become_one() -> None:
    x = torch.empty(4, 5, 6)
    assert layout(x.shape, memory_order(x), x).shape == (120,)
    rows = torch.empty(4, 12)[:, :6]
    found = layout(rows.shape, [0, 1], rows, torch.empty(4, 6))
    assert found.shape == (6, 4)
    assert found.strides == ((1, 12), (1, 6))
    last = torch.empty(2, 3, 4, 5).to(memory_format=torch.channels_last)
    assert layout(last.shape, memory_order(last), last).shape == (120,)
    assert channel_steps(last.shape, memory_order(last), 1) == (1, 3)
    assert channel_steps(last.shape, [0, 1, 2, 3], 1) == (20, 3)
    single = torch.empty(())
    assert layout(single.shape, [], single).shape == (1,)


def test_every_definition_prints() -> None:
    import actlab

    for name in actlab.names():
        text = printed(get(name)).text
        compile(text, name, "exec")
        assert "prepare_forward" in text or not get(name).params
