"""The examples in the documentation and the README run, and print what the pages say."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WRITTEN = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("how-to/*.md")),
           *sorted(DOCS.glob("theory/*.md")), ROOT / "README.md"]  # fmt: skip

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def examples(text: str) -> list[tuple[int, str]]:
    """Python blocks with the lines that they begin on."""
    return [
        (text[: found.start()].count("\n") + 1, found.group(1)) for found in BLOCK.finditer(text)
    ]


@pytest.mark.parametrize("path", WRITTEN, ids=short)
def test_examples(path: Path) -> None:
    globs: dict[str, object] = {}
    failures: list[str] = []
    for line, block in examples(path.read_text(encoding="utf-8")):
        if ">>>" not in block:
            compile(block, f"{short(path)}:{line}", "exec")
            continue
        case = doctest.DocTestParser().get_doctest(block, globs, short(path), str(path), line)
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        runner.run(case, out=failures.append, clear_globs=False)
        globs = case.globs
    assert not failures, "".join(failures)


@pytest.mark.parametrize("path", WRITTEN, ids=short)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target, _ in LINK.findall(text):
        if "://" in target:
            continue
        place = path.parent / target
        # The gallery and its pages are generated from the definitions.
        generated = "activations" in place.parts
        assert generated or place.exists(), f"{short(path)}: {target}"


def test_examples_are_found() -> None:
    assert examples("a\n```python\n>>> 1\n1\n```\nb\n") == [(2, ">>> 1\n1\n")]
    assert sum(len(examples(path.read_text(encoding="utf-8"))) for path in WRITTEN) > 20
