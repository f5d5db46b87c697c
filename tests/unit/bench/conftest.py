"""A whole run without timing anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench import device
from actlab.bench.settings import Settings, make_settings
from actlab.bench.summary import Results
from unit.bench.bench_results import make_device_results, make_results


@pytest.fixture(scope="session")
def full() -> Results:
    """A whole run on two threads in which every target is reached."""
    return make_results(replace(make_settings(), threads=(1, 2)))


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may name a GPU, which nobody looks for."""
    monkeypatch.setattr(device, "unusable", lambda index: "")


@pytest.fixture(scope="session")
def device_settings() -> Settings:
    """The whole benchmark of a GPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "unusable", lambda index: "")
        return make_settings(device="cuda")


@pytest.fixture(scope="session")
def device_run(device_settings: Settings) -> Results:
    """A whole run on a GPU in which every target is reached."""
    return make_device_results(device_settings)
