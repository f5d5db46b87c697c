"""Marks, one thread per worker, and a summary of what was not checked and why."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

TIERS = {
    "slow": "takes seconds: whole runs, killed processes, browsers, Inductor; `make test-slow`",
    "full": "takes minutes in all: every number of a 16-bit format; `make test-full`",
}

INTEGRATIONS = "takes minutes, or libraries that not everyone has: `make test-integrations`"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--integrations", action="store_true", help="run tests/integrations too")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether a file whose tests are all marked full need not be opened."""
    unwanted = config.option.markexpr.endswith("not full")
    return True if unwanted and collection_path.stem.endswith("_in_full") else None


LEFT = pytest.StashKey[Counter[str]]()
"""How many tests of each tier are not run, as the tests were asked for."""


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        tier = next((name for name in reversed(TIERS) if item.get_closest_marker(name)), None)
        if tier:
            item.config.stash.setdefault(LEFT, Counter())[tier] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the process that prints the summary; all workers collect the same."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left"] = dict(session.config.stash.get(LEFT, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT] = Counter(getattr(node, "workeroutput", {}).get("left", {}))


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
    """What was not run, and why."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        reasons[reason.removeprefix("Skipped: ")] += 1
    left = terminalreporter.config.stash.get(LEFT, Counter())
    reasons.update({f"{tier}: {TIERS[tier]}": count for tier, count in left.items()})
    if reasons:
        terminalreporter.section("not run")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")
