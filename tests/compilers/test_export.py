"""torch.export, AOTInductor and TorchScript."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from actlab import nn
from compilers.counting import fresh_compiler
from compilers.test_compile import MODULES, mostly_full, rows

BATCH = ({0: torch.export.Dim("batch", min=2)},)

OTHER = (2, 9, 64)

SPECIAL = torch.tensor([[math.nan, math.inf, -math.inf, -0.0, 1.0, -1.0]]).repeat(3, 1)


def agree(run: Callable[[Tensor], Tensor], module: torch.nn.Module) -> None:
    for x in (*(rows(n, 6) for n in OTHER), SPECIAL):
        torch.testing.assert_close(run(x), module(x), rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize(
    "strict", [False, pytest.param(True, marks=pytest.mark.full)], ids=["not strict", "strict"]
)
@pytest.mark.parametrize("name", mostly_full(MODULES, "powerlu", "ralu, per channel", "glu"))
def test_export_saved_and_loaded(name: str, strict: bool) -> None:
    module = MODULES[name]().eval()
    with fresh_compiler():
        program = torch.export.export(module, (rows(4, 6),), dynamic_shapes=BATCH, strict=strict)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    agree(torch.export.load(file).module(), module)


@pytest.mark.full
def test_aot_inductor(tmp_path: Path) -> None:
    module = torch.nn.Sequential(
        torch.nn.Linear(6, 5), nn.PowerLU(), nn.ExpoLU(), nn.RaLU(num_parameters=5),
        nn.ELU(), torch.nn.Linear(5, 6), nn.GLU("silu"),
    ).eval()  # fmt: skip
    with fresh_compiler(), torch.no_grad():
        program = torch.export.export(module, (rows(4, 6),), dynamic_shapes=BATCH)
        package = torch._inductor.aoti_compile_and_package(
            program, package_path=str(tmp_path / "model.pt2")
        )
        run = torch._inductor.aoti_load_package(package)
        for count in OTHER:
            x = rows(count, 6)
            torch.testing.assert_close(run(x), module(x), rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("name", mostly_full(MODULES, "powerlu", "ralu, per channel", "glu"))
def test_traced_by_torchscript(name: str) -> None:
    module = MODULES[name]().eval()
    traced = torch.jit.trace(module, (rows(4, 6),), check_trace=False)
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    agree(torch.jit.load(file), module)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "module",
    [*(make() for make in MODULES.values()), nn.RReLU(), torch.nn.Sequential(nn.RaLU())],
    ids=repr,
)
def test_scripting_says_what_to_use_instead(module: Any) -> None:
    with pytest.raises(TypeError, match="cannot compile .*use torch.compile, torch.export or"):
        torch.jit.script(module)
