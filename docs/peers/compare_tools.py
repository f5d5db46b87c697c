"""Run every installed tool on every model, and write what they said to results.json.

    python docs/peers/compare_tools.py

Tools that are not installed are skipped, with the reason. `table.py` prints the page's tables.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import platform
import re
import warnings
from pathlib import Path

import torch
from answers import Answer, judge
from swaps import compare_swaps
from tools import TOOLS, Tool

from models import CASES, Case

HERE = Path(__file__).parent
DATE = "2026-11-30"


def ask(tool: Tool, case: Case, broken: bool) -> tuple[Answer, bool]:
    """What a tool says about a fresh model, and whether the model computed something else."""
    torch._dynamo.reset()
    batches, model, outputs = case.batches(), case.model(broken), []
    with torch.no_grad():
        expected = case.model(broken)(torch.cat(batches))
    torch._dynamo.reset()
    hook = model.register_forward_hook(lambda *args: outputs.append(args[2].detach().clone()))
    torch.manual_seed(0)
    answer = tool.run(model, batches)
    hook.remove()
    known = [expected, *expected.split(len(batches[0]))]
    return answer, not all(any(same(output, right) for right in known) for output in outputs)


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two outputs agree but for roundings."""
    size = b.nan_to_num().abs().max().item()
    return a.shape == b.shape and torch.allclose(a, b, 1e-4, 1e-4 * size, equal_nan=True)


def run(tool: Tool, case: Case) -> dict:
    """A tool's verdict about one case; its errors are verdicts too.

    Its figures for the place are kept with those of the sound model.
    """
    try:
        answer, altered = ask(tool, case, True)
        twin = ask(tool, case, False)[0] if case.faults else Answer()
    except Exception as error:
        return {"verdict": f"crashed: {type(error).__name__}", "said": short(str(error))}
    verdict, said, only = judge(case, answer, twin)
    row = {"verdict": verdict, "said": said, "figures only": only, "altered model": altered}
    figures = {
        f"{place} {name}": [plain(figure.value), plain(twin.figures[key].value)]
        for key, figure in answer.figures.items()
        if re.fullmatch(case.place, place := key[0]) and key in twin.figures and (name := key[1])
    }
    return row | ({"figures": figures} if figures else {})


def plain(value: float) -> float | str:
    """Three digits, in a way that JSON has."""
    return float(f"{value:.3g}") if math.isfinite(value) else str(value)


def short(text: str, most: int = 120) -> str:
    """One line of an error, without addresses and folders."""
    line = re.sub(r"0x[0-9a-f]+|\S*/\S+/\S+", "...", " ".join(text.split()))
    return line if len(line) <= most else line[: most - 3] + "..."


def version(package: str) -> str | None:
    """The version of an installed package; actlab's where it is only on the path."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        if package == "actlab":
            try:
                from actlab import __version__
            except ImportError:
                return None
            return __version__
        return None


def missing(tool: Tool) -> str:
    """Why a tool cannot be run; empty if it can."""
    if version(tool.package) is None:
        return "not installed"
    if tool.package == "actlab":
        try:
            from actlab.diagnose import diagnose  # noqa: F401
        except ImportError as error:
            return short(str(error))
    return ""


def main() -> None:
    """Compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", help="these tools only; nothing is written")
    parser.add_argument("--models", nargs="*", help="these models only; nothing is written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    models = [case for case in CASES if not options.models or case.name in options.models]
    results: dict = {
        "date": DATE,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "models": {
            case.name: {"title": case.title, "count": case.count, "units": case.units}
            for case in CASES
        },
        "tools": {},
        "diagnosis": {},
    }
    for name, tool in TOOLS.items():
        if options.only and name not in options.only:
            continue
        reason = missing(tool)
        results["tools"][name] = {
            "package": tool.package,
            "version": version(tool.package),
            "usage": tool.usage,
            "skipped": reason,
        }
        if reason:
            print(f"{name}: skipped, {reason}")
            continue
        results["diagnosis"][name] = {}
        for case in models:
            row = run(tool, case)
            results["diagnosis"][name][case.name] = row
            note = "; altered the model" if row.get("altered model") else ""
            print(f"{name:15}{case.name:15}{row['verdict']:30}{row['said']}{note}", flush=True)
    results["swaps"] = {} if options.only or options.models else compare_swaps(short)
    if not (options.only or options.models):
        text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
        (HERE / "results.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
