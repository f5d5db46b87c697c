"""PyTorch's own test machinery, for runs that name this folder: `make test-harness`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Left out unless named.

    Importing ``torch.testing._internal`` takes seconds and freezes torch's global flags for the
    rest of the process, which other tests set.
    """
    named = (config.invocation_params.dir / argument.split("::")[0] for argument in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in named) else True
