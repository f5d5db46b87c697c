"""Tuning: it finds what is there, finds nothing where nothing is, and goes on where it was."""

from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pytest

from actlab.lab import Metric, as_task, tune

pytest.importorskip("optuna", reason="optuna is not installed")

FEW = {"trials": 12, "worst": 100.0}


def noise(activation, seed, size=0.1):
    """What this seed adds to every function, and what it adds to these parameters alone."""
    values = [int(1e6 * abs(value)) for value in activation.params.values()]
    return np.random.normal() + size * np.random.default_rng([seed, *values]).normal()


def planted(activation, seed):
    return (activation.params["alpha"] - 1.7) ** 2 + noise(activation, seed)


def flat(activation, seed):
    return noise(activation, seed)


def with_rate(activation, seed, learning_rate):
    return planted(activation, seed) + math.log10(learning_rate / 1e-2) ** 2


def test_a_planted_optimum_is_found_and_supported():
    found = tune(planted, "elu", trials=30, worst=100.0, smallest_effect=0.1)
    assert found.decision == "supported"
    assert found.params["alpha"] == pytest.approx(1.7, abs=0.4)
    assert "The winner beats the default beyond chance" in found.sentence
    said = " ".join(str(found).split())
    assert "30 trials at 5 tuning seeds each over alpha in [0.125, 8] (log)" in said
    assert found.winner.pruned > 0


def test_where_there_is_nothing_to_find_nothing_is_found():
    found = tune(flat, "elu", trials=20, worst=100.0, smallest_effect=0.5)
    assert found.decision == "negligible"
    assert "differ by less than matters" in found.sentence


def test_higher_may_be_better():
    def gain(activation, seed):
        return -planted(activation, seed)

    found = tune(gain, "elu", trials=20, better="higher", worst=-100.0, smallest_effect=0.1)
    assert found.decision == "supported"


def test_the_default_gets_as_many_trials_over_its_own_learning_rate():
    seen = []

    def train(activation, seed, learning_rate):
        seen.append((activation.params["alpha"], learning_rate, seed))
        return with_rate(activation, seed, learning_rate)

    found = tune(train, "elu", trials=20, worst=100.0, smallest_effect=0.1)
    assert found.default.trials == found.winner.trials == 20
    assert found.default.params == {"alpha": 1.0}
    assert found.default.rate == pytest.approx(1e-2, rel=1.0)
    assert found.learning_rate == pytest.approx(1e-2, rel=1.5)
    assert "the best of 20 trials over it alone" in " ".join(str(found).split())
    fresh = {seed for _, _, seed in seen if seed < 1_000_000}
    assert fresh == set(range(10))
    assert {seed for _, _, seed in seen} - fresh == {1_000_000 + j for j in range(5)}
    for alpha, rate in ((found.params["alpha"], found.learning_rate), (1.0, found.default.rate)):
        assert {s for a, r, s in seen if (a, r) == (alpha, rate)} >= fresh


def test_a_rate_that_stays_is_given_to_both():
    rates = set()

    def train(activation, seed, learning_rate):
        rates.add(learning_rate)
        return planted(activation, seed)

    found = tune(train, "elu", space=["learning_rate=0.05"], **FEW)
    assert rates == {0.05}
    assert found.default is None
    assert found.learning_rate == 0.05


def test_the_same_search_gives_the_same_trials():
    one, other = (tune(planted, "elu", **FEW) for _ in range(2))
    assert one.to_dict() == other.to_dict()
    assert tune(planted, "elu", seed=1, **FEW).params != one.params


def test_diverged_and_failing_parameters_are_the_worst_there_are():
    def train(activation, seed):
        alpha = activation.params["alpha"]
        if alpha > 4:
            raise ArithmeticError("out of range")
        return math.nan if alpha > 2.5 else planted(activation, seed)

    found = tune(train, "elu", trials=30, worst=100.0)
    assert found.decision == "supported"
    assert found.params["alpha"] < 2.5
    assert found.winner.failed > 0
    assert "ArithmeticError: out of range" in str(found)


def test_a_function_that_never_works_is_an_error():
    def train(activation, seed):
        raise KeyError("a typing mistake")

    with pytest.raises(KeyError, match="a typing mistake"):
        tune(train, "elu", **FEW)


def test_where_the_default_is_best_the_best_of_the_others_is_tested():
    def train(activation, seed):
        return (activation.params["alpha"] != 1.0) + noise(activation, seed, 0.01)

    found = tune(train, "elu", trials=5, worst=100.0, smallest_effect=0.1)
    assert found.params["alpha"] != 1.0
    assert found.decision == "reversed"
    assert "The default beats the winner beyond chance" in found.sentence
    assert "the default parameters did better than any other" in str(found)


def test_a_task_of_the_laboratory_is_tuned():
    tiny = {"depth": 1, "width": 8, "steps": 5}
    found = tune("mlp", "ralu", trials=2, seeds=2, fresh_seeds=6, settings=tiny, metric="area",
                 space={"alpha": "2:4"})  # fmt: skip
    assert found.comparison.metric.name == "area"
    assert 2.0 <= found.params["alpha"] <= 4.0
    assert found.winner.trials == found.default.trials == 2


def test_a_task_of_ones_own_is_tuned_by_name_and_by_object(tmp_path, monkeypatch):
    (tmp_path / "tuned_module.py").write_text(
        "from actlab.lab import Metric, as_task\n"
        "@as_task(metrics=Metric('loss', 'loss', 'lower', worst=100.0))\n"
        "def task(activation, seed):\n    return abs(activation.params['alpha'] - 2) + seed\n"
        "def plain(activation, seed):\n    return task(activation, seed)\n"
        "def make():\n    return task\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    expected = tune("tuned_module:task", "elu", trials=6).params
    assert tune("tuned_module:make", "elu", trials=6).params == expected
    assert tune("tuned_module:plain", "elu", trials=6, worst=100.0).params == expected
    made = as_task(lambda activation, seed: 1.0, metrics=Metric("a", "a", "lower", 2.0))
    assert tune(made, "elu", trials=2).decision == "negligible"


def test_no_warning_reaches_the_user_and_no_setting_stays_changed():
    import optuna

    before = optuna.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tune(planted, "elu", **FEW)
    assert optuna.logging.get_verbosity() == before


def test_json_holds_everything():
    found = json.loads(tune(with_rate, "elu", **FEW).to_json())
    assert found["winner"]["trials"] == found["default"]["trials"] == 12
    assert found["comparison"]["rows"][0]["label"].startswith("tuned elu(alpha=")
    assert found["space"]["ranges"][1] == ["learning_rate", 1e-4, 0.1, True]


def never(activation, seed):
    raise AssertionError("nothing may run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": "ellu"}, "unknown activation 'ellu'"),
        ({"activation": "relu"}, "has no parameters"),
        ({"trials": 0}, r"trials must be a whole number in \[2, "),
        ({"seeds": 1.5}, "seeds must be"),
        ({"fresh_seeds": 0}, "fresh_seeds must be"),
        ({"seed": -1}, "seed must be"),
        ({"smallest_effect": 0.0}, "smallest_effect must be above 0"),
        ({"init": "xavier"}, "unknown initialisation"),
        ({"space": ["alhpa=1:2"]}, "did you mean 'alpha'"),
        ({"worst": None}, "say what a run counts as that diverged: worst"),
        ({"settings": {"depth": 3}}, "unknown setting of never 'depth'"),
        ({"target": "mpl", "worst": None}, "unknown task 'mpl'; did you mean 'mlp'"),
        ({"target": "mlp"}, "says itself which way"),
        ({"target": "mlp", "worst": None, "metric": "acuracy"}, "did you mean 'accuracy'"),
        ({"target": "mlp", "worst": None, "settings": {"depht": 3}}, "did you mean 'depth'"),
        ({"target": "mlp", "worst": None, "settings": {"depth": 0}}, "depth: .*got 0"),
        ({"target": "nowhere:train"}, "no module 'nowhere'"),
        ({"target": "json:laods"}, "task or function in json 'laods'; did you mean 'loads'"),
        ({"target": 3}, "a task or a training function, got 3"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_refused_before_any_work(changes, message, tmp_path):
    arguments = {"target": never, "activation": "elu", "worst": 1.0, **changes}
    with pytest.raises((ValueError, TypeError, ImportError), match=message):
        tune(**arguments, results=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_optuna_is_one_line_naming_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install 'actlab\[tune\]'"):
        tune(never, "elu", worst=1.0)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RuntimeError, match="not an actlab results folder"):
        tune(never, "elu", worst=1.0, results=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
