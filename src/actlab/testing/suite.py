"""The conformance suite: every check by name, and running them without any test framework."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch

from actlab import registry
from actlab.core import Activation
from actlab.kernels.policy import DTYPES
from actlab.testing import (
    accuracy,
    definition,
    errors,
    exhaustive,
    from_output,
    gradients,
    invariance,
    modules,
    saving,
    special,
    tracing,
    traits,
    transforms,
)
from actlab.testing.comparison import HALF_TYPES
from actlab.testing.subject import NotApplicableError, Subject

Tier: TypeAlias = Literal["default", "slow", "full"]
Status: TypeAlias = Literal["passed", "failed", "skipped"]

BOTH = (torch.float64, torch.float32)
WITHOUT_DTYPE = (None,)

WARNINGS_OF_TORCH = ("`torch.jit.script", "Attempted to insert a get_attr Node")
"""What torch warns itself about when forward mode or linearisation is first used."""


@dataclass(frozen=True, slots=True)
class Check:
    """One property that every activation must have.

    Args:
        name: group and name, such as ``"accuracy.value"``.
        run: raises ``AssertionError`` where the property fails, ``NotApplicableError`` where
            it says nothing; takes the subject, and the dtype if there are dtypes.
        dtypes: the dtypes to run it for; ``(None,)`` when it has none to choose.
        tier: ``"default"``, ``"slow"`` (seconds) or ``"full"`` (minutes).
    """

    name: str
    run: Callable[..., None]
    dtypes: tuple[torch.dtype | None, ...] = WITHOUT_DTYPE
    tier: Tier = "default"

    @property
    def traced(self) -> bool:
        """Whether a compiler or a transform gets to see the activation's operations."""
        if self.group in ("tracing", "transforms"):
            return self.name not in transforms.EAGER
        return self.name.startswith("accuracy.composite")

    @property
    def group(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Case:
    """A check for one dtype."""

    check: Check
    dtype: torch.dtype | None = None

    @property
    def name(self) -> str:
        """Such as ``"accuracy.value-float32"``."""
        dtype = "" if self.dtype is None else "-" + str(self.dtype).removeprefix("torch.")
        return self.check.name + dtype

    def run(self, subject: Subject) -> None:
        """Run it; see ``Check.run`` for what it raises."""
        kernels = self.check.name in tracing.COMPILED and subject.compiles
        if self.check.traced and not subject.traces and not kernels:
            raise NotApplicableError("exporters and transforms run the formula")
        arguments = (subject,) if self.dtype is None else (subject, self.dtype)
        with warnings.catch_warnings():
            for text in WARNINGS_OF_TORCH:
                warnings.filterwarnings("ignore", message=text)
            self.check.run(*arguments)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case."""

    case: Case
    status: Status
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every case of one activation."""

    subject: Subject
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The cases that failed."""
        return tuple(one for one in self.outcomes if one.status == "failed")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """The cases that did not apply, each with its reason."""
        return tuple(one for one in self.outcomes if one.status == "skipped")

    def __str__(self) -> str:
        count = len(self.outcomes) - len(self.failures) - len(self.skipped)
        lines = [
            f"{self.subject.label()}: {count} passed, {len(self.failures)} failed, "
            f"{len(self.skipped)} not applicable"
        ]
        lines += [f"FAILED {one.case.name}: {one.reason}" for one in self.failures]
        reasons = dict.fromkeys((one.case.check.name, one.reason) for one in self.skipped)
        lines += [f"skipped {name}: {reason}" for name, reason in reasons]
        return "\n".join(lines)


@functools.cache
def checks() -> tuple[Check, ...]:
    """Every check, in the order in which they are run: the cheapest diagnosis first."""
    return tuple(_all())


def _all() -> Iterator[Check]:
    def plain(group: str, *functions: Callable[[Subject], None], tier: Tier = "default"):
        return (Check(f"{group}.{f.__name__}", f, tier=tier) for f in functions)

    def typed(
        group: str,
        *functions: Callable[[Subject, torch.dtype], None],
        dtypes: tuple[Any, ...] = DTYPES,
        tier: Tier = "default",
    ):
        return (Check(f"{group}.{f.__name__}", f, dtypes, tier) for f in functions)

    yield from plain("definition", definition.declared_derivative, definition.joint_slopes,
                     definition.continuity, definition.textbook,
                     definition.from_output_formulas)  # fmt: skip
    yield from plain("traits", traits.monotone, traits.convex, traits.odd, traits.value_range,
                     traits.lipschitz, traits.dead, traits.smoothness,
                     traits.undeclared_joints)  # fmt: skip
    yield from typed("accuracy", accuracy.value, accuracy.gradient, accuracy.composite,
                     accuracy.partials, accuracy.tensor_parameters, accuracy.composite_partials,
                     from_output.gradient_from_output,
                     from_output.partials_from_output,
                     from_output.sensitive_partials)  # fmt: skip
    yield from typed("special", special.nan, special.infinities, special.signed_zero,
                     special.dead_cotangent, special.lone_nan)  # fmt: skip
    yield from plain("gradients", gradients.first_order, gradients.second_order)
    yield from typed("gradients", gradients.cotangents)
    yield from (
        Check(f"layout.{name}", invariance.layout(name), DTYPES) for name in invariance.LAYOUTS
    )
    yield from typed("invariance", invariance.lengths, invariance.offsets, invariance.threads,
                     invariance.repeats, invariance.wide_sums, invariance.untouched,
                     invariance.degenerate_shapes)  # fmt: skip
    yield from typed("saving", saving.bytes_per_element, saving.with_learned_parameters,
                     saving.nothing_without_gradient, saving.changed_in_place)  # fmt: skip
    yield from (
        Check(f"transforms.{name}", transforms.slope_by(name), _dtypes_of(name))
        for name in transforms.SLOPES
    )
    yield from (
        Check(f"transforms.{name}", transforms.curvature_by(name)) for name in transforms.CURVATURES
    )
    yield from typed("transforms", transforms.vmap_values, transforms.vmap_over_parameter)
    yield from _tracing()
    yield from plain("modules", modules.forward, modules.learning, modules.copies, modules.state,
                     modules.conversions, modules.autocast, modules.printed)  # fmt: skip
    yield from plain("errors", errors.dtypes, errors.domains, errors.kinds, errors.shapes,
                     errors.options, errors.unavailable_backends,
                     errors.eager_backends, errors.missing_output_form)  # fmt: skip
    yield from typed("exhaustive", exhaustive.value, exhaustive.gradient, dtypes=HALF_TYPES,
                     tier="full")  # fmt: skip


def _dtypes_of(transform: str) -> tuple[torch.dtype, ...]:
    # Linearising folds constants, which takes seconds; one dtype shows that it works.
    return (torch.float32,) if transform == "func_linearize" else DTYPES


def _tracing() -> Iterator[Check]:
    single = (torch.float32,)
    yield Check("tracing.compile", tracing.compiled("aot_eager"), BOTH)
    yield Check("tracing.compile_parameters", tracing.compiled_parameters("aot_eager"), single)
    yield Check("tracing.inductor", tracing.compiled("inductor"), DTYPES, "slow")
    yield Check(
        "tracing.inductor_parameters", tracing.compiled_parameters("inductor"), single, "slow"
    )
    for name in ("func_grad", "func_vjp", "func_jvp", "func_jacrev", "func_jacfwd", "per_sample"):
        yield Check(f"tracing.compile_{name}", tracing.compiled_transform(name), single, "slow")
    double = (torch.float64,)
    yield Check(
        "tracing.compile_func_hessian", tracing.compiled_transform("func_hessian"), double, "slow"
    )
    yield Check("tracing.export", tracing.exported, single)
    yield Check("tracing.make_fx", tracing.made_fx, single)
    yield Check("tracing.without_data", tracing.without_data, (torch.float32, torch.bfloat16))
    yield Check("tracing.onnx", tracing.onnx, single, "slow")


def cases(tiers: Iterable[Tier] = ("default",), groups: Iterable[str] | None = None) -> list[Case]:
    """Every check for each of its dtypes.

    Args:
        tiers: the tiers to include. Default: only ``"default"``.
        groups: the groups to include, such as ``"accuracy"``. Default: all.
    """
    wanted = None if groups is None else set(groups)
    return [
        Case(check, dtype)
        for check in checks()
        if check.tier in set(tiers) and (wanted is None or check.group in wanted)
        for dtype in check.dtypes
    ]


def check(
    activation: str | Activation,
    *,
    backend: str = "formula",
    device: str = "cpu",
    tiers: Iterable[Tier] = ("default",),
    groups: Iterable[str] | None = None,
) -> Report:
    """Run the conformance suite over one activation, without any test framework.

    Args:
        activation: a name, ``"module:object"`` or a definition.
        backend: the backend to test. Default: ``"formula"``.
        device: where to test it. Default: ``"cpu"``.
        tiers, groups: as in ``cases``.

    Returns:
        A report; printing it shows what failed, and what was skipped and why.

    Example:
        >>> from actlab import testing
        >>> testing.check("relu", groups=["definition"]).passed
        True
    """
    subject = Subject(registry.get(activation), backend, device)
    outcomes = tuple(run_case(case, subject) for case in cases(tiers, groups))
    return Report(subject, outcomes)


def run_case(case: Case, subject: Subject) -> Outcome:
    """Run one case; every exception but ``NotApplicableError`` is a failure."""
    began = time.perf_counter()
    status: Status = "passed"
    reason = ""
    try:
        case.run(subject)
    except NotApplicableError as why:
        status, reason = "skipped", str(why)
    except AssertionError as error:
        status, reason = "failed", str(error)
    except Exception as error:
        status, reason = "failed", f"{type(error).__name__}: {error}"
    return Outcome(case, status, reason, time.perf_counter() - began)
