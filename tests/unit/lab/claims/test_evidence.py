"""Evidence names studies, parts, functions and metrics that exist."""

from __future__ import annotations

import pytest

from actlab.core.errors import MissingExtraError
from actlab.lab.claims.evidence import evidence
from actlab.lab.claims.ledger import claims
from actlab.lab.conduct import CLAIM_STUDIES, prepare
from actlab.lab.plan import Plan
from actlab.lab.study import StudyError
from actlab.lab.study_file import built_in
from actlab.lab.tasks import task_named

STUDIES = sorted({one.study for one in evidence()})


@pytest.fixture(scope="module")
def planned() -> dict[str, Plan]:
    return {}


def plan_of(name: str, planned: dict[str, Plan]) -> Plan:
    if name not in planned:
        try:
            planned[name] = prepare(name)
        except StudyError as error:
            if isinstance(error.__cause__, MissingExtraError):
                pytest.skip(str(error.__cause__))
            raise
    return planned[name]


@pytest.mark.parametrize("study", STUDIES)
def test_everything_that_is_named_exists(study, planned):
    plan = plan_of(study, planned)
    parts = {part.name: part for part in plan.study.part}
    arms = {name: {c.label for c in group} for name, group in plan.contenders.items()}
    for one in (one for one in evidence() if one.study == study):
        for part, arm in one.arms():
            assert part in parts, one.claim
            assert arm in arms[part], (one.claim, part)
            task = task_named(plan.study.task_of(parts[part]))
            assert one.metric in {metric.name for metric in task.metrics}, one.claim
            assert set(one.regimes) <= set(parts[part].regimes), one.claim


def test_every_study_of_the_claims_measures_one_or_is_a_control():
    named = {name for name in built_in() if name.startswith(CLAIM_STUDIES)}
    assert named - {"claims-t00"} == set(STUDIES) - {"claims-t00"}


def test_evidence_belongs_to_claims():
    assert {one.claim for one in evidence()} <= {claim.id for claim in claims()}
