"""Without their libraries, the modules that need one say so in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.modules["{library}"] = None
try:
    {statement}
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("extra", "library", "statement", "feature"),
    [
        ("hf", "transformers", "import actlab.hf", "actlab.hf"),
        ("keras", "keras", "import actlab.keras", "actlab.keras"),
        ("jax", "jax", "import actlab.jax; actlab.jax.powerlu(0.0)", "actlab.jax.powerlu"),
        ("jax", "jax", "import actlab.jax; actlab.jax.call('elu', 0.0)", "actlab.jax.elu"),
    ],
)
def test_a_missing_library_is_named(extra, library, statement, feature) -> None:
    script = SCRIPT.format(library=library, statement=statement)
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == [
        f"MissingExtraError {feature} needs an optional dependency: pip install 'actlab[{extra}]'"
    ]
