"""The kernels of every instruction set that this processor has, one after the other.

The conformance suite runs those that torch would choose here; other machines choose others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from actlab import registry
from actlab.kernels import apply, built, native
from actlab.testing import accuracy, from_output, special
from actlab.testing.subject import NotApplicableError, Subject

pytestmark = pytest.mark.full

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

SUPPORTED = {
    "avx512": torch.cpu._is_avx512_supported,
    "avx2": torch.cpu._is_avx2_supported,
    "default": lambda: True,
}

CHECKS = (
    accuracy.value,
    accuracy.gradient,
    accuracy.partials,
    from_output.gradient_from_output,
    special.nan,
    special.infinities,
    special.signed_zero,
)


TELLING = ("elu", "expolu", "powerlu", "ralu", "relu", "gelu", "mish", "sine", "serf", "arctan")
"""What every run checks: the four, and one for each primitive. The others' kernels are the same
primitives; `make test-full` checks them, and every run does with the set that torch chooses."""


def cases() -> list[Any]:
    """A definition and a dtype each, the less telling ones marked."""
    return [
        pytest.param(
            name,
            dtype,
            id=f"{name}-{str(dtype).removeprefix('torch.')}",
            marks=() if name in TELLING else pytest.mark.full,
        )
        for name in sorted(registry.shipped())
        for dtype in DTYPES
    ]


@pytest.fixture(params=native.PREFERENCE)
def instruction_set(
    request: pytest.FixtureRequest, kernels: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Calls run the kernels of this instruction set while a test lasts."""
    name = request.param
    manifest = built.read_manifest(built.kernels_folder())
    if manifest is None or name not in manifest["instruction_sets"]:
        pytest.skip(f"kernels for {name} are not for this kind of machine")
    if not SUPPORTED[name]():
        pytest.skip(f"this processor has no {name}")
    monkeypatch.setattr(native, "_runnable", lambda: (name,))
    library = native._loaded(built.kernels_folder())
    assert (library.instruction_set, library.problem) == (name, "")
    monkeypatch.setattr(native, "_found", lambda definition: (library.kernels[definition.name], ""))
    apply._number_call.cache_clear()
    yield name
    apply._number_call.cache_clear()


@pytest.mark.parametrize(("name", "dtype"), cases())
def test_accurate_with_every_instruction_set(
    instruction_set: str, name: str, dtype: torch.dtype
) -> None:
    subject = Subject(registry.shipped()[name], "native")
    for check in CHECKS:
        try:
            check(subject, dtype)
        except NotApplicableError:
            continue
        except AssertionError as error:
            raise AssertionError(f"{check.__name__} with {instruction_set}: {error}") from None
