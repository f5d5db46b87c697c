"""The page's JavaScript against the oracle: value, slope and second derivative of everything.

Errors are counted in units in the last place of double precision, at the magnitude of the terms
where a result cancels. Values and slopes are held to the definition's own promise for double
precision, but no closer than LIMIT; second derivatives to LIMIT units of what rounding each
operation of their formula may do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from actlab import registry
from actlab.core import Activation
from actlab.interpret import mp
from actlab.testing.inputs import finite_inputs
from actlab.testing.parameters import parameter_sets
from actlab.testing.terms import magnitude_of_terms
from actlab.testing.ulp import FORMATS, rounded, ulp_error
from browser.rough_numbers import curvature_magnitude

pytestmark = pytest.mark.full

LIMIT = 16.0
"""In units in the last place; browsers do not round exp and its like correctly."""

FARTHEST = 1e150
"""Second derivatives are promised up to here: beyond, their formulas may leave the range."""

DOUBLE = FORMATS[torch.float64]
EVALUATE = """(jobs) => jobs.map(({ name, values, xs }) => {
  const functions = actlab.functions[name];
  const bound = { ...functions.partials, value: functions.value, slope: functions.slope,
    curvature: functions.curvature };
  return Object.fromEntries(Object.entries(bound).map(([key, of]) => [key, xs.map(of(values))]));
})"""


@dataclass(frozen=True, slots=True)
class Job:
    """Points at which one function is evaluated with one set of parameters."""

    activation: Activation
    params: Mapping[str, float]
    xs: list[float]


def jobs() -> list[Job]:
    """All points at the defaults; every fourth for other parameters, in turn."""
    found = []
    for activation in registry.shipped().values():
        for place, params in enumerate(parameter_sets(activation)):
            xs = finite_inputs(activation, params, torch.float64, spread=10)
            found.append(Job(activation, params, xs[place % 4 :: 4] if place else xs))
    return found


@pytest.fixture(scope="module")
def results(browser: Any, explorer: Any) -> list[tuple[Job, dict[str, list[float]]]]:
    """What the browser computes for every job."""
    page = browser.new_page()
    page.goto(explorer.as_uri())
    planned = jobs()
    given = [
        {"name": one.activation.name, "values": list(one.params.values()), "xs": one.xs}
        for one in planned
    ]
    computed = page.evaluate(EVALUATE, given)
    page.close()
    return list(zip(planned, computed, strict=True))


def error(job: Job, what: str, x: float, got: float) -> float:
    """In units in the last place, at the magnitude of the terms where these cancel."""
    exactly = {"value": mp.value, "slope": mp.slope, "curvature": mp.curvature}.get(what)
    if exactly is not None:
        want = exactly(job.activation, x, job.params)
    else:
        want = mp.partial(job.activation, x, job.params, what)
    if got == rounded(want, DOUBLE):
        return 0.0
    off = ulp_error(got, want, DOUBLE)
    if off <= LIMIT:
        return off
    if what == "curvature":
        scale = curvature_magnitude(job.activation, x, job.params)
    else:
        key = what if what in ("value", "slope") else f"d/d{what}"
        scale = magnitude_of_terms(job.activation, key, x, job.params)
    return off if scale is None else ulp_error(got, want, DOUBLE, scale)


@pytest.mark.parametrize("what", ["value", "slope", "curvature"])
def test_every_function_is_accurate_in_the_browser(results: Any, what: str) -> None:
    wrong, count = [], 0
    for job, computed in results:
        limit = LIMIT if what == "curvature" else max(LIMIT, job.activation.float64_ulp)
        for x, got in zip(job.xs, computed[what], strict=True):
            if what == "curvature" and abs(x) > FARTHEST:
                continue
            count += 1
            off = error(job, what, x, float(got))
            if not off <= limit:
                wrong.append((off, job.activation.name, dict(job.params), x, got))
    assert sorted(wrong, key=lambda one: -one[0])[:5] == []
    assert count > 5000


def test_derivatives_in_parameters_are_accurate_in_the_browser(results: Any) -> None:
    wrong, count = [], 0
    for job, computed in results:
        limit = max(LIMIT, 2 * job.activation.float64_ulp)
        for name in job.params:
            for x, got in list(zip(job.xs, computed[name], strict=True))[::4]:
                if abs(x) > FARTHEST:
                    continue
                count += 1
                off = error(job, name, x, float(got))
                if not off <= limit:
                    wrong.append((off, job.activation.name, name, dict(job.params), x, got))
    assert sorted(wrong, key=lambda one: -one[0])[:5] == []
    assert count > 500


def test_nan_and_infinities(browser: Any, explorer: Any) -> None:
    page = browser.new_page()
    page.goto(explorer.as_uri())
    for activation in registry.shipped().values():
        values = list(activation.defaults.values())
        job = {"name": activation.name, "values": values, "xs": [math.nan, math.inf, -math.inf]}
        (computed,) = page.evaluate(EVALUATE, [job])
        for what, exactly in (("value", mp.value), ("slope", mp.slope)):
            nan, *limits = (float(one) for one in computed[what])
            assert math.isnan(nan), (activation.name, what)
            for x, got in zip((math.inf, -math.inf), limits, strict=True):
                want = float(exactly(activation, x, activation.defaults))
                assert got == pytest.approx(want, rel=1e-15, nan_ok=True), (activation.name, what)
        assert math.isnan(float(computed["curvature"][0])), activation.name
    page.close()
