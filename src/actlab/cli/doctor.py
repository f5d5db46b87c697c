"""``actlab doctor``: what works on this machine, and why the rest does not."""

from __future__ import annotations

import importlib.metadata
import json as json_text
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from typing import Annotated, Any

from cyclopts import Parameter

REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?P<range>[^;]*)(?:;.*extra == ['\"](?P<extra>[\w-]+))?"
)
"""A requirement as package metadata writes it: ``pytest>=8.2; extra == "dev"``."""


def doctor(*, json: Annotated[bool, Parameter(negative=(), show_default=False)] = False) -> int:
    """Tell what works on this machine, and why the rest does not.

    Versions, processor, threads, devices, backends and packages that are missing, to read or
    to paste into an issue. The exit code is 1 when something that should work does not.

    Args:
        json: print JSON.
    """
    findings = examine()
    if json:
        print(json_text.dumps(findings, indent=2))
    else:
        _print(findings)
    return 1 if findings["problems"] else 0


def examine() -> dict[str, Any]:
    """Everything that doctor tells, as plain JSON values."""
    from actlab.records import describe_environment

    problems: list[str] = []
    missing = _missing_packages()
    problems += [f"{name} is missing: pip install '{spec}'" for name, spec in missing[None].items()]
    activations = _activations(problems)
    # torch first: the environment then tells its settings.
    devices = _devices(problems)
    environment = describe_environment()
    kernels = _kernels(problems)
    return {
        "environment": environment,
        "packages": _versions(),
        "devices": devices,
        "backends": _backends(problems),
        "kernels": kernels,
        "activations": activations,
        "optional": {
            extra: {"missing": list(names), "get": f"pip install 'actlab[{extra}]'"}
            for extra, names in missing.items()
            if extra is not None
        },
        "problems": problems,
    }


def _requirements() -> Iterator[tuple[str, str, str | None]]:
    """Name, name with range, and extra (or None) of what actlab's metadata asks for."""
    try:
        written = importlib.metadata.requires("actlab") or []
    except PackageNotFoundError:
        return
    for line in written:
        found = REQUIREMENT.match(line)
        if found is not None:
            yield found["name"], (found["name"] + found["range"]).strip(), found["extra"]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except PackageNotFoundError:
        return None


def _versions() -> dict[str, str]:
    """Versions of the packages actlab needs, as far as they are installed."""
    found = {name: _version(name) for name, _, extra in _requirements() if extra is None}
    return {name: version for name, version in found.items() if version is not None}


def _missing_packages() -> dict[str | None, dict[str, str]]:
    """By extra (None: always needed) the packages that are not installed."""
    missing: dict[str | None, dict[str, str]] = {None: {}}
    for name, spec, extra in _requirements():
        of_extra = missing.setdefault(extra, {})
        if _version(name) is None:
            of_extra[name] = spec
    return missing


def _activations(problems: list[str]) -> dict[str, Any]:
    """How many there are, and which come from other packages; a broken one is a problem."""
    from actlab import registry

    try:
        names = registry.names()
    except Exception as error:
        problems.append(
            f"the registry does not load ({type(error).__name__}: {error}); an installed "
            f"package has a broken entry point in the group {registry.ENTRY_POINTS!r}"
        )
        return {"count": 0, "of other packages": []}
    others = [n for n in names if not registry.get(n).forward.__module__.startswith("actlab.")]
    return {"count": len(names), "of other packages": others}


def _devices(problems: list[str]) -> dict[str, str]:
    """Each kind of device with what there is of it."""
    try:
        import torch
    except ImportError as error:
        problems.append(f"torch does not import ({error}): pip install torch")
        return {}
    devices = {
        "cpu": f"{torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
    }
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            devices[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    elif torch.version.cuda is None and torch.version.hip is None:
        devices["cuda"] = "none: this torch is built without GPU support"
    else:
        devices["cuda"] = "none: torch finds no GPU or no driver for it"
    if torch.backends.mps.is_available():
        devices["mps"] = "available"
    return devices


def _backends(problems: list[str]) -> dict[str, str]:
    """``works`` or the reason why not, by backend; those that work are put to the test."""
    try:
        from actlab.kernels.policy import BACKENDS, unavailable
    except ImportError as error:
        problems.append(f"no backend works: {error}")
        return {}
    found = {name: unavailable(name) or "works" for name in BACKENDS}
    for name in [name for name, state in found.items() if state == "works"]:
        wrong = _wrong(name)
        if wrong:
            found[name] = wrong
            problems.append(f"backend {name} is {wrong}")
    return found


def _wrong(backend: Any) -> str:
    """What a backend gets wrong about PowerLU(0) = 1/4, of slope 1/2; empty when nothing."""
    import torch

    from actlab.functional import powerlu
    from actlab.kernels.gpu.backend import interpreting

    device = "cuda" if backend == "triton" and not interpreting() else "cpu"
    x = torch.zeros(1, requires_grad=True, device=device)
    try:
        y = powerlu(x, backend=backend)
        y.backward()
    except Exception as error:  # of whatever kind: that it is one is the finding
        return f"wrong: PowerLU(0) raises {type(error).__name__}: {error}"
    got = (y.item(), x.grad.item() if x.grad is not None else None)
    return "" if got == (0.25, 0.5) else f"wrong: PowerLU(0) is 0.25 of slope 0.5, got {got}"


def _kernels(problems: list[str]) -> dict[str, Any]:
    """The compiled kernels in use, or why there are none and what to do.

    That there are none is no problem, since actlab works without; kernels that are there and
    cannot be used are one.
    """
    try:
        from actlab.kernels import built, native, toolchain
    except ImportError:
        return {}  # torch is missing, which is a problem already
    folder = built.kernels_folder()
    manifest = built.read_manifest(folder)
    found: dict[str, Any] = {"folder": str(folder)}
    if manifest is not None:
        found["compiler"] = manifest["compiler"]["version"]
        found["torch"] = manifest["torch"]
    reason = native.problem()
    if not reason:
        return found | {"instruction set": native.library().instruction_set}
    found |= {"none": reason, "to compile them": toolchain.missing() or "actlab build"}
    if (folder / built.MANIFEST).exists():
        problems.append(reason)
    return found


def _print(findings: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for heading, lines in _sections(findings):
        table.add_row(heading, Text("\n".join(lines)))
    console.print(table)
    for problem in findings["problems"]:
        console.print(Text.assemble(("problem: ", "bold red"), problem))
    if not findings["problems"]:
        console.print(Text("Everything that should work here does.", "green"))


def _kernel_lines(kernels: dict[str, Any]) -> Iterator[str]:
    if "none" in kernels:
        yield f"none, formulas do their work: {kernels['none']}"
        if kernels["to compile them"] != "actlab build":
            yield f"to compile them: {kernels['to compile them']}"
    if "instruction set" in kernels:
        yield f"{kernels['instruction set']}, in {kernels['folder']}"
    if "compiler" in kernels:
        yield f"built with {kernels['compiler']} for torch {kernels['torch']}"


def _sections(findings: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    environment = findings["environment"]
    revision = environment["revision"]
    yield (
        "actlab",
        [f"{environment['libraries']['actlab']}" + (f" (revision {revision})" if revision else "")],
    )
    yield (
        "system",
        [
            f"{environment['system']}, {environment['cpu']}, {environment['cores']} cores",
            f"Python {environment['python']}",
        ],
    )
    yield "packages", [", ".join(f"{n} {v}" for n, v in findings["packages"].items())]
    yield "devices", [f"{name}: {what}" for name, what in findings["devices"].items()]
    yield "backends", [f"{name}: {state}" for name, state in findings["backends"].items()]
    yield "kernels", list(_kernel_lines(findings["kernels"]))
    others = findings["activations"]["of other packages"]
    known = f"{findings['activations']['count']}"
    yield "activations", [known + (f", of other packages: {', '.join(others)}" if others else "")]
    for extra, state in findings["optional"].items():
        lacking = ", ".join(state["missing"])
        yield f"extra {extra}", [f"lacks {lacking}: {state['get']}" if lacking else "complete"]
