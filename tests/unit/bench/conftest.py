"""A whole run without timing anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actlab.bench.settings import make_settings
from actlab.bench.summary import Results
from unit.bench.bench_results import make_results


@pytest.fixture(scope="session")
def full() -> Results:
    """A whole run on two threads in which every target is reached."""
    return make_results(replace(make_settings(), threads=(1, 2)))
