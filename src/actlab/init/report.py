"""What initialisation did: one row for every module with parameters, as data and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one layer, or why it was left alone.

    Attributes:
        name: of the module, or of the parameter where it has no module of its own.
        shape: of its weight.
        followed_by: what its output runs into.
        mode: how the gain was chosen.
        gain: the gain of what follows.
        scale: the factor on top of it: for residual branches and sums.
        sigma_w: gain times scale; weights have variance ``sigma_w^2 / fan``. None when left.
        sigma_b: standard deviation of the biases. None when there are none, or left.
        action: ``"set"`` or ``"left"``.
        note: why, in words.
    """

    name: str
    shape: tuple[int, ...]
    followed_by: str
    mode: str
    gain: float | None
    scale: float
    sigma_w: float | None
    sigma_b: float | None
    action: Literal["set", "left"]
    note: str


@dataclass(frozen=True, slots=True)
class InitReport:
    """What ``init_`` did to a model; ``print`` shows it as a table.

    Attributes:
        rows: one for every layer, and for everything else that has parameters.
        traced: whether the model was run to see what follows what.
        distribution: how weights were drawn. fan: what they were divided by.
        warnings: what a user should know.
    """

    rows: tuple[Row, ...]
    traced: bool
    distribution: str
    fan: str
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Row:
        """The row of that name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        head = ("layer", "shape", "followed by", "mode", "sigma_w", "sigma_b", "", "note")
        lines = [
            (
                row.name or "(model)",
                "x".join(map(str, row.shape)),
                row.followed_by,
                row.mode,
                number(row.sigma_w),
                number(row.sigma_b),
                row.action,
                row.note,
            )
            for row in self.rows
        ]
        done = sum(row.action == "set" for row in self.rows)
        how = "seen in a run" if self.traced else "read off the order of modules"
        title = (
            f"{done} of {len(self.rows)} initialised: {self.distribution} weights, variance "
            f"sigma_w^2 / fan_{self.fan}; what follows was {how}"
        )
        return "\n".join([title, table(head, lines), *(f"! {line}" for line in self.warnings)])


def number(value: float | None) -> str:
    """Four significant digits; a dash for None."""
    return "-" if value is None else f"{value:.4g}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns of text, as wide as they need to be."""
    every = [head, *lines]
    widths = [max(len(line[k]) for line in every) for k in range(len(head))]

    def aligned(line: Sequence[str]) -> str:
        return "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([aligned(head), rule, *(aligned(line) for line in lines)])
