"""A study from a few words."""

from __future__ import annotations

import pytest

from actlab.lab.ad_hoc import ad_hoc_study
from actlab.lab.conduct import plan_study
from actlab.lab.study import StudyError


def test_several_rates_are_chosen_from():
    study = ad_hoc_study("mlp", ["relu", "elu"], rates=[1e-3, 1e-2], seeds=3)
    plan = plan_study(study)
    kinds = [cell.kind for cell in plan.cells]
    assert kinds.count("tune") == 2
    assert kinds.count("train") == 2
    assert study.smallest_effect == 0.5  # percentage points


def test_settings_metric_and_effect_are_taken():
    study = ad_hoc_study(
        "mlp", ["elu"], settings={"depth": 3}, metric="area", smallest=0.2, regime="as-claimed"
    )
    cells = [cell for cell in plan_study(study).cells if cell.kind == "train"]
    assert {cell.contender for cell in cells} == {"relu", "elu(alpha=1)"}
    assert all(cell.key["settings"]["depth"] == 3 for cell in cells)
    assert all(cell.key["init"] == {"scheme": "default"} for cell in cells)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"activations": ["relu"]}, "other than the baseline 'relu'"),
        ({"activations": []}, "got none"),
        ({"rates": [-1.0]}, "learning_rate.*greater than 0.*got -1"),
        ({"seeds": 0}, "seeds.*greater than or equal to 1"),
        ({"metric": "acuracy"}, "did you mean 'accuracy'"),
        ({"task": "mpl"}, "did you mean 'mlp'"),
        ({"smallest": 0.0}, "smallest_effect.*greater than 0"),
    ],
)
def test_bad_words_are_refused(change, says):
    given = {"task": "mlp", "activations": ["elu"], **change}
    with pytest.raises(ValueError, match=says):
        ad_hoc_study(**given)


def test_an_unknown_setting_suggests_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'depth'"):
        plan_study(ad_hoc_study("mlp", ["elu"], settings={"dept": 3}))
