"""``actlab claims``: what is claimed, and what holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

DEFAULT = Path("results/claims-full"), Path("results/claims-quick"), Path("results/claims-smoke")


def claims(
    *ids: str,
    results: Path | None = None,
    kind: str = "",
    word: str = "",
    format: Literal["table", "json"] = "table",
    output: Path | None = None,
) -> int:
    """Check the claims: exactly where mathematics decides, from records where runs do.

    Args:
        ids: of claims, such as E14 or P4, for all that is known about each. Default: all, a line
            each.
        results: records of actlab run claims. Default: results/claims-full, -quick or -smoke,
            the first there is.
        kind: only claims of this kind, such as mathematics or training.
        word: only claims with this verdict, such as supported or false.
        format: table, or json for programs.
        output: write all of it as one HTML page to this file.

    Returns:
        0; 1 when the controls of the records have not passed.
    """
    from rich.console import Console

    from actlab.lab.claims.ledger import claim
    from actlab.report.claims.terminal import as_json, print_claims
    from actlab.report.claims.verdicts import judge_claims
    from actlab.report.collect import collect_folder

    for name in ids:
        claim(name)
    place = results or next((folder for folder in DEFAULT if folder.is_dir()), None)
    folder = None if place is None else collect_folder(place)
    ledger = judge_claims(folder, ids or None)
    if output is not None:
        from actlab.report.claims.page import write_page

        write_page(ledger, output)
        print(f"Page: {output}")
    elif format == "json":
        json.dump(as_json(ledger), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        print_claims(ledger, Console(), kind=kind, word=word, whole=bool(ids))
    return 1 if folder is not None and not ledger.controlled else 0
