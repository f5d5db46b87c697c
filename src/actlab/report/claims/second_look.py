"""Which comparisons a second look can decide: those that the first look left open."""

from __future__ import annotations

from actlab.report.claims.verdicts import LOOKS, Ledger
from actlab.stats import Decision


def left_open(ledger: Ledger) -> dict[str, list[str]]:
    """The parts, by study, whose comparisons leave a claim undecided.

    Args:
        ledger: the verdicts of the first look.

    Raises:
        ValueError: no second look was planned for this tier, the controls have not passed, or
            the first look is not finished.
    """
    studies = ledger.folder.studies if ledger.folder else ()
    tiers = {one.tier for one in studies}
    if not tiers or any(LOOKS[tier] < 2 for tier in tiers):
        planned = ", ".join(tier for tier, looks in LOOKS.items() if looks > 1)
        raise ValueError(
            f"results must be those of the claims in a tier with a second look ({planned}), got "
            f"{', '.join(sorted(tiers)) or 'no study of claims'}"
        )
    unfinished = sum(one.cells - sum(one.counts.values()) for one in studies)
    if unfinished:
        raise ValueError(
            f"results must hold the whole first look, and {unfinished} of its cells were not run: "
            "actlab retry runs them"
        )
    if not ledger.controlled:
        raise ValueError("results must have passed their controls before they are extended")
    found: dict[str, set[str]] = {}
    for verdict in ledger.verdicts:
        if verdict.word != Decision.UNDECIDED:
            continue
        for finding in verdict.findings:
            if finding.word == Decision.UNDECIDED:
                parts = {part for part, _ in finding.evidence.arms()}
                found.setdefault(finding.evidence.study, set()).update(parts)
    return {study: sorted(parts) for study, parts in sorted(found.items())}
