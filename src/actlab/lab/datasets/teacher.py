"""Classes drawn by a random network: dense inputs, or inputs that are mostly zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EXAMPLES = 4000
FEATURES = 200
HIDDEN = 32
CLASSES = 10
ZEROS = 0.95
"""Share of zeros among sparse inputs."""


def examples(
    generator: np.random.Generator, zeros: float = 0.0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Inputs of mean 0 and variance 1, and the classes that a random network of tanh gives them.

    The network has a hidden layer of 32 units; each of its outputs is standardised over the
    examples, and the largest one names the class, so that no class is rare. The network and the
    normal draws behind the inputs do not depend on ``zeros``.

    Args:
        generator: of the draws.
        zeros: share of inputs that are zero, in [0, 1). Default: 0.

    Returns:
        Inputs ``(4000, 200)`` and classes from 0 to 9, ``(4000,)``.
    """
    first = generator.standard_normal((FEATURES, HIDDEN)) / FEATURES**0.5
    last = generator.standard_normal((HIDDEN, CLASSES))
    x = generator.standard_normal((EXAMPLES, FEATURES))
    kept = generator.random((EXAMPLES, FEATURES)) >= zeros
    x = x * kept / (1.0 - zeros) ** 0.5
    # Twice the unit scale: the hidden units are well away from linear.
    said = np.tanh(2.0 * (x @ first)) @ last
    said = (said - said.mean(axis=0)) / said.std(axis=0)
    return x.astype(np.float32), said.argmax(axis=1).astype(np.int64)
