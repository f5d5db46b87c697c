"""The claims in a terminal: a line each, or all that is known about one."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actlab.report import words
from actlab.report.claims.finding import Finding
from actlab.report.claims.verdicts import Ledger, Verdict
from actlab.report.words import REGIME_TITLES

STYLES = MappingProxyType({
    "true": "green", "supported": "green", "false": "red", "reversed": "red", "mixed": "yellow",
    "conditional": "yellow", "weak": "green", "withheld": "bold red", "incomplete": "red",
})  # fmt: skip


def print_claims(
    ledger: Ledger, console: Console, *, kind: str = "", word: str = "", whole: bool = False
) -> None:
    """Print the claims.

    Args:
        ledger: from :func:`actlab.report.claims.verdicts.judge_claims`.
        console: where to print.
        kind, word: only claims of this kind, with this verdict.
        whole: everything about each, not a line.

    Raises:
        UnknownNameError: no claim has that kind or that verdict.
    """
    from actlab.core.errors import UnknownNameError

    kinds = {verdict.claim.kind for verdict in ledger.verdicts}
    found = {verdict.word for verdict in ledger.verdicts}
    if kind and kind not in kinds:
        raise UnknownNameError("kind of claim", kind, kinds)
    if word and word not in found:
        raise UnknownNameError("verdict", word, found)
    chosen = [
        verdict
        for verdict in ledger.verdicts
        if kind in ("", verdict.claim.kind) and word in ("", verdict.word)
    ]
    if whole:
        for verdict in chosen:
            _print_whole(verdict, console)
    else:
        console.print(_table(chosen))
        counts = Counter(verdict.word for verdict in chosen)
        parts = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        console.print(Text(f"{words.plural(len(chosen), 'claim')}: {parts}"))
    _print_controls(ledger, console)


def _table(chosen: list[Verdict]) -> Table:
    from rich import box

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("claim", no_wrap=True)
    table.add_column("verdict", min_width=11)
    table.add_column("stated so that it can be false", ratio=1)
    for verdict in chosen:
        table.add_row(
            Text(verdict.claim.id),
            Text(verdict.word, style=STYLES.get(verdict.word, "")),
            Text(verdict.claim.statement),
        )
    return table


def _print_whole(verdict: Verdict, console: Console) -> None:
    claim = verdict.claim
    console.print(
        Text(f"{claim.id}  ", style="bold").append(
            verdict.word, style=STYLES.get(verdict.word, "bold")
        )
    )
    console.print(Text(f"  “{claim.quote}” ({claim.source})"))
    console.print(Text(f"  Stated so that it can be false: {claim.statement}"))
    if claim.prior:
        console.print(Text(f"  Expected: {claim.prior}", style="dim"))
    if verdict.exact is not None:
        console.print(Text(f"  Exactly: {verdict.exact.sentence}"))
        for fact in verdict.exact.facts:
            style = "" if fact.agrees else "red"
            console.print(Text(f"    {fact.name}: {fact.value}", style=style))
    for finding in verdict.findings:
        console.print(Text(f"  {sentence(finding)}"))


def sentence(finding: Finding) -> str:
    """A finding in one sentence."""
    evidence = finding.evidence
    what = {
        "difference": f"{evidence.contender} against {evidence.baseline}",
        "equivalence": f"{evidence.contender} equals {evidence.baseline}",
        "interaction": "interaction "
        + " ".join(f"{t.weight:+g} {t.arm}@{t.part or evidence.part}" for t in evidence.terms),
        "threshold": f"{evidence.contender} reaches {evidence.limit:g}"
        if evidence.limit is not None
        else "",
        "rate": f"share of successes of {evidence.contender}",
        "spread": f"spread of {evidence.contender} over that of {evidence.baseline}",
        "mediation": f"{evidence.contender} on the way from {evidence.baseline} to "
        f"{evidence.target}",
    }[evidence.kind]
    regime = REGIME_TITLES[finding.regime].partition(" (")[0]
    place = f"{evidence.study}, {evidence.part}, {regime}: {what}, {evidence.metric}"
    if finding.estimate is None:
        return f"{place}: {finding.word} ({finding.why or 'no result'})"
    numbers = effect(finding)
    if finding.adjusted is not None:
        numbers += f", p = {words.p_value(finding.adjusted)}"
    trouble = f", {finding.failed} missing" if finding.failed else ""
    trouble += f", {finding.diverged} diverged" if finding.diverged else ""
    return f"{place}: {finding.word}, {numbers}, {finding.seeds} seeds{trouble}"


def effect(finding: Finding) -> str:
    """The estimate with its interval, in the units of its kind; empty where there is none."""
    if finding.estimate is None:
        return ""
    if finding.evidence.kind in ("rate", "mediation"):
        ends = finding.interval
        between = "no interval" if ends is None else f"{ends.low:.0%} to {ends.high:.0%}"
        return f"{finding.estimate:.0%} ({between})"
    if finding.evidence.kind == "spread":
        ends = finding.interval
        between = "no interval" if ends is None else f"{ends.low:.2f} to {ends.high:.2f}"
        return f"{finding.estimate:.2f} times ({between})"
    text = f"{finding.estimate:+.3g} ({words.between(finding.interval)})"
    return f"{text} beyond the limit" if finding.evidence.kind == "threshold" else text


def _print_controls(ledger: Ledger, console: Console) -> None:
    if ledger.folder is None:
        console.print(
            Text("No records: actlab run claims --tier quick puts the empirical ones to the test.")
        )
        return
    if not ledger.controls:
        console.print(Text("The controls have not been run: verdicts are withheld.", style="red"))
    for control in ledger.controls:
        mark, style = ("passed", "dim") if control.passed else ("FAILED", "bold red")
        console.print(Text(f"control {mark}: {control.name}: {control.seen}", style=style))


def as_json(ledger: Ledger) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "controls_passed": ledger.controlled,
        "controls": [vars(control) for control in ledger.controls],
        "confidence": ledger.confidence,
        "looks": ledger.looks,
        "extended": dict(ledger.folder.extended) if ledger.folder else {},
        "claims": [
            {
                **verdict.claim.model_dump(mode="json"),
                "verdict": verdict.word,
                "exact": verdict.exact.sentence if verdict.exact else None,
                "findings": [_finding(one) for one in verdict.findings],
            }
            for verdict in ledger.verdicts
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "evidence": finding.evidence.model_dump(mode="json"),
        "regime": finding.regime,
        "word": finding.word,
        "effect": effect(finding),
        "estimate": finding.estimate,
        "interval": list(finding.interval) if finding.interval else None,
        "p": finding.p,
        "adjusted": finding.adjusted,
        "seeds": finding.seeds,
        "planned": finding.planned,
        "failed": finding.failed,
        "diverged": finding.diverged,
        "why": finding.why,
    }
