"""The comparisons as data: what is timed against what, and on which tensors."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from actlab import registry
from actlab.bench.settings import Settings, size_text

BUILTIN = frozenset(
    {"elu", "gelu", "leaky_relu", "mish", "selu", "sigmoid", "silu", "softplus", "tanh"}
)
"""Activations for which torch has a function of its own, ``torch.relu`` aside."""

GRAIN = 32768
"""Up to so many elements torch uses one thread, whatever the setting."""

COMPARED_SIZES = (2**10, 2**16, 2**20)
"""Sizes for comparisons with slow contenders."""

LEARNED_SIZES = (2**14, 2**18, 2**20)
THREADED_SIZE = 2**22
CHANNELS = ((1024, 64), (32, 64, 14, 14), (32, 64, 56, 56))
REAL_EXPONENT = 2.37
CONV_SHAPE = (32, 64, 56, 56)

STEPS = (
    ("mlp-21", (21, 512)),
    ("mlp-1024", (1024, 512)),
    ("transformer", (8, 128, 256)),
    ("cnn", CONV_SHAPE),
)
"""Models whose training steps are timed, with the shape of a batch; cheapest first."""


@dataclass(frozen=True)
class Contender:
    """One way to compute something.

    Args:
        route: ``actlab`` (what users get), ``native``, ``triton`` and ``formula`` (backends by
            name), ``naive`` (the textbook formula in plain torch), ``compiled`` (that by
            torch.compile), ``torch`` (its own function), ``prelu`` (nn.PReLU), ``copy`` (of the
            same bytes), ``liger`` and ``fla`` (gated units of other libraries), or ``old`` and
            ``new`` where revisions are compared.
        activation: the function's address, or the name of torch's.
        params: its parameters by name, where they are not the defaults.
        learned: ``scalar`` or ``channel`` where its first parameter requires a gradient.
        threads: where contenders of one comparison differ in it; 0 for the scene's.
    """

    route: str
    activation: str = ""
    params: tuple[tuple[str, float], ...] = ()
    learned: str = ""
    threads: int = 0

    @property
    def label(self) -> str:
        """How tables call it; unique within a scene."""
        name = self.activation.rpartition(":")[2]
        inside = ", ".join(f"{key}={value:g}" for key, value in self.params)
        name += f"({inside})" if inside else ""
        if self.route == "copy":
            name = "copy"
        elif self.route == "prelu":
            name = "nn.PReLU"
        elif self.route == "torch":
            name = f"torch {name}"
        elif self.route != "actlab":
            name = f"{name} {self.route}"
        if self.learned and self.route != "prelu":
            parameter = registry.get(self.activation).params[0].name
            name += (
                f", {parameter} " + {"scalar": "learned", "channel": "per channel"}[self.learned]
            )
        return f"{name}, {self.threads} thr" if self.threads else name


RELU = Contender("torch", "relu")
COPY = Contender("copy")


@dataclass(frozen=True)
class Scene:
    """Contenders timed against one another, round by round, on the same input.

    Args:
        part: the group it belongs to.
        measure: ``forward``, ``backward``, ``both``, ``step`` or ``memory``.
        shape: of the input.
        dtype: of the input.
        threads: that torch may use; 0 on a GPU, which uses none.
        contenders: the first one is what tables relate the others to.
        model: of a training step, or how a gated unit is given its halves.
    """

    part: str
    measure: str
    shape: tuple[int, ...]
    dtype: str
    threads: int
    contenders: tuple[Contender, ...]
    model: str = ""

    @property
    def size(self) -> int:
        """Elements of the input."""
        return math.prod(self.shape)

    @property
    def place(self) -> str:
        """The size, or the shape where there is more than one dimension."""
        return size_text(self.size) if len(self.shape) == 1 else "x".join(map(str, self.shape))

    @property
    def title(self) -> str:
        """The scene in a few words."""
        what = self.model or self.measure
        if self.model and self.measure != "step":
            what += f", {self.measure}"
        return ", ".join((self.part, what, self.dtype, self.place, *threads_text(self.threads)))

    def describe(self) -> dict[str, Any]:
        """As plain JSON values; ``read`` is the way back."""
        content = asdict(self)
        return content | {
            "shape": list(self.shape),
            "contenders": [
                asdict(one) | {"params": [list(pair) for pair in one.params]}
                for one in self.contenders
            ],
        }


def threads_text(count: int) -> tuple[str, ...]:
    """A thread count in words; nothing on a GPU, where it is 0."""
    if not count:
        return ()
    return ("1 thread" if count == 1 else f"{count} threads",)


def read(content: dict[str, Any]) -> Scene:
    """A scene from what ``Scene.describe`` gave."""
    contenders = tuple(
        Contender(**(one | {"params": tuple((k, v) for k, v in one["params"])}))
        for one in content["contenders"]
    )
    return Scene(**(content | {"shape": tuple(content["shape"]), "contenders": contenders}))


def make_scenes(settings: Settings, *, native: Collection[str]) -> list[Scene]:
    """Every comparison of a configuration.

    Args:
        settings: what to compare.
        native: the functions for which compiled kernels can be asked for by name.
    """
    makers = {
        "pointwise": _pointwise,
        "baselines": lambda s: _baselines(s, native),
        "learned": _learned,
        "channels": _channels,
        "threads": _threads,
        "steps": _steps,
        "memory": _memory,
    }
    return [scene for part in settings.parts for scene in makers[part](settings)]


def ours(settings: Settings) -> tuple[Contender, ...]:
    """The functions under test, as users get them."""
    return tuple(Contender("actlab", name) for name in settings.activations)


def builtins(settings: Settings) -> tuple[Contender, ...]:
    """torch's own version of the functions under test."""
    return tuple(Contender("torch", name) for name in settings.activations if name in BUILTIN)


def _pointwise(settings: Settings) -> Iterator[Scene]:
    measures = ("forward", "both") if settings.quick else ("forward", "backward", "both")
    contenders = (RELU, COPY, *ours(settings), *builtins(settings))
    for threads in settings.threads:
        for dtype in settings.dtypes:
            for size in settings.sizes:
                # Smaller tensors are not divided between threads: timed once is enough.
                if threads == min(settings.threads) or size > GRAIN:
                    for measure in measures:
                        yield Scene("pointwise", measure, (size,), dtype, threads, contenders)


def _some(settings: Settings, usual: tuple[int, ...]) -> tuple[int, ...]:
    """The usual sizes as far as they are asked for; what is asked for where none of them is."""
    kept = tuple(size for size in usual if size in settings.sizes)
    return kept or tuple(size for size in settings.sizes if size <= max(usual))


def _baselines(settings: Settings, native: Collection[str]) -> Iterator[Scene]:
    for name in settings.activations:
        routes = ("actlab", *(("native",) if name in native else ()), "formula", "naive")
        plain = tuple(Contender(route, name) for route in routes)
        builtin = (Contender("torch", name),) if name in BUILTIN else ()
        for dtype in settings.dtypes:
            for size in _some(settings, COMPARED_SIZES):
                # A compilation takes seconds, and a small tensor shows only what a call costs.
                compiles = dtype == "float32" and (size > 2**12 or len(settings.sizes) == 1)
                compiled = (Contender("compiled", name),) if compiles else ()
                for measure in ("forward", "both"):
                    yield Scene(
                        "baselines",
                        measure,
                        (size,),
                        dtype,
                        min(settings.threads),
                        (*plain, *compiled, *builtin, RELU),
                    )


def _learned(settings: Settings) -> Iterator[Scene]:
    if "powerlu" not in settings.activations:
        return
    fixed = Contender("naive", "powerlu", (("p", REAL_EXPONENT),))
    contenders = [fixed, replace(fixed, route="actlab")]
    contenders += [replace(one, learned="scalar") for one in contenders]
    for dtype in settings.dtypes:
        for size in _some(settings, LEARNED_SIZES):
            yield Scene(
                "learned", "both", (size,), dtype, min(settings.threads), (*contenders, RELU)
            )


def _channels(settings: Settings) -> Iterator[Scene]:
    if "ralu" not in settings.activations:
        return
    contenders = (
        Contender("prelu", learned="channel"),
        Contender("actlab", "ralu", learned="channel"),
        RELU,
    )
    for dtype in settings.dtypes:
        for shape in CHANNELS[1:2] if settings.quick else CHANNELS:
            yield Scene("channels", "both", shape, dtype, min(settings.threads), contenders)


def _threads(settings: Settings) -> Iterator[Scene]:
    few, many = min(settings.threads), max(settings.threads)
    if few == many:
        return
    contenders = tuple(
        replace(one, threads=count) for one in (RELU, *ours(settings)) for count in (few, many)
    )
    for dtype in settings.dtypes:
        yield Scene("threads", "forward", (THREADED_SIZE,), dtype, many, contenders)


def _steps(settings: Settings) -> Iterator[Scene]:
    contenders = [one for one in ours(settings) if one.activation not in BUILTIN]
    # A module learns its parameters where the definition says so; show what that costs.
    learning = [
        replace(one, learned="scalar")
        for one in contenders
        if any(param.learnable for param in registry.get(one.activation).params)
    ]
    for model, shape in STEPS[:1] if settings.quick else STEPS:
        yield Scene(
            "steps",
            "step",
            shape,
            "float32",
            max(settings.threads),
            (RELU, *(contenders or ours(settings)), *learning),
            model,
        )


def _memory(settings: Settings) -> Iterator[Scene]:
    contenders = (RELU, *ours(settings), *builtins(settings))
    naive = tuple(Contender("naive", name) for name in settings.activations)
    for dtype in settings.dtypes:
        yield Scene("memory", "memory", (8, 16, 12, 12), dtype, 1, (*contenders, *naive))
