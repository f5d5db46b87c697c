"""``actlab report``: tables, verdict and page from the records of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from actlab.report.collect import Folder


def report(results: Path, *, output: Path | None = None) -> None:
    """Report on the records in a results folder; nothing is computed anew.

    Args:
        results: a folder that ``actlab run`` or ``actlab bench`` wrote.
        output: where the HTML page goes. Default: report.html in that folder.
    """
    from rich.console import Console

    from actlab.bench import STUDY
    from actlab.records import Store

    if Store.open(results).study == STUDY:
        from actlab.cli.bench import show as show_bench

        if output is not None:
            check_output(output)
        show_bench(results, output, Console())
    else:
        show(results, output, Console())


def check_output(target: Path) -> None:
    """Refuse to put a page in the place of anything but a page.

    Raises:
        ValueError: the name does not end in .html, or something other than a file has it.
    """
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"output must be a file name ending in .html, got {str(target)!r}")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise ValueError(f"output must be an ordinary file, and {str(target)!r} is not one")


def show(results: Path, output: Path | None, console: Console) -> None:
    """Print the tables and the verdict, write the page and say where it is."""
    from actlab.records import StoreError
    from actlab.report.collect import collect_folder
    from actlab.report.html import write_page
    from actlab.report.terminal import print_folder

    target = results / "report.html" if output is None else output
    check_output(target)
    try:
        found = collect_folder(results)
        print_folder(found, console)
        write_page(found, target)
        claims = _write_claims(found, target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error
    except KeyError as error:
        raise StoreError(f"{results}: its study.json lacks {error}; run the study again") from error
    console.print(f"Report: {target}", markup=False, highlight=False, soft_wrap=True)
    if claims is not None:
        console.print(f"Claims: {claims}", markup=False, highlight=False, soft_wrap=True)


def _write_claims(found: Folder, target: Path) -> Path | None:
    """The page of the claims beside the report, where the studies are those of the claims."""
    from actlab.report.claims.controls import STUDY

    if found.study(STUDY) is None:
        return None
    from actlab.report.claims.page import write_page
    from actlab.report.claims.verdicts import judge_claims

    page = target.with_name(f"{target.stem}-claims.html")
    write_page(judge_claims(found), page, target.name)
    return page
