"""What is to be timed, checked in full before anything is done."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actlab import registry
from actlab.bench.device import HOST, resolve

PARTS = ("pointwise", "baselines", "learned", "channels", "threads", "steps", "memory")
"""Groups of comparisons, in the order in which they are made."""

DEVICE_PARTS = (
    "pointwise", "learned", "channels", "overhead", "gated", "steps", "memory", "baselines",
)  # fmt: skip
"""Those on a GPU; what compiles for longest comes last."""

DTYPES = ("float64", "float32", "float16", "bfloat16")
ACTIVATIONS = ("powerlu", "expolu", "ralu", "elu", "gelu", "silu")
SIZES = tuple(2**k for k in (8, 10, 12, 14, 16, 18, 20, 22, 24))
QUICK_SIZES = tuple(2**k for k in (10, 16, 20))
DEVICE_SIZES = tuple(2**k for k in range(10, 29, 2))
QUICK_DEVICE_SIZES = tuple(2**k for k in (10, 20, 24))
LARGEST = 2**30
ROUNDS, QUICK_ROUNDS = 15, 7
FEWEST_ROUNDS, MOST_ROUNDS = 3, 1000


@dataclass(frozen=True)
class Settings:
    """One configuration of the benchmark; results of equal ones are comparable.

    Args:
        activations: addresses of the functions, as ``registry.get`` takes them.
        sizes: elements of the tensors of the pointwise comparisons.
        dtypes: names of dtypes.
        threads: thread counts; comparisons between functions are made at each. (0,) on a GPU.
        parts: groups of comparisons, of ``PARTS`` or ``DEVICE_PARTS``.
        rounds: rounds of a comparison, fewer where that would take too long.
        slice_seconds: a timing repeats its call until it lasts so long.
        scene_seconds: after so long a comparison gets no more rounds than it must.
        quick: leave out the large models and backward alone.
        device: ``cpu``, or ``cuda:N``.
    """

    activations: tuple[str, ...]
    sizes: tuple[int, ...]
    dtypes: tuple[str, ...]
    threads: tuple[int, ...]
    parts: tuple[str, ...]
    rounds: int
    slice_seconds: float
    scene_seconds: float
    quick: bool
    device: str = HOST

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU is measured."""
        return self.device != HOST

    def describe(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def usable_cores() -> int:
    """The cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def make_settings(
    *,
    quick: bool = False,
    activations: str | None = None,
    sizes: str | None = None,
    dtypes: str | None = None,
    threads: str | None = None,
    parts: str | None = None,
    rounds: int | None = None,
    device: str = HOST,
) -> Settings:
    """Settings from what the user wrote; each list is separated by commas, None is the default.

    Raises:
        ValueError: a value that is unknown or out of range; the message names the argument.

    Example:
        >>> make_settings(sizes="2^10,4096", dtypes="float32").sizes
        (1024, 4096)
    """
    where = resolve(device)
    on_gpu = where != HOST
    if on_gpu and threads is not None:
        raise ValueError(
            f"threads: {threads!r} asked for together with device {device!r}, but a GPU uses no "
            "threads of the CPU; leave threads out"
        )
    standard = QUICK_ROUNDS if quick else ROUNDS
    if rounds is not None and not FEWEST_ROUNDS <= rounds <= MOST_ROUNDS:
        raise ValueError(f"rounds must lie in [{FEWEST_ROUNDS}, {MOST_ROUNDS}], got {rounds}")
    known = DEVICE_PARTS if on_gpu else PARTS
    usual = _device_sizes(quick) if on_gpu else (QUICK_SIZES if quick else SIZES)
    slice_seconds, scene_seconds = _durations(on_gpu, quick)
    return Settings(
        activations=_activations(activations),
        sizes=_sizes(sizes, usual),
        dtypes=_chosen("dtypes", dtypes, ("float32", "bfloat16"), DTYPES),
        threads=(0,) if on_gpu else _threads(threads, usable_cores()),
        parts=_chosen("parts", parts, _default_parts(known, quick), known),
        rounds=standard if rounds is None else rounds,
        slice_seconds=slice_seconds,
        scene_seconds=scene_seconds,
        quick=quick,
        device=where,
    )


def size_text(size: int) -> str:
    """``2^10`` for powers of two, digits for the rest."""
    return f"2^{size.bit_length() - 1}" if size & (size - 1) == 0 else str(size)


def _default_parts(known: Sequence[str], quick: bool) -> tuple[str, ...]:
    # Compiling the formula takes seconds each time.
    return tuple(part for part in known if not (quick and part == "baselines"))


def _durations(on_gpu: bool, quick: bool) -> tuple[float, float]:
    """Seconds of a timing and of a comparison."""
    if on_gpu:  # calls are queued back to back, and little else disturbs them
        return (5e-4, 0.35) if quick else (1e-3, 1.0)
    return (1e-3, 0.7) if quick else (1.5e-3, 3.0)


def _device_sizes(quick: bool) -> tuple[int, ...]:
    return QUICK_DEVICE_SIZES if quick else DEVICE_SIZES


def _words(argument: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise ValueError(f"{argument} must be a list separated by commas, got {text!r}")
    return list(dict.fromkeys(words))


def _chosen(
    argument: str, text: str | None, default: Sequence[str], known: Sequence[str]
) -> tuple[str, ...]:
    if text is None:
        return tuple(default)
    words = _words(argument, text)
    for word in words:
        if word not in known:
            raise ValueError(f"{argument} must be of {', '.join(known)}; got {word!r}")
    return tuple(word for word in known if word in words)


def _activations(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ACTIVATIONS
    if text.strip() == "all":
        return tuple(registry.names())
    found = [registry.address(registry.get(word)) for word in _words("activations", text)]
    return tuple(dict.fromkeys(found))


def _sizes(text: str | None, default: tuple[int, ...]) -> tuple[int, ...]:
    if text is None:
        return default
    return tuple(sorted({_size(word) for word in _words("sizes", text)}))


def _size(word: str) -> int:
    found = re.fullmatch(r"(?:2(?:\^|\*\*)(?P<power>\d{1,3})|(?P<number>\d{1,12}))", word)
    size = 0
    if found is not None:
        size = 2 ** int(found["power"]) if found["power"] else int(found["number"])
    if not 1 <= size <= LARGEST:
        raise ValueError(f"sizes must be whole numbers or 2^k in [1, 2^30], got {word!r}")
    return size


def _threads(text: str | None, cores: int) -> tuple[int, ...]:
    if text is None:
        return (1, 2) if cores > 1 else (1,)
    counts = []
    for word in _words("threads", text):
        if not re.fullmatch(r"\d{1,4}", word) or not 1 <= int(word) <= cores:
            raise ValueError(
                f"threads must be whole numbers in [1, {cores}] (the cores here), got {word!r}"
            )
        counts.append(int(word))
    return tuple(sorted(set(counts)))
