"""A study small enough to run in a test."""

from __future__ import annotations

from pathlib import Path

import pytest

TINY = """
name = "tiny"
title = "Tiny"
task = "twenty-one-pairs"
claim = "Nothing much"
contender = { name = "expolu", a = 1.0, b = 1.0, p = 2.0 }
baseline = "relu"
fitted = 1e-3
smallest_effect = 1.0

[[part]]
name = "headline"
title = "One at a time"
settings = { width = 6, depth = 3, rounds = 5 }
seeds = 2
learning_rate = 1e-3
regimes = ["as-claimed", "fair"]
contenders = ["expolu", "relu"]

[[part]]
name = "table"
title = "Stacked"
settings = { width = 6, depth = 3, rounds = 5 }
seeds = 12
tuning_seeds = 2
learning_rates = [1e-3, 1e-2]
regimes = ["fair"]
contenders = ["relu", "tanh", { name = "powerlu", p = 3.0 }]

[quick.table]
seeds = 2
contenders = ["relu"]
"""


@pytest.fixture(scope="session")
def tiny() -> str:
    return TINY


@pytest.fixture
def tiny_file(tmp_path: Path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)
