"""Planted faults are where they are said to be and nowhere else; healthy models have none."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from models.fault import Fault, Healthy
from models.faults import DEEP, FAULTS, HEALTHY
from models.listening import FLAT, SMOOTH, Heard, by_unit, dead_units, faded_units, listen


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def of(kind: str) -> tuple[Fault, ...]:
    return tuple(fault for fault in FAULTS if fault.expected["fault"] == kind)


def finite(call: Heard) -> bool:
    return bool(call.input.isfinite().all() and call.output.isfinite().all())


def decades(sites: list[list[Heard]]) -> float:
    """log10 of the gradient norm at the first site over that at the last, of the first batch."""
    norms = [calls[0].output.grad.double().norm() for calls in (sites[0], sites[-1])]
    return math.log10(norms[0] / norms[1])


@pytest.mark.parametrize("fault", of("dead"), ids=str)
def test_dead_units_are_those_planted(fault: Fault) -> None:
    sites = listen(fault.build(), fault.data())
    found = [dead_units(calls, fault.dim) for calls in sites]
    planted = fault.expected["units"]
    assert len(by_unit(sites[fault.order][0].input, fault.dim)) == fault.expected["of"]
    assert found[fault.order] == planted
    assert len(planted) == fault.expected["count"]
    also = sum(map(len, fault.expected.get("also", {}).values()))
    repeats = 3 if fault.name == "a block run three times" else 1
    assert sum(map(len, found)) == repeats * len(planted) + also


@pytest.mark.parametrize("fault", of("saturated"), ids=str)
def test_saturated_units_are_those_planted(fault: Fault) -> None:
    sites = listen(fault.build(), fault.data())
    found = [faded_units(calls, fault.dim) for calls in sites]
    assert len(by_unit(sites[fault.order][0].input, fault.dim)) == fault.expected["of"]
    assert found[fault.order] == fault.expected["units"]
    assert sum(map(len, found)) == fault.expected["count"]
    assert sites[fault.order][0].name in SMOOTH


@pytest.mark.parametrize("fault", of("exploding") + of("vanishing"), ids=str)
def test_gradients_change_by_as_much_as_is_said(fault: Fault) -> None:
    found = decades(listen(fault.build(), fault.data()[:1]))
    sign = 1 if fault.expected["fault"] == "exploding" else -1
    assert sign * found >= fault.expected["decades"]


@pytest.mark.parametrize("fault", of("shift"), ids=str)
def test_means_swamp_the_rest_at_the_site(fault: Fault) -> None:
    sites = listen(fault.build(), fault.data())
    shares = [
        abs(calls[0].output.mean()) / calls[0].output.square().mean().sqrt() for calls in sites
    ]
    assert shares[fault.order] > 0.98
    assert all(share < 0.9 for share in shares[: fault.order])
    each = by_unit(sites[fault.order][0].output, fault.dim)
    assert bool((each.mean(1).abs() > 5 * each.std(1)).all())


@pytest.mark.parametrize("fault", of("nonfinite"), ids=str)
def test_the_first_value_that_is_not_finite(fault: Fault) -> None:
    sites = listen(fault.build(), fault.data())
    step, here = fault.expected["step"], sites[fault.order][fault.expected["step"]]
    earlier = [call for calls in sites for call in calls[:step]]
    earlier += [calls[step] for calls in sites[: fault.order]]
    assert all(finite(call) for call in earlier)
    if fault.expected["where"] == "gradient":
        assert all(finite(call) for calls in sites for call in calls)
        bad = ~here.output.grad.isfinite()
    else:
        bad = ~here.input.isfinite()
    units = by_unit(bad, fault.dim).any(1).nonzero().flatten().tolist()
    assert tuple(units) == fault.expected["units"]


@pytest.mark.parametrize("healthy", HEALTHY, ids=str)
def test_nothing_is_wrong_with_healthy_models(healthy: Healthy) -> None:
    model = healthy.build()
    assert len(healthy.data()) > 1
    assert all(len(batch) >= 64 for batch in healthy.data())
    sites = listen(model, healthy.data())
    assert sites
    for calls in sites:
        assert all(finite(call) for call in calls)
        assert not dead_units(calls, healthy.dim)
        assert calls[0].name in FLAT or not faded_units(calls, healthy.dim)
    gradients = [p.grad for p in model.parameters()]
    assert all(g is not None and bool(g.isfinite().all()) for g in gradients)
    assert abs(decades(sites)) < 2


@pytest.mark.parametrize("deep", DEEP, ids=str)
def test_deep_models_have_dead_units_of_their_own(deep: Healthy) -> None:
    """One more or less, where rounding decides about a unit whose largest value is near 0."""
    sites = listen(deep.build(), deep.data())
    stated = dict(deep.dead)
    for k, calls in enumerate(sites):
        assert abs(len(dead_units(calls, deep.dim)) - stated.get(k, 0)) <= 1
    assert sum(stated.values()) > 1
