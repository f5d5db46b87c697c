"""Number formats, cost, and all of it together, for shipped definitions and one's own."""

from __future__ import annotations

import json
import math

import pytest

import actlab
from actlab.analysis import analyse, cost, precision
from unit.analysis.made_up import gate, made_up

NATIVE_ELU = {"float64": -745.1332, "float32": -103.97208, "float16": -17.34375, "bfloat16": -93.0}


def test_where_the_gradient_of_elu_dies():
    found = {one.dtype: one for one in precision("elu")}
    for dtype, at in NATIVE_ELU.items():
        assert found[dtype].torch.gradient_gone.left == pytest.approx(at, rel=1e-6)
        assert found[dtype].ours.gradient_gone.left == pytest.approx(at, rel=1e-6)
        assert found[dtype].ours.gradient_gone.right is None
    assert found["float32"].ours.asymptote_met.left == pytest.approx(-17.33, abs=0.4)
    assert found["float16"].ours.asymptote_met.left == pytest.approx(-8.3203125)
    assert found["float32"].ours.asymptote_met.right == 0


def test_torch_loses_more_than_it_has_to():
    single = precision("tanh")[1]
    assert single.torch.gradient_gone.right < 10 < 50 < single.ours.gradient_gone.right


def test_a_slope_that_is_0_is_not_blamed_on_the_format():
    for one in precision("relu") + precision("powerlu"):
        assert one.ours.gradient_gone.left is None


def test_overflow_is_found():
    cube = made_up(lambda m, x: x * x * x, lambda m, x: 3 * x * x)
    found = {one.dtype: one.ours for one in precision(cube)}
    # The first numbers whose cubes are past 65504 (half a step added) and 2^128.
    assert found["float16"].value_lost.right == pytest.approx(65520 ** (1 / 3), rel=1e-3)
    assert found["float16"].value_lost.left == -found["float16"].value_lost.right
    assert found["float32"].value_lost.right == pytest.approx(2 ** (128 / 3), rel=1e-6)
    assert found["float16"].slope_lost.right == pytest.approx(math.sqrt(65520 / 3), rel=1e-3)
    assert found["float32"].gradient_gone.right is None


@pytest.mark.parametrize(
    ("name", "params", "value", "slope"),
    [
        ("relu", {}, "comparisons only", "comparisons only"),
        ("leaky_relu", {}, "arithmetic", "comparisons only"),
        ("powerlu", {}, "arithmetic", "arithmetic"),
        ("powerlu", {"p": 2.5}, "one transcendental", "one transcendental"),
        ("powerlu", {"p": 1.5}, "one transcendental", "division or root"),
        ("ralu", {}, "division or root", "division or root"),
        ("elu", {}, "one transcendental", "one transcendental"),
        ("tanh", {}, "one transcendental", "several transcendentals"),
        ("mish", {}, "several transcendentals", "several transcendentals"),
    ],
)
def test_cost_classes(name, params, value, slope):
    found = cost(name, **params)
    assert (found.value.kind, found.slope.kind) == (value, slope)


def test_cost_of_what_cannot_be_traced_is_unknown():
    assert cost(made_up(lambda m, x: x**2, lambda m, x: 2 * x)).kind == "unknown"


def test_cost_counts_and_bytes():
    found = cost("powerlu")
    assert (found.saved, found.bytes_saved) == ("output", 4)
    assert found.value.transcendental == found.value.slow == 0
    assert found.value.comparisons > 0


@pytest.mark.parametrize("name", actlab.names())
def test_every_operation_of_the_catalogue_is_known(name):
    assert "unknown" not in (cost(name).value.kind, cost(name).slope.kind)


@pytest.mark.parametrize("name", ["powerlu", "gelu", "sine"])
def test_everything_fits_into_json(name):
    found = analyse(name)
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert read["name"] == name
    assert read["missing"] == {}
    assert read["gains"]["forward"] == found.gains.forward
    assert len(read["precision"]) == 4
    assert set(read["propagation"]) >= {"pytorch", "he", "own", "pytorch, normalised"}


def test_a_definition_of_ones_own():
    found = analyse(gate(50.0))
    assert found.shape.smoothness == math.inf
    assert found.shape.lipschitz == pytest.approx(1.0998393201288672, rel=1e-10)
    assert found.shape.extrema == pytest.approx([-1.278464542761074 / 50], rel=1e-9)
    assert found.cost.kind == "one transcendental"
    assert found.missing == {}
    assert all(run.depth == 30 for run in found.propagation.values())


@pytest.mark.full
def test_what_cannot_be_found_is_named_and_the_rest_is_there():
    def forward(m, x):
        return m.sin(x, 1e7)

    found = analyse(made_up(forward, lambda m, x: 1e7 * m.cos(x, 1e7)))
    data = found.to_dict()
    assert "varies too fast" in found.missing["moments"]
    assert data["moments"] is None
    assert data["cost"]["value"]["kind"] == "one transcendental"


def test_parameters_are_checked_before_any_work():
    with pytest.raises(ValueError, match="alpha must be a finite number"):
        analyse("elu", alpha=-1.0)
    with pytest.raises(ValueError, match="did you mean 'powerlu'"):
        analyse("powrlu")
