"""What the page computes beyond the functions themselves, against the library's own numbers."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import pytest
import torch
from mpmath import mpf

from actlab import registry
from actlab.analysis.gain import critical
from actlab.analysis.moments import moments
from actlab.analysis.propagation import propagate
from actlab.analysis.quadrature import AccuracyError
from actlab.testing.ulp import FORMATS, rounded

pytestmark = pytest.mark.slow

NAMES = list(registry.shipped())
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}

STANDARD = "{kind: 'normal', mu: 0, sigma: 1}"

BIND = """
const entryOf = (name) => actlab.app.entries.find((entry) => entry.name === name);
const bound = (name) => actlab.app.bind({entry: entryOf(name),
  values: entryOf(name).params.map((param) => param.default)});
"""


@pytest.fixture(scope="module")
def page(browser: Any, explorer: Any) -> Any:
    opened = browser.new_page()
    opened.goto(explorer.as_uri())
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("{kind: 'normal', mu: 0, sigma: 1}", {}),
        ("{kind: 'normal', mu: 0.5, sigma: 2}", {"q": 4.0, "mean": 0.5}),
        ("{kind: 'uniform', low: -1, high: 3}", {"q": 4 / 3, "mean": 1.0, "law": "uniform"}),
    ],
    ids=["standard", "normal", "uniform"],
)
def test_moments_agree_with_the_analysis(page: Any, given: str, asked: dict[str, Any]) -> None:
    computed = page.evaluate(
        f"""(names) => {{{BIND}
          return names.map((name) => actlab.Moments.of(bound(name), {given})); }}""",
        NAMES,
    )
    for name, got in zip(NAMES, computed, strict=True):
        want = moments(name, **asked)
        size = math.sqrt(want.square)
        assert got["mean"] == pytest.approx(want.mean, abs=1e-8 * size), name
        assert got["slope"] == pytest.approx(want.slope, abs=1e-8), name
        for key, exact in (
            ("square", want.square),
            ("variance", want.variance),
            ("slopeSquare", want.slope_square),
        ):
            assert got[key] == pytest.approx(exact, rel=1e-8), (name, key)


def test_critical_points_agree_with_the_analysis(page: Any) -> None:
    some = NAMES[::3]
    computed = page.evaluate(
        f"(names) => {{{BIND} return names.map((name) => actlab.Depth.critical(bound(name)))}}",
        some,
    )
    for name, got in zip(some, computed, strict=True):
        want = critical(name)
        assert (got is None) == (want is None), (name, got, want)
        if want is not None:
            assert (got["sw"], got["sb"]) == pytest.approx(want, abs=1e-6), name
    assert any(got is None for got in computed)
    assert any(got is not None for got in computed)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("start", [None, 0.5], ids=["signal", "correlation"])
def test_depth_agrees_with_the_analysis(page: Any, norm: bool, start: float | None) -> None:
    # The distance of two inputs costs the analysis much more: fewer functions, fewer layers.
    some, layers = (NAMES[::9], 4) if start else (NAMES[::2], 30)
    computed = page.evaluate(
        f"""([names, norm, layers]) => {{{BIND} return names.map((name) => actlab.Depth.propagate(
          bound(name), {{layers, sw: 1.1, sb: 0.2, norm, correlation: 0.5}}))}}""",
        [some, norm, layers],
    )
    compared = 0
    for name, got in zip(some, computed, strict=True):
        way = "after" if norm else None
        try:
            want = propagate(name, (1.1, 0.2), layers, norm=way, distance=start)
        except AccuracyError:  # it grows beyond what doubles hold
            want = propagate(name, (1.1, 0.2), 2, norm=way, distance=start)
        # Errors of a variance map that grows are multiplied on the way.
        for layer in range(min(want.depth, layers) + 1):
            if not 1e-3 < want.variance[layer] < 1e3:
                break
            compared += 1
            assert got["variance"][layer] == pytest.approx(want.variance[layer], rel=1e-5), name
            assert got["gradient"][layer] == pytest.approx(want.gradient[layer], abs=1e-4), name
            if start:
                distance = 1 - got["overlap"][layer]
                assert distance == pytest.approx(want.distance[layer], abs=1e-3), (name, layer)
    assert compared > layers / 2 * len(some)


@pytest.mark.parametrize("form", DTYPES)
def test_rounding_is_that_of_the_formats(page: Any, form: str) -> None:
    dtype = FORMATS[DTYPES[form]]
    generator = torch.Generator().manual_seed(7)
    exponents = torch.empty(3000, dtype=torch.float64).uniform_(-330, 310, generator=generator)
    signs = torch.randn(3000, dtype=torch.float64, generator=generator).sign()
    wide = (signs * 10**exponents).clamp(-1.7e308, 1.7e308).tolist()
    near = torch.randn(2000, dtype=torch.float64, generator=generator).tolist()
    tie = dtype.smallest / 2
    ends = [0.0, -0.0, tie, -tie, 3 * tie, dtype.largest, dtype.largest * (1 + 2.0**-30), 1e300]
    odd = [1 + 2.0**-dtype.digits, 1 + 3 * 2.0**-dtype.digits, 2 - 2.0**-dtype.digits]
    numbers = [*wide, *near, *ends, *odd]
    computed = page.evaluate(f"(xs) => xs.map((x) => actlab.Formats.{form}.round(x))", numbers)
    for x, got in zip(numbers, computed, strict=True):
        want = rounded(mpf(x), dtype)
        assert float(got) == want, (x, got, want)
        assert math.copysign(1, float(got)) == math.copysign(1, x), x


@pytest.mark.parametrize("form", ["bf16", "fp16"])
def test_every_number_of_a_half_format_has_its_place(page: Any, form: str) -> None:
    said = page.evaluate(
        f"""() => {{ const form = actlab.Formats.{form}; let wrong = 0, last = -Infinity;
          for (let k = -form.count; k <= form.count; k++) {{
            const x = form.number(k);
            if (!(x > last) || form.round(x) !== x || form.index(x) !== k) wrong++;
            last = x;
          }}
          return [wrong, last === form.largest]; }}"""
    )
    assert said == [0, True]


def test_the_careless_formula_fails_where_it_is_known_to(page: Any) -> None:
    # exp(x) overflows in float16 from 11.09 on, and 0 * inf in the branch not taken is NaN.
    found = page.evaluate(
        f"""() => {{{BIND}
          return actlab.Precision.thresholds(bound('elu'), actlab.Formats.fp16); }}"""
    )
    (nan,) = [one for one in found["naive"] if one["kind"] == "nan"]
    assert nan["from"] == pytest.approx(11.09, abs=0.01)
    assert nan["to"] == 65504
    assert [one["kind"] for one in found["stored"]] == ["zero"]
    # The true slope e^x is rounded to 0 below half the smallest number.
    assert found["stored"][0]["to"] == pytest.approx(float(mpmath.log(mpf(2) ** -25)), abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_the_careless_formula_is_the_function(page: Any, name: str) -> None:
    # Rounded to double precision nothing is lost but what cancels: f and f' come out.
    xs = [-3.3, -1.7, -0.6, -0.2, 0.2, 0.45, 0.8, 1.3, 2.6]
    computed = page.evaluate(
        f"""([name, xs]) => {{{BIND} const f = bound(name);
          return xs.map((x) => [...f.naive(x, (y) => y), f.value(x), f.slope(x)]); }}""",
        [name, xs],
    )
    for x, (value, slope, exact, exact_slope) in zip(xs, computed, strict=True):
        assert value == pytest.approx(exact, rel=1e-9, abs=1e-9), x
        assert slope == pytest.approx(exact_slope, rel=1e-8, abs=1e-8), x


@pytest.mark.parametrize("name", NAMES)
def test_the_law_of_the_output_is_a_law(page: Any, name: str) -> None:
    law = page.evaluate(
        f"""(name) => {{{BIND}
          const low = -60, high = 60, bins = 24000, width = (high - low) / bins;
          const {{density, atoms}} = actlab.Moments.outputLaw(
            bound(name), {STANDARD}, low, high, bins);
          let mass = 0, mean = 0;
          density.forEach((d, k) => {{
            mass += d * width;
            mean += d * width * (low + (k + 0.5) * width);
          }});
          for (const atom of atoms) {{
            mass += atom.mass;
            mean += atom.mass * atom.y;
          }}
          return [mass, mean]; }}""",
        name,
    )
    assert law[0] == pytest.approx(1, abs=2e-3)
    assert law[1] == pytest.approx(moments(name).mean, abs=5e-3)
