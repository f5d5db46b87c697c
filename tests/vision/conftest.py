"""Failed checks show their values, as failed tests do."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("vision.checks")
