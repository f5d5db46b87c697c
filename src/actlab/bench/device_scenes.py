"""The comparisons that are made on a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from actlab import registry
from actlab.bench.scenes import (
    BUILTIN,
    COPY,
    REAL_EXPONENT,
    RELU,
    Contender,
    Scene,
    builtins,
    ours,
)
from actlab.bench.settings import Settings

NO_THREADS = 0
"""What a GPU does takes no thread of the CPU."""

COMPARED_SIZES = (2**16, 2**24)
LEARNED_SIZES = (2**20, 2**24)
OVERHEAD_SIZE = 2**10
CHANNELS = ((8192, 2048), (64, 256, 56, 56))

GATES = ("silu", "gelu", "powerlu")
GATED_SHAPE = (4096, 8192)
LAYOUTS = ("packed", "pair")
"""The halves of one projection where they lie, or two projections."""

LIGER = ("silu", "gelu")
FLA = ("silu",)
"""Gates for which these libraries have a fused product."""

STEPS = (("feed-forward", (4096, 2048)), ("resnet-block", (64, 256, 56, 56)))
"""Models whose training steps are timed, with the shape of a batch."""


def make_scenes(settings: Settings) -> list[Scene]:
    """Every comparison of a configuration for a GPU.

    Args:
        settings: what to compare.
    """
    makers = {
        "pointwise": _pointwise,
        "baselines": _baselines,
        "learned": _learned,
        "channels": _channels,
        "overhead": _overhead,
        "gated": _gated,
        "steps": _steps,
        "memory": _memory,
    }
    return [scene for part in settings.parts for scene in makers[part](settings)]


def _pointwise(settings: Settings) -> Iterator[Scene]:
    contenders = (RELU, COPY, *ours(settings), *builtins(settings))
    measures = ("forward", "both") if settings.quick else ("forward", "backward", "both")
    for dtype in settings.dtypes:
        for size in settings.sizes:
            for measure in measures:
                yield Scene("pointwise", measure, (size,), dtype, NO_THREADS, contenders)


def _some(settings: Settings, usual: tuple[int, ...]) -> tuple[int, ...]:
    """The usual sizes as far as they are asked for, otherwise the largest that is no larger."""
    kept = tuple(size for size in usual if size in settings.sizes)
    return kept or tuple(size for size in settings.sizes if size <= max(usual))[-1:]


def _baselines(settings: Settings) -> Iterator[Scene]:
    for name in settings.activations:
        routes = ("actlab", "triton", "formula", "naive")
        plain = tuple(Contender(route, name) for route in routes)
        builtin = (Contender("torch", name),) if name in BUILTIN else ()
        sizes = _some(settings, COMPARED_SIZES)
        for dtype in settings.dtypes:
            for size in sizes:
                # A compilation takes seconds: once for each function and measure.
                compiles = dtype == settings.dtypes[0] and size == sizes[-1]
                compiled = (Contender("compiled", name),) if compiles else ()
                contenders = (*plain, *compiled, *builtin, RELU)
                for measure in ("forward", "both"):
                    yield Scene("baselines", measure, (size,), dtype, NO_THREADS, contenders)


def _learned(settings: Settings) -> Iterator[Scene]:
    if "powerlu" not in settings.activations:
        return
    fixed = Contender("naive", "powerlu", (("p", REAL_EXPONENT),))
    contenders = [fixed, replace(fixed, route="actlab")]
    contenders += [replace(one, learned="scalar") for one in contenders]
    for dtype in settings.dtypes:
        for size in _some(settings, LEARNED_SIZES):
            yield Scene("learned", "both", (size,), dtype, NO_THREADS, (*contenders, RELU))


def _channels(settings: Settings) -> Iterator[Scene]:
    if "ralu" not in settings.activations:
        return
    contenders = (
        Contender("prelu", learned="channel"),
        Contender("actlab", "ralu", learned="channel"),
        RELU,
    )
    for dtype in settings.dtypes:
        for shape in CHANNELS[1:] if settings.quick else CHANNELS:
            yield Scene("channels", "both", shape, dtype, NO_THREADS, contenders)


def _overhead(settings: Settings) -> Iterator[Scene]:
    contenders = (RELU, *ours(settings), *builtins(settings))
    for measure in ("forward", "both"):
        yield Scene(
            "overhead", measure, (OVERHEAD_SIZE,), settings.dtypes[0], NO_THREADS, contenders
        )


def _gated(settings: Settings) -> Iterator[Scene]:
    """The gates do not depend on the activations: others have fused these and no more."""
    contenders = []
    for name in GATES:
        contenders += [
            Contender("torch" if name in BUILTIN else "naive", name),
            Contender("actlab", name),
        ]
        contenders += [Contender("liger", name)] if name in LIGER else []
        contenders += [Contender("fla", name)] if name in FLA else []
    for dtype in settings.dtypes[-1:] if settings.quick else settings.dtypes:
        for layout in LAYOUTS:
            for measure in ("forward", "both"):
                yield Scene(
                    "gated", measure, GATED_SHAPE, dtype, NO_THREADS, tuple(contenders), layout
                )


def _steps(settings: Settings) -> Iterator[Scene]:
    contenders = [one for one in ours(settings) if one.activation not in BUILTIN]
    learning = [
        replace(one, learned="scalar")
        for one in contenders
        if any(param.learnable for param in registry.get(one.activation).params)
    ]
    everyone = (RELU, Contender("torch", "gelu"), *(contenders or ours(settings)), *learning)
    for model, shape in STEPS[:1] if settings.quick else STEPS:
        yield Scene("steps", "step", shape, "bfloat16", NO_THREADS, everyone, model)


def _memory(settings: Settings) -> Iterator[Scene]:
    naive = tuple(Contender("naive", name) for name in settings.activations)
    contenders = (RELU, *ours(settings), *builtins(settings), *naive)
    for dtype in settings.dtypes:
        yield Scene("memory", "memory", (8, 16, 12, 12), dtype, NO_THREADS, contenders)
