"""A metric turns values into scores of which more is better."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.core.errors import UnknownNameError
from actlab.lab.task import LOWEST, Metric, Run, Settings, Task


def test_scores():
    assert Metric("m", "M", "lower", 1.0, "log10").score([1.0, 0.01]).tolist() == [0.0, 2.0]
    assert Metric("m", "M", "higher", 0.0).score([0.5]).tolist() == [0.5]
    assert Metric("m", "M", "lower", 9.0).score([0.5]).tolist() == [-0.5]
    assert np.isfinite(Metric("m", "M", "lower", 1.0, "log10").score([0.0, LOWEST / 2])).all()


def test_a_metric_that_is_not_capped_may_be_worse_than_nothing_learned():
    assert Metric("m", "M", "lower", 1.0, capped=False).settle(5.0) == 5.0
    assert Metric("m", "M", "lower", 1.0).settle(5.0) == 1.0
    assert Metric("m", "M", "higher", 1.0).settle(0.5) == 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "two words"}, "identifier"),
        ({"better": "more"}, "better must be"),
        ({"worst": float("nan")}, "worst must be a finite number"),
        ({"scale": "log2"}, "scale must be"),
    ],
)
def test_a_wrong_metric_is_refused(change, says):
    fields = {"name": "m", "title": "M", "better": "lower", "worst": 1.0, "scale": "linear"}
    with pytest.raises(ValueError, match=says):
        Metric(**{**fields, **change})


def test_a_description_makes_the_metric_again():
    metric = Metric("m", "M", "lower", 1.0, "log10", "pp")
    assert Metric(**metric.describe()) == metric


def test_a_task_needs_metrics_with_names_of_their_own():
    metric = Metric("m", "M", "lower", 1.0)
    with pytest.raises(ValueError, match="at least"):
        Task("t", "T", "", 1, Settings, (), lambda batch: [])
    with pytest.raises(ValueError, match="repeat"):
        Task("t", "T", "", 1, Settings, (metric, metric), lambda batch: [])
    task = Task("t", "T", "", 1, Settings, (metric,), lambda batch: [Run({})])
    assert task.metric("") is metric
    with pytest.raises(UnknownNameError, match="metric of t"):
        task.metric("n")
