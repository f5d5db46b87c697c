"""Controls: what is the same gives the same curves, and a known difference is found."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.lab.conduct import prepare
from actlab.lab.contenders import resolve
from actlab.lab.inits import init_for
from actlab.lab.study import ContenderSpec
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.controls import STREAM, TASK

IDENTITY = "actlab.lab.models.control_functions:IDENTITY"
SCALED_ELU = "actlab.lab.models.control_functions:SCALED_ELU"


def runs_of(spec: ContenderSpec | str, scheme="own", seeds=(0, 1), rate=1e-3, **settings):
    contender = resolve(spec)
    arm = contender.arm(init_for(contender.name, contender.params, scheme))
    chosen = TASK.settings(**{"width": 32, "steps": 60, **settings})
    return list(TASK.run(Batch(arm, chosen, tuple(seeds), (rate,))))


def values(run: Run, curve: str) -> np.ndarray:
    return np.asarray(run.curves[curve][1])


def same(first: list[Run], second: list[Run]) -> bool:
    return all(
        dict(one.metrics) == dict(other.metrics)
        and all(np.array_equal(values(one, name), values(other, name)) for name in one.curves)
        for one, other in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("scheme", ["default", "own"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ContenderSpec(name="powerlu", p=2.0),
            ContenderSpec(name="expolu", a=4.0, b=1.0, p=2.0),
        ),
        (ContenderSpec(name="ralu", alpha=1.0), ContenderSpec(name=IDENTITY)),
    ],
)
def test_the_same_function_gives_the_same_bits(one, other, scheme):
    assert same(runs_of(one, scheme), runs_of(other, scheme))


def test_a_parameter_that_differs_a_little_does_not_give_the_same_bits():
    """The comparison above can fail."""
    almost = ContenderSpec(name="ralu", alpha=1.0 + 1e-6)
    assert not same(runs_of(almost, "default"), runs_of(IDENTITY, "default"))


def test_selu_is_its_formula_up_to_rounding():
    first, second = runs_of("selu"), runs_of(SCALED_ELU)
    for one, other in zip(first, second, strict=True):
        # Before training: units in the last place of float32. Training then spreads them.
        np.testing.assert_allclose(
            values(one, "gradient"), values(other, "gradient"), rtol=2e-6, atol=0
        )
        np.testing.assert_allclose(values(one, "loss"), values(other, "loss"), rtol=1e-3)


def test_another_stream_is_another_family_of_seeds():
    here, there = runs_of("relu"), runs_of("relu", stream=1)
    assert not np.array_equal(values(here[0], "loss"), values(there[0], "loss"))
    shifted = runs_of("relu", seeds=(STREAM, STREAM + 1))
    assert same(there, shifted)


def test_streams_are_alike_on_average():
    here, there = (
        np.mean([run.metrics["area"] for run in runs_of("relu", seeds=range(8), stream=k)])
        for k in (0, 1)
    )
    assert abs(here - there) < 0.05


def test_twenty_layers_tell_relu_from_sigmoid():
    settings = {"depth": 19, "width": 32, "steps": 300, "batch": 32}
    relu, sigmoid = (
        np.array([run.metrics["area"] for run in runs_of(n, "default", rate=3e-3, **settings)])
        for n in ("relu", "sigmoid")
    )
    assert (sigmoid > 0.35).all()
    assert (sigmoid - relu).mean() > 0.05


def test_the_pairs_of_the_study_start_alike_in_both_regimes():
    plan = prepare("claims-t00")
    starts: dict[tuple[str, str], set[str]] = {}
    for cell in plan.cells:
        if cell.part.startswith("identity") or cell.part == "nothing-selu":
            init = repr(sorted(cell.key["init"].items()))
            starts.setdefault((cell.part, cell.regime), set()).add(init)
    assert len(starts) == 6
    assert all(len(found) == 1 for found in starts.values())


@pytest.mark.parametrize("tier", ["smoke", "quick", "full"])
def test_the_study_can_be_planned(tier):
    assert {cell.part for cell in prepare("claims-t00", tier=tier).cells if cell.part} == {
        "identity-expolu",
        "identity-ralu",
        "nothing-selu",
        "nothing-seeds",
        "positive-depth",
    }
