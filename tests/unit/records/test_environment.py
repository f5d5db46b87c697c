"""The environment is plain JSON and says what matters."""

from __future__ import annotations

import torch

from actlab.records import canonical_json, describe_environment


def test_environment_is_plain_and_names_versions():
    facts = describe_environment()
    canonical_json(facts)
    assert facts["libraries"]["torch"] == torch.__version__
    assert facts["torch"]["threads"] == torch.get_num_threads()
    assert facts["cores"] >= 1
    assert facts["cpu"]
