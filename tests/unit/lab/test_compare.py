"""Comparing functions with a training function of the user's own, in this process."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from actlab import stats
from actlab.lab import Metric, as_task, compare
from actlab.lab.function_contract import ContractError
from actlab.lab.watching import EveryRunFailedError

LOSS = {"relu": 1.0, "tanh": 0.5, "elu": 1.02, "gelu": 2.0}


def planted(activation, seed):
    """Numbers whose differences are known; the seed moves all alike, and each a little."""
    own = np.random.default_rng([seed, len(activation.name)]).normal() * 0.05
    return LOSS[activation.name] + np.random.normal() + own


def test_planted_differences_are_found():
    found = compare(planted, ["relu", "tanh", "gelu"], seeds=10, smallest_effect=0.1)
    assert found.baseline == "relu"
    assert found.row("relu").paired is None
    assert found.row("tanh").paired.decision == "supported"
    assert found.row("gelu").paired.decision == "reversed"
    assert found.row("tanh").paired.estimate == pytest.approx(0.5, abs=0.1)
    assert compare(planted, ["relu", "tanh"], better="higher").row("tanh").paired.estimate < 0


def test_statistics_are_those_of_the_protocol():
    found = compare(planted, ["relu", "tanh", "elu"], seeds=8, smallest_effect=0.1)
    base = np.array(found.row("relu").values)
    p = []
    for name in ("tanh", "elu"):
        paired = found.row(name).paired
        differences = base - np.array(found.row(name).values)
        np.testing.assert_allclose(list(paired.differences.values()), differences)
        assert paired.estimate == stats.iqm(differences)
        assert paired.interval == stats.bca_interval(differences)
        assert paired.p == stats.sign_flip_p(differences)
        p.append(paired.p)
    assert [found.row(name).paired.holm for name in ("tanh", "elu")] == stats.holm(p)


def test_a_seed_starts_every_function_alike_and_leaves_no_trace():
    drawn: dict[tuple[str, int], list[float]] = {}

    def train(activation, seed):
        numbers = [random.random(), float(np.random.rand()), torch.rand(()).item()]
        drawn[activation.name, seed] = numbers
        return 1.0

    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    expected = random.Random(0).random(), np.random.RandomState(0).rand()
    state = torch.get_rng_state()
    compare(train, ["relu", "tanh"], seeds=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert (random.random(), np.random.rand()) == expected
    assert all(drawn["relu", seed] == drawn["tanh", seed] for seed in range(3))
    assert len({tuple(numbers) for numbers in drawn.values()}) == 3


def test_the_seed_itself_gives_other_draws_than_the_global_generators():
    def train(activation, seed):
        own = torch.rand(4, generator=torch.Generator().manual_seed(seed))
        assert not torch.equal(torch.rand(4), own)
        return 1.0

    compare(train, ["relu", "tanh"], seeds=3)


def test_a_diverged_run_counts_as_the_worst_number_of_any_run():
    def train(activation, seed):
        return math.nan if (activation.name, seed) == ("tanh", 2) else planted(activation, seed)

    found = compare(train, ["relu", "tanh", "gelu"], seeds=8)
    row = found.row("tanh")
    everything = [v for r in found.rows for s, v in zip(r.seeds, r.values, strict=True)
                  if (r.label, s) != ("tanh", 2)]  # fmt: skip
    assert row.diverged == 1
    assert row.values[2] == max(everything) == found.metric.worst
    assert "1 diverged" in str(found)
    assert "the worst number that any run gave" in str(found)


def test_worst_says_what_a_diverged_run_counts_as_and_no_run_is_worse():
    def train(activation, seed):
        return math.inf if activation.name == "tanh" else 5.0 + seed

    found = compare(train, ["relu", "tanh"], seeds=8, worst=9.0)
    assert set(found.row("tanh").values) == {9.0}
    assert found.row("relu").values == (5.0, 6.0, 7.0, 8.0, 9.0, 9.0, 9.0, 9.0)


def test_nothing_is_made_up_when_no_run_gives_a_finite_number():
    found = compare(lambda activation, seed: math.nan, ["relu", "tanh"], seeds=6)
    assert math.isnan(found.row("tanh").centre)
    assert found.row("tanh").paired is None
    assert "no run gave a finite number" in str(found)
    json.loads(found.to_json())


def test_a_failed_run_is_counted_shown_and_leaves_its_comparison_undecided():
    def train(activation, seed):
        if (activation.name, seed) == ("tanh", 7):
            raise ZeroDivisionError("no such luck")
        return planted(activation, seed)

    found = compare(train, ["relu", "tanh", "gelu"], seeds=10)
    row = found.row("tanh")
    assert (row.failed, row.missing, len(row.seeds)) == (1, 0, 9)
    assert row.paired.decision == "undecided"
    assert row.paired.estimate > 0.3
    assert found.row("gelu").paired.decision == "reversed"
    assert "ZeroDivisionError: no such luck (in train, line" in str(found)
    assert "9/10, 1 failed" in str(found)
    assert not found.complete


def test_a_failed_baseline_leaves_everything_undecided():
    def train(activation, seed):
        return planted(activation, seed) if (activation.name, seed) != ("relu", 0) else 1 / 0

    found = compare(train, ["relu", "tanh"], seeds=8)
    assert found.row("tanh").paired.decision == "undecided"
    assert "1 of 8 runs of relu failed" in found.row("tanh").note


def test_what_fails_with_every_function_stops_at_the_first_seed():
    calls = []

    def train(activation, seed):
        calls.append(seed)
        raise KeyError("a typing mistake")

    with pytest.raises(EveryRunFailedError, match="fails with every activation.*typing") as caught:
        compare(train, ["relu", "tanh", "elu"], seeds=10)
    assert calls == [0, 0, 0]
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("returned", [None, "0.5", {}, {"loss": None}, [1.0], True, torch.ones(2)])
def test_what_is_no_number_is_refused_at_once(returned):
    calls = []

    def train(activation, seed):
        calls.append(seed)
        return returned

    with pytest.raises(TypeError, match="train.*must return a number or a dict of numbers"):
        compare(train, ["relu", "tanh"])
    assert calls == [0]


@pytest.mark.parametrize(
    "returned", [1, 1.0, np.float32(1), np.array([1.0]), torch.tensor(1.0), {"loss": np.int64(1)}]
)
def test_every_kind_of_number_is_taken(returned):
    found = compare(lambda activation, seed: returned, ["relu", "tanh"], seeds=6)
    assert set(found.row("tanh").values) == {1.0}
    assert found.row("tanh").paired.decision == "negligible"


def test_the_first_of_several_numbers_is_compared_and_the_others_are_shown():
    def train(activation, seed):
        loss = planted(activation, seed)
        return {"loss": loss, "val/acc": 1.0 - 0.1 * loss, "steps": math.nan}

    found = compare(train, ["relu", "tanh"], seeds=6)
    assert found.metric.name == "loss"
    assert set(found.row("tanh").others) == {"val_acc"}
    named = compare(train, ["relu", "tanh"], seeds=6, metric="val/acc", better="higher")
    assert (named.metric.name, named.metric.title) == ("val_acc", "val/acc")
    assert named.row("tanh").paired.estimate == pytest.approx(
        0.1 * found.row("tanh").paired.estimate
    )


def test_runs_that_return_other_numbers_than_the_first_are_refused():
    def train(activation, seed):
        return {"loss": 1.0} if activation.name == "relu" else {"accuracy": 1.0}

    with pytest.raises(ContractError, match="must return loss; it returned accuracy"):
        compare(train, ["relu", "tanh"])


def test_a_metric_may_be_declared_with_its_scale():
    metric = Metric("loss", "final loss", "lower", worst=1.0, scale="log10")
    found = compare(
        lambda activation, seed: 10.0 ** (-4 if activation.name == "tanh" else -2) * (1 + seed),
        ["relu", "tanh"], seeds=6, metric=metric,
    )  # fmt: skip
    assert found.row("tanh").paired.estimate == pytest.approx(2.0)
    assert found.smallest_effect == pytest.approx(math.log10(1.01))
    assert "decades" in str(found)


def test_a_task_made_from_a_function_brings_its_metrics():
    task = as_task(planted, metrics=Metric("gain", "gain", "higher", worst=-5.0))
    assert compare(task, ["relu", "gelu"], seeds=8).row("gelu").paired.decision == "supported"


def test_each_function_takes_its_best_learning_rate():
    best = {"relu": 1e-2, "tanh": 1e-3}
    seen = []

    def train(activation, seed, learning_rate):
        seen.append((seed, learning_rate))
        return abs(math.log10(learning_rate / best[activation.name])) + np.random.rand()

    found = compare(train, ["relu", "tanh"], seeds=6, learning_rates=[1e-2, 1e-4, 1e-3])
    assert [row.learning_rate for row in found.rows] == [1e-2, 1e-3]
    assert [row.at_edge for row in found.rows] == [True, False]
    assert {seed for seed, _ in seen} == {*range(6), *range(1_000_000, 1_000_003)}
    assert len(seen) == 2 * (3 * 3 + 6)
    assert "0.01*" in str(found)


def test_a_rate_at_which_runs_fail_is_not_chosen():
    def train(activation, seed, learning_rate):
        if learning_rate > 0.5:
            raise FloatingPointError("too large")
        return math.nan if learning_rate > 0.05 else learning_rate

    found = compare(train, ["relu", "tanh"], seeds=6, learning_rates=[1e-2, 1e-1, 1.0])
    assert [row.learning_rate for row in found.rows] == [1e-2, 1e-2]
    assert found.complete


def test_one_learning_rate_is_given_to_all():
    found = compare(
        lambda activation, seed, learning_rate: learning_rate, ["relu", "tanh"],
        seeds=6, learning_rates=[0.25],
    )  # fmt: skip
    assert set(found.row("tanh").values) == {0.25}
    assert found.row("tanh").learning_rate is None


def test_ctrl_c_returns_what_there_is_and_concludes_nothing():
    calls = []

    def train(activation, seed):
        calls.append(seed)
        if len(calls) == 15:
            raise KeyboardInterrupt
        return planted(activation, seed)

    found = compare(train, ["relu", "tanh"], seeds=10)
    assert found.stopped
    assert (len(found.row("relu").seeds), len(found.row("tanh").seeds)) == (7, 7)
    assert found.row("tanh").paired.decision == "undecided"
    assert "Stopped before all runs were done" in str(found)


def test_functions_are_named_in_every_way():
    from actlab import get

    ways = ["relu", {"name": "ralu", "alpha": 2.0}, get("elu"), nn.GELU, nn.LeakyReLU(0.2)]
    found = compare(lambda activation, seed: 1.0, ways, seeds=6)
    assert [row.label for row in found.rows] == [
        "relu", "ralu(alpha=2)", "elu(alpha=1)", "gelu", "leaky_relu(negative_slope=0.2)",
    ]  # fmt: skip


def test_the_baseline_may_be_named_by_label_or_added():
    one = compare(planted, ["tanh", "elu"], seeds=6, baseline="elu(alpha=1)")
    assert one.baseline == "elu(alpha=1)"
    two = compare(planted, ["tanh", "gelu"], seeds=6, baseline="relu")
    assert [row.label for row in two.rows] == ["relu", "tanh", "gelu"]


def test_the_default_smallest_effect_is_stated():
    found = compare(lambda activation, seed: 50.0 + seed % 2, ["relu", "tanh"], seeds=8)
    assert found.smallest_effect == pytest.approx(0.505)
    assert "1 % of the baseline's mean, as nobody set one" in str(found)


def test_json_holds_everything():
    found = json.loads(compare(planted, ["relu", "tanh"], seeds=6).to_json())
    assert [row["label"] for row in found["rows"]] == ["relu", "tanh"]
    assert len(found["rows"][1]["paired"]["differences"]) == 6
    assert found["metric"]["better"] == "lower"
