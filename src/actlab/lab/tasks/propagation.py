"""Signal and gradient of deep networks before any training, beside mean-field theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.arm import Arm, Init
from actlab.lab.models.layers import Linear
from actlab.lab.models.measure import POINTS
from actlab.lab.models.propagated import GONE, Deep, distances, log_gradients, log_squares
from actlab.lab.models.start import Start
from actlab.lab.task import LOWEST, Batch, Curve, Metric, Run, Settings, Task
from actlab.lab.tasks.twenty_one_pairs import pairs

Floats = npt.NDArray[np.float64]

GAUSSIAN_PAIRS = 8
"""Pairs of Gaussian inputs; the two of a pair begin with a correlation of one half."""

TOLERANCE = 0.1
"""Share of the predicted number that a measured one may differ by, besides half a decade."""

HELD = 80_000_000
"""Weights that a cell holds at once, in doubles 640 MB."""


class PropagationSettings(Settings):
    """Network and inputs."""

    depth: int = Field(default=30, ge=1, le=3000)
    width: int = Field(default=512, ge=2, le=8192)
    inputs: Literal["gaussian", "pairs"] = "gaussian"
    norm: Literal["none", "layer"] = "none"
    norm_first: bool = False


def run(batch: Batch) -> Sequence[Run]:
    """Pass inputs through every network and a random gradient back; nothing is trained."""
    settings: PropagationSettings = batch.settings
    start = Start.of(batch)
    x, variances = _first(start, settings)
    batch.tick(0.1)
    net = Deep(start, settings.width, settings.depth, settings.norm, settings.norm_first)
    given, seen = net.entering(x.requires_grad_(True))
    batch.tick(0.5)
    cotangent = start.normal("gradient", x.shape[1], settings.width).double()
    gradients = log_gradients(seen, cotangent).cpu().median(-1).values.T.numpy()
    with torch.no_grad():
        squares = torch.stack([log_squares(layer).cpu().median(-1).values for layer in given], 1)
        apart = torch.stack([distances(layer).cpu().median(-1).values for layer in seen], 1)
    predicted = predict(batch.arm, settings, tuple(variances))
    batch.tick(1.0)
    return [_run(*rows, predicted) for rows in zip(gradients, squares.numpy(), apart.numpy(),
                                                   strict=True)]  # fmt: skip


def _first(start: Start, settings: PropagationSettings) -> tuple[Tensor, list[float]]:
    """What enters the first function, ``(runs, n, width)``, and its variance for each input.

    Gaussian inputs are drawn there themselves, with the variance that mean-field theory begins
    with; the pairs come through a linear map from one number.
    """
    if settings.inputs == "pairs":
        numbers = pairs()[:, 0]
        numbers = (numbers - numbers.mean()) / numbers.std(ddof=1)
        linear = Linear(start, "layer 0", 1, settings.width, place="first").double()
        linear.requires_grad_(False)
        column = torch.as_tensor(numbers)[:, None]
        scale = 1 / 3 if start.arm.init.scheme == "default" else 1.0
        # Rounded, so that x and -x share a prediction.
        return linear(column.expand(start.runs, -1, -1)), [
            round(scale * (1 + number**2), 9) for number in numbers
        ]
    variance = _initial_variance(start.arm.init, settings)
    draws = start.normal("input", 2, GAUSSIAN_PAIRS, settings.width).double()
    one, other = draws[:, 0], draws[:, 0] / 2 + draws[:, 1] * 0.75**0.5
    both = torch.stack([one, other], 2).flatten(1, 2)
    return both * variance**0.5, [variance] * (2 * GAUSSIAN_PAIRS)


def _initial_variance(init: Init, settings: PropagationSettings) -> float:
    """1; or what a linear map makes of a normalised layer, where layers are normalised after."""
    if settings.norm == "none" or settings.norm_first:
        return 1.0
    weight, bias = _deviations(init, settings.width)
    return weight**2 + bias**2


def _deviations(init: Init, width: int) -> tuple[float, float]:
    """Standard deviations of a hidden weight, times sqrt(fan_in), and of a bias."""
    if init.scheme == "default":
        return math.sqrt(1 / 3), math.sqrt(1 / (3 * width))
    return init.weight, init.bias


def predict(arm: Arm, settings: PropagationSettings, variances: tuple[float, ...]) -> Floats:
    """log10 of the squared gradient by layer, relative to the last, by mean-field theory.

    Args:
        arm: the function with its initialisation.
        settings: width, depth and normalisation.
        variances: of what enters the first function, by input. With a normalisation after the
            function the theory takes the first layer to be like all others.

    Returns:
        ``(depth + 1,)``, the median over the inputs; NaN where theory gives no number.
    """
    from actlab.analysis.propagation import propagate

    norm = None if settings.norm == "none" else "before" if settings.norm_first else "after"
    deviations = _deviations(arm.init, settings.width)
    found = {}
    for variance in set(variances):
        maps = propagate(
            arm.name,
            deviations,
            settings.depth,
            norm=norm,
            variance=variance,
            distance=None,
            width=settings.width,
            **arm.params,
        )
        whole = np.full(settings.depth + 1, np.nan)
        if maps.depth == settings.depth and math.isfinite(maps.gradient[-1]):
            whole = maps.gradient[-1] - np.asarray(maps.gradient)
        found[variance] = whole
    return np.median(np.stack([found[variance] for variance in variances]), axis=0)


def _run(gradients: Floats, squares: Floats, apart: Floats, predicted: Floats) -> Run:
    diverged = not (np.isfinite(gradients).all() and np.isfinite(squares).all())
    ratio, theory = float(gradients[0]), float(predicted[0])
    known = math.isfinite(theory)
    excess = abs(ratio - theory) if known else None
    beyond = max(0.0, abs(ratio - theory) - TOLERANCE * abs(theory)) if known else None
    growth = float(squares[-1] - squares[0])
    # Two inputs that are exactly 0 have no angle; nothing tells them apart.
    distance = np.nan_to_num(apart, nan=0.0)
    at = np.unique(np.linspace(0, gradients.size - 1, min(POINTS, gradients.size)).round())
    kept = at.astype(int)
    return Run(
        metrics={
            "gradient": abs(ratio),
            "signed": ratio,
            "excess": excess,
            "beyond": beyond,
            "variance": abs(growth),
            "distance": float(distance[-1]),
        },
        diverged=diverged,
        curves={
            "gradient": (at, gradients[kept]),
            "predicted": (at, predicted[kept]),
            "square": (at, squares[kept]),
            "distance": (at, np.maximum(distance[kept], LOWEST)),
        },
    )


def _facts() -> dict[str, Any]:
    return {
        "inputs": "8 pairs of Gaussian inputs with c = 0.5 inside a pair, or the 21 numbers",
        "gradient": "with respect to what enters the functions, of a random linear readout",
        "dtype": "float64",
    }


def _seconds(settings: PropagationSettings) -> float:
    """Measured on one core: 1.6e-8 s per weight, and what the theory takes."""
    return 1.6e-8 * settings.depth * settings.width**2 + 0.0005 * settings.depth


def _block(settings: PropagationSettings) -> int:
    return max(1, min(10, HELD // (settings.depth * settings.width**2)))


TASK = Task(
    name="propagation",
    title="Signal and gradient through deep networks at the start",
    about=(
        "Random networks of one width, not trained: the squared gradient at the first activation "
        "against that at the last, the second moment, and the distance of two inputs, beside what "
        "mean-field theory predicts. The learning rate plays no part."
    ),
    version=1,
    settings=PropagationSettings,
    metrics=(
        Metric("gradient", "decades by which the squared gradient changes", "lower", -GONE),
        Metric("signed", "log10 of the squared gradient, first layer against last", "higher", GONE,
               capped=False),
        Metric("excess", "decades between measured and mean-field gradient", "lower", -GONE),
        Metric("beyond", "the same, less 10 % of what is predicted", "lower", -GONE),
        Metric("variance", "decades by which the second moment changes", "lower", -GONE),
        Metric("distance", "1 - c of two inputs at the end", "higher", LOWEST, "log10"),
    ),
    run=run,
    curves=(
        Curve("gradient", "log10 of the squared gradient, relative to the last layer", "layer"),
        Curve("predicted", "the same by mean-field theory", "layer"),
        Curve("square", "log10 of the second moment", "layer"),
        Curve("distance", "1 - c of two inputs", "layer", "log10"),
    ),
    seconds=_seconds,
    facts=_facts,
    block=_block,
    trial={"depth": 6, "width": 32},
    any_device=True,
)  # fmt: skip
