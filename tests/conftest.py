"""Marks, one thread per worker, and a summary of what was not checked and why."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

TIERS = {
    "slow": "takes seconds: inductor, compiled transforms",
    "full": "takes minutes: every number of a 16-bit format; run by `make test-full`",
}


INTEGRATIONS = "takes minutes, or libraries that not everyone has: `make test-integrations`"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--integrations", action="store_true", help="run tests/integrations too")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether a file whose tests are all marked full need not be opened."""
    unwanted = config.option.markexpr == "not full"
    return True if unwanted and collection_path.stem.endswith("_in_full") else None


def pytest_collection_finish() -> None:
    """Take the thousands of collected tests out of what every garbage collection walks through."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--integrations"):
        return
    left = pytest.mark.skip(reason=INTEGRATIONS)
    for item in items:
        if item.path.is_relative_to(config.rootpath / "tests" / "integrations"):
            item.add_marker(left)


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in TIERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if hasattr(config, "workerinput"):
        # Workers share the cores already; threads of their own would only wait for each other.
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def kernels() -> None:
    """What a test asks for that runs compiled kernels; without them it is skipped."""
    from actlab.kernels import native

    if native.problem():
        pytest.skip(f"backend 'native': {native.problem()}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was skipped, by reason."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("not applicable")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")
