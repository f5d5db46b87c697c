"""Every check of the suite for the activations of which every run sees a part.

These are 50 000 cases, so they are made only where they are asked for: see conftest.py.
"""

import pytest

from actlab.testing import conformance
from conformance.examined import REST, WORKING

test_catalogue = pytest.mark.full(
    conformance(*REST, backends=WORKING, tiers=("default", "slow", "full"))
)
