"""The word for every claim: exact checks, and what the records of the studies show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from actlab.lab.claims.evidence import Evidence, evidence
from actlab.lab.claims.exact import check, checked
from actlab.lab.claims.exact.verdict import ExactVerdict
from actlab.lab.claims.ledger import Claim, claims
from actlab.report.claims.controls import STUDY, Control, controls, passed
from actlab.report.claims.finding import INCOMPLETE, NOT_RUN, Finding, decided, find
from actlab.report.collect import Folder
from actlab.report.verdict import AS_CLAIMED_ONLY, regime_word
from actlab.stats import benjamini_hochberg, confidence_for

WITHHELD = "withheld"
"""In place of a verdict while the controls have not passed."""

LOOKS = MappingProxyType({"smoke": 1, "quick": 1, "full": 2})
"""Planned looks at the data: the full tier may be extended once, so both looks use a level of
2.94 %, which keeps the whole at 5 % (Pocock)."""

_FLIPPED = MappingProxyType({"supported": "reversed", "weak": "undecided", "reversed": "supported"})


@dataclass(frozen=True)
class Verdict:
    """What is known about a claim.

    Args:
        claim: the claim.
        word: of an exact check (``true``, ``conditional``, ``false``, ``vague``, ``literature``),
            a decision word of the studies, ``supported as claimed only``, ``mixed``, ``not run``,
            ``incomplete`` or ``withheld``.
        exact: the exact check, where there is one.
        findings: of every comparison that measures it.
    """

    claim: Claim
    word: str
    exact: ExactVerdict | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Ledger:
    """All claims with their verdicts.

    Args:
        verdicts: in the ledger's order.
        controls: of the control study.
        folder: the records, or None.
        confidence: of the intervals.
        looks: at the data that are planned.
    """

    verdicts: tuple[Verdict, ...]
    controls: tuple[Control, ...]
    folder: Folder | None
    confidence: float
    looks: int = 1

    @property
    def controlled(self) -> bool:
        """Whether the controls have passed, so that verdicts may be printed."""
        return passed(self.controls)


def judge_claims(folder: Folder | None, only: Iterable[str] | None = None) -> Ledger:
    """The verdicts on the claims.

    Args:
        folder: records of the claims' studies, or None for exact checks alone.
        only: ids of claims. Default: all. P-values are corrected over all claims all the same.
    """
    tier = folder.studies[0].tier if folder and folder.studies else "full"
    confidence = confidence_for(LOOKS[tier])
    by_claim: dict[str, list[Finding]] = {}
    for finding in _findings(folder, confidence):
        by_claim.setdefault(finding.evidence.claim, []).append(finding)
    found = controls(folder.study(STUDY)) if folder else ()
    exact = set(checked())
    wanted = set(only) if only is not None else None
    verdicts = []
    for claim in claims():
        if wanted is not None and claim.id not in wanted:
            continue
        settled = check(claim.id) if claim.id in exact else None
        mine = tuple(by_claim.get(claim.id, ()))
        verdicts.append(Verdict(claim, _word(claim, settled, mine, passed(found)), settled, mine))
    return Ledger(tuple(verdicts), found, folder, confidence, LOOKS[tier])


def _findings(folder: Folder | None, confidence: float) -> list[Finding]:
    """All findings; p-values corrected by Benjamini and Hochberg over all comparisons."""
    raw = [
        find(one, folder.study(one.study) if folder else None, regime, confidence)
        for one in evidence()
        for regime in one.regimes
    ]
    tested = {place: found.p for place, found in enumerate(raw) if found.p is not None}
    for place, p in zip(tested, benjamini_hochberg(list(tested.values())), strict=True):
        raw[place] = decided(raw[place], p, 1.0 - confidence)
    return raw


def evidence_word(one: Evidence, findings: Iterable[Finding]) -> str:
    """The word of one comparison over its regimes."""
    words = {f.regime: f.word for f in findings if f.evidence is one}
    missing = {NOT_RUN: "missing", INCOMPLETE: "missing"}
    known = {regime: missing.get(word, word) for regime, word in words.items()}
    if set(known.values()) == {"missing"}:
        return INCOMPLETE if INCOMPLETE in words.values() else NOT_RUN
    present = {regime: word for regime, word in known.items() if word != "missing"}
    word = regime_word(present)
    return _FLIPPED.get(word, word) if one.contradicts else word


def _word(
    claim: Claim, exact: ExactVerdict | None, findings: tuple[Finding, ...], controlled: bool
) -> str:
    words = [evidence_word(one, findings) for one in _distinct(findings)]
    ran = [word for word in words if word not in (NOT_RUN, INCOMPLETE)]
    if not ran:
        if exact is not None:
            return exact.word
        if claim.kind == "literature":
            return claim.kind
        return words[0] if words else NOT_RUN
    if not controlled:
        return WITHHELD
    return combined(ran)


def _distinct(findings: Iterable[Finding]) -> list[Evidence]:
    found: list[Evidence] = []
    for finding in findings:
        if not any(one is finding.evidence for one in found):
            found.append(finding.evidence)
    return found


def combined(words: list[str]) -> str:
    """One word from those of several comparisons that all measure the claim.

    All the same: that word. Some support it and some reverse it: ``mixed``. Otherwise the least
    of them: a claim is supported where every comparison supports it.
    """
    distinct = set(words)
    if len(distinct) == 1:
        return words[0]
    if "reversed" in distinct:
        good = distinct & {"supported", "weak", AS_CLAIMED_ONLY}
        return "mixed" if good else "reversed"
    if "supported" in distinct and distinct & {"negligible"}:
        return "mixed"
    order = ["undecided", "negligible", AS_CLAIMED_ONLY, "weak", "supported"]
    return min(distinct, key=order.index)
