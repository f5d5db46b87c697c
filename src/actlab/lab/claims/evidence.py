"""How each empirical claim is measured: which study, which part, which comparison."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from actlab.lab.study import Regime

Kind = Literal[
    "difference", "equivalence", "threshold", "interaction", "spread", "mediation", "rate"
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Term(_Strict):
    """One term of a contrast: a weight times an arm's score, more being better."""

    weight: float
    part: str = ""
    """Where it is not the evidence's own part."""
    arm: str
    regime: Regime | None = None
    """Where it is not the regime looked at."""


class Evidence(_Strict):
    """One way in which a claim is measured.

    ``difference``: the contender is better than the baseline by ``delta``. ``equivalence``: they
    differ by less than ``delta``. ``interaction``: the weighted sum of ``terms`` exceeds
    ``delta``. ``threshold``: the contender's metric is at least as good as ``limit``. ``rate``: a
    0-or-1 metric of the contender is 1 in a share of at least ``limit`` of the runs. ``spread``:
    the contender's standard deviation over seeds is below ``limit`` times the baseline's.
    ``mediation``: of the way from ``baseline`` to ``target``, the contender goes at least the
    share ``limit``.
    """

    claim: str
    study: str
    part: str
    regimes: list[Regime] = Field(min_length=1)
    metric: str
    kind: Kind
    contender: str = ""
    baseline: str = ""
    target: str = ""
    terms: list[Term] = Field(default_factory=list)
    delta: float | None = Field(default=None, gt=0.0)
    limit: float | None = None
    contradicts: bool = False
    """Support for this comparison speaks against the claim."""
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {
            "difference": ("contender", "baseline", "delta"),
            "equivalence": ("contender", "baseline", "delta"),
            "interaction": ("terms", "delta"),
            "threshold": ("contender", "limit"),
            "rate": ("contender", "limit"),
            "spread": ("contender", "baseline", "limit"),
            "mediation": ("contender", "baseline", "target", "limit"),
        }[self.kind]
        for name in needed:
            if getattr(self, name) in ("", None, []):
                raise ValueError(f"evidence of kind {self.kind} needs {name}")
        return self

    def arms(self) -> list[tuple[str, str]]:
        """Part and arm of everything that is looked at."""
        if self.terms:
            return [(term.part or self.part, term.arm) for term in self.terms]
        named = (self.contender, self.baseline, self.target)
        return [(self.part, arm) for arm in named if arm]


def evidence() -> tuple[Evidence, ...]:
    """All evidence, study by study.

    Raises:
        ValueError: a file of the package is wrong; the message names file and entry.
    """
    folder = resources.files("actlab.lab.claims") / "evidence"
    found: list[Evidence] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        entries: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8"))["evidence"]
        for number, entry in enumerate(entries, start=1):
            try:
                found.append(Evidence.model_validate(entry))
            except ValidationError as error:
                raise ValueError(f"{file.name}, entry {number}: {error}") from error
    return tuple(found)
