"""Which activations and backends the conformance tests examine."""

from actlab import names
from actlab.kernels.policy import BACKENDS, unavailable

WORKING = [name for name in BACKENDS if name != "triton" and not unavailable(name)]
"""On the CPU; tests/gpu has the kernels for GPUs."""

IN_FULL = ("elu", "expolu", "powerlu", "ralu")
"""What every run shows to compilers too, check by check.

Compilers take seconds for a function and see the same primitives in all of them; the others
are shown to them by `make test-full`.
"""

REST = [name for name in names() if name not in IN_FULL]
