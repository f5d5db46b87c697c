"""Every claim with its verdict, as one self-contained page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from actlab.lab.claims.ledger import Claim
from actlab.records.durable import publish_file
from actlab.report import words
from actlab.report.claims.finding import Finding
from actlab.report.claims.forest import drawing
from actlab.report.claims.terminal import as_json, effect
from actlab.report.claims.verdicts import Ledger, Verdict
from actlab.report.html import facts_of
from actlab.report.page import template

ORDER = (
    "true", "supported", "weak", "supported as claimed only", "conditional", "mixed", "negligible",
    "undecided", "reversed", "false", "vague", "literature", "withheld", "incomplete", "not run",
)  # fmt: skip
"""Verdicts as the page lists them."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "true": "follows from the definitions; checked exactly",
        "supported": "the effect claimed is there, and no smaller than the smallest of interest",
        "weak": "the effect is there, and smaller than the smallest of interest",
        "supported as claimed only": "there with one initialisation and learning rate for all, not "
        "where each function has its own",
        "conditional": "true under a condition that the claim leaves out; checked exactly",
        "mixed": "true here and not there",
        "negligible": "any effect is smaller than the smallest of interest",
        "undecided": "the runs cannot tell",
        "reversed": "the opposite effect is there",
        "false": "contradicted by the definitions; checked exactly",
        "vague": "fair readings of it decide differently",
        "literature": "about other publications",
        "withheld": "the controls have not passed, so nothing is concluded",
        "incomplete": "runs are missing",
        "not run": "not put to the test in these records",
    }
)


def render(ledger: Ledger, link: str = "") -> str:
    """The page's text.

    Args:
        ledger: from :func:`actlab.report.claims.verdicts.judge_claims`.
        link: address of the page with the curves of the studies; empty for none.
    """
    script = (resources.files("actlab.report") / "templates" / "claims.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    counts = Counter(verdict.word for verdict in ledger.verdicts)
    folder = ledger.folder
    studies = folder.studies if folder else ()
    return template("claims.html.j2").render(
        words=words,
        ledger=ledger,
        folder=folder,
        studies=studies,
        extended=sum(len(parts) for parts in folder.extended.values()) if folder else 0,
        tier=studies[0].tier if studies else "",
        seconds=sum(study.seconds for study in studies),
        date=folder.newest[:10] if folder else "",
        script=Markup(script),
        digest=digest,
        counts=[(word, counts[word], MEANINGS[word]) for word in ORDER if counts[word]],
        kinds=sorted({verdict.claim.kind for verdict in ledger.verdicts}),
        claims=[_entry(verdict, link) for verdict in ledger.verdicts],
        environment=facts_of(studies[0].environments[0]) if studies and studies[0].environments
        else [],
        download=_download(ledger),
    )  # fmt: skip


def write_page(ledger: Ledger, target: Path, link: str = "") -> None:
    """Write the page; its folder must exist."""
    publish_file(target, render(ledger, link).encode("utf-8"))


def slug(word: str) -> str:
    """A word as part of a class name."""
    return word.replace(" ", "-")


def _entry(verdict: Verdict, link: str) -> dict[str, Any]:
    claim: Claim = verdict.claim
    return {
        "claim": claim,
        "word": verdict.word,
        "slug": slug(verdict.word),
        "exact": verdict.exact,
        "findings": [_row(finding, link) for finding in verdict.findings],
        "text": f"{claim.id} {claim.quote} {claim.statement} {claim.source}".lower(),
    }


def _row(finding: Finding, link: str) -> dict[str, Any]:
    evidence = finding.evidence
    place = f"{evidence.study}-{evidence.part}-{finding.regime}"
    return {
        "finding": finding,
        "slug": slug(finding.word),
        "numbers": effect(finding),
        "svg": drawing(finding),
        "link": f"{link}#{place}" if link and finding.seeds else "",
    }


def _download(ledger: Ledger) -> str:
    text = json.dumps(as_json(ledger), indent=1)
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return f"data:application/json;charset=utf-8;base64,{encoded}"
