"""What ``compare`` refuses before it runs anything."""

from __future__ import annotations

import pytest

from actlab.lab import Metric, compare


def never(activation, seed):
    raise AssertionError("nothing may run")


def with_rate(activation, seed, learning_rate):
    raise AssertionError("nothing may run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activations": ["relu", "tahn"]}, "unknown activation 'tahn'.*'tanh'"),
        ({"activations": ["relu"]}, "at least"),
        ({"activations": []}, "at least"),
        ({"activations": ["relu", "relu"]}, "relu twice"),
        ({"activations": ["relu", {"name": "ralu", "alhpa": 2.0}]}, "alhpa"),
        ({"activations": ["relu", {"name": "elu", "alpha": -1.0}]}, "elu: alpha.*got -1"),
        ({"activations": ["relu", {"name": "elu", "settings": {"a": 1}}]}, "settings"),
        ({"activations": ["relu", lambda x: x * 2]}, "no definition"),
        ({"activations": ["relu", {"nmae": "tanh"}]}, "must have a name, got {'nmae': 'tanh'}"),
        ({"activations": "relu,tanh"}, "must be a list"),
        ({"baseline": "rleu"}, "unknown activation 'rleu'"),
        ({"seeds": 0}, r"seeds must be a whole number in \[1, 10000\], got 0"),
        ({"seeds": 2.5}, "seeds must be a whole number"),
        ({"workers": 0}, "workers must be"),
        ({"better": "smaller"}, "better must be 'lower' or 'higher'"),
        ({"worst": float("nan")}, "worst must be a finite number"),
        ({"smallest_effect": -1.0}, "smallest_effect must be above 0"),
        ({"init": "xavier"}, "unknown initialisation 'xavier'"),
        ({"learning_rates": [0.1]}, "never takes no learning_rate"),
        ({"metric": 3}, "metric must be"),
        ({"metric": Metric("a", "a", "lower", 1.0), "better": "higher"}, "better is said twice"),
        ({"results": "unused", "smallest_effect": 1.0}, "give worst="),
        ({"results": "unused", "worst": 1.0}, "give smallest_effect="),
        ({"train_fn": with_rate}, "give learning_rates"),
        ({"train_fn": with_rate, "learning_rates": [0.0]}, r"numbers in \(0, 100\]"),
        ({"train_fn": with_rate, "learning_rates": [0.1, 0.1]}, "different numbers"),
        ({"train_fn": 3}, "train must be a function, got 3"),
        ({"train_fn": lambda activation: 1.0}, "must take .activation, seed"),
        ({"train_fn": lambda activation, seed, depth: 1.0}, "'depth' has no default"),
        ({"train_fn": lambda learning_rate, seed: 1.0}, "must take .activation, seed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_refused_before_any_work(changes, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = {"train_fn": never, "activations": ["relu", "tanh"], **changes}
    with pytest.raises((ValueError, TypeError), match=message):
        compare(**arguments)
    assert not list(tmp_path.iterdir())


def test_a_parameter_of_another_name_may_have_a_default():
    found = compare(lambda activation, seed, depth=3: float(depth), ["relu", "tanh"], seeds=6)
    assert set(found.row("relu").values) == {3.0}
