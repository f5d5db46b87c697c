"""The gate: what is wrong is not timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from actlab import functional, registry, testing
from actlab.bench.device import Device, Host
from actlab.bench.gated_gate import gated_failures
from actlab.bench.settings import Settings
from actlab.bench.timing import reason_of
from actlab.core import BackendUnavailableError
from actlab.kernels.policy import unavailable
from actlab.testing.subject import Subject
from actlab.testing.suite import Case, Outcome, cases, run_case

GROUPS = ("definition", "accuracy", "special", "gradients", "saving", "invariance")
CHECKS = frozenset(
    {
        "definition.declared_derivative",
        "definition.textbook",
        "accuracy.value",
        "accuracy.gradient",
        "accuracy.gradient_from_output",
        "accuracy.tensor_parameters",
        "special.nan",
        "special.infinities",
        "special.signed_zero",
        "special.dead_cotangent",
        "gradients.cotangents",
        "saving.bytes_per_element",
        "saving.nothing_without_gradient",
        "invariance.lengths",
        "invariance.untouched",
    }
)
"""The part of the conformance suite that takes a second or two for each function."""

Examine = Callable[[Case, Subject], Outcome]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """What the gate saw.

    Args:
        passed: how many checks passed.
        skipped: how many did not apply.
        failures: function, check and reason of each that failed, one line each.
    """

    passed: int
    skipped: int
    failures: tuple[str, ...]


def native_available() -> bool:
    """Whether there are compiled kernels."""
    return unavailable("native") == ""


def compiled(activations: Iterable[str], device: Device | None = None) -> frozenset[str]:
    """Those of the functions that have compiled kernels; asked for by name, they answer.

    Args:
        activations: addresses of functions.
        device: where; None for the CPU.
    """
    where: Device = Host() if device is None else device
    with where.active():
        return frozenset(name for name in activations if _answers(name, where))


def _answers(name: str, device: Device) -> bool:
    x = torch.zeros(4, device=device.place)
    try:
        functional.call(name, x, backend=device.backend or "native")
    except BackendUnavailableError:
        return False
    return True


def routes(settings: Settings, name: str, device: Device | None = None) -> list[str | None]:
    """The backends on which a function will be timed; None is what users get."""
    where: Device = Host() if device is None else device
    formula = ["formula"] if "baselines" in settings.parts else []
    if where.backend is not None:
        # Asked for by name: what users get is the same kernel, or the formula without a word.
        return [where.backend if _answers(name, where) else None, *formula]
    if not formula:
        return [None]
    return [None, *(["native"] if _answers(name, where) else []), *formula]


def chosen_cases(dtypes: Iterable[str]) -> list[Case]:
    """The gate's checks for these dtypes."""
    wanted = {getattr(torch, name) for name in dtypes} | {None}
    return [
        case for case in cases(groups=GROUPS) if case.check.name in CHECKS and case.dtype in wanted
    ]


def examine(
    settings: Settings,
    *,
    run: Examine = run_case,
    tell: Tell = lambda line: None,
    device: Device | None = None,
) -> Verdict:
    """Run the gate over every function and backend to be timed, where it will be timed.

    Args:
        settings: what is to be timed.
        run: runs one check; a parameter for tests.
        tell: told what is examined next.
        device: where; None for the CPU.
    """
    where: Device = Host() if device is None else device
    dtypes = {*settings.dtypes, *_step_dtypes(settings)}
    passed = skipped = 0
    failures: list[str] = []
    for name in settings.activations:
        definition = registry.get(name)
        try:
            backends = routes(settings, name, where)
        except Exception as error:  # a kernel that does not compile, or cannot be launched
            failures.append(f"{definition.name}: cannot be called: {reason_of(error)}")
            continue
        for place, backend in enumerate(backends):
            tell(f"{definition.name}{'' if backend is None else f' on {backend}'}")
            subject = Subject(definition, backend, str(where.place))
            for case in chosen_cases(sorted(dtypes)):
                if case.check.group == "definition":
                    if place:
                        continue  # the same whatever computes it
                    outcome = run(case, Subject(definition, None))
                else:
                    outcome = run(case, subject)
                passed += outcome.status == "passed"
                skipped += outcome.status == "skipped"
                if outcome.status == "failed":
                    failures.append(_line(subject, outcome))
    if "gated" in settings.parts:
        tell("gated units")
        found = gated_failures(sorted(dtypes), where)
        passed += sum(not reason for reason in found.values())
        failures += [f"{what}: {reason}" for what, reason in found.items() if reason]
    return Verdict(passed, skipped, tuple(failures))


def _step_dtypes(settings: Settings) -> tuple[str, ...]:
    if "steps" not in settings.parts:
        return ()
    return ("bfloat16",) if settings.on_gpu else ("float32",)


def _line(subject: testing.Subject, outcome: Outcome) -> str:
    where = "" if subject.backend is None else f" on {subject.backend}"
    first = outcome.reason.strip().splitlines()[:1] or ["no reason given"]
    return f"{subject.activation.name}{where}: {outcome.case.name}: {first[0]}"
