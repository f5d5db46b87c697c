"""What tuning found, and whether it is more than chance."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actlab.lab.comparison import Comparison
from actlab.lab.comparison_text import WIDTH, plural
from actlab.lab.tuning.search import Best
from actlab.lab.tuning.space import Space
from actlab.stats import Decision


@dataclass(frozen=True)
class Tuned:
    """The outcome of tuning; print it.

    Args:
        activation: what was tuned.
        space: what was searched.
        seeds: tuning seeds of every trial.
        winner: the best trial of the search other than that of the default parameters.
        default: the best trial of the default parameters over the learning rate alone, or None
            where no learning rate was searched.
        comparison: winner against default on fresh seeds; None before that.
        looks: how many times winners of this search have been put to fresh seeds.
        stopped: whether Ctrl-C ended it early.
        results: the folder with everything, or empty.
    """

    activation: str
    space: Space
    seeds: int
    winner: Best | None
    default: Best | None
    comparison: Comparison | None
    looks: int = 1
    stopped: bool = False
    results: str = ""

    @property
    def params(self) -> Mapping[str, float]:
        """The winner's parameters.

        Raises:
            ValueError: no trial has ended yet.
        """
        if self.winner is None:
            raise ValueError("there is no winner before a trial has ended")
        return self.winner.params

    @property
    def learning_rate(self) -> float | None:
        """The winner's learning rate, or None where there is none."""
        return None if self.winner is None else self.winner.rate

    @property
    def decision(self) -> Decision:
        """The verdict word on winner against default; undecided before there was a test."""
        if self.comparison is None:
            return Decision.UNDECIDED
        paired = self.comparison.rows[0].paired
        return Decision.UNDECIDED if paired is None else paired.decision

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        if self.comparison is None:
            return "Stopped before there was a winner to test."
        return _sentence(self.comparison, self.decision)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return {
            "activation": self.activation,
            "space": self.space.describe(),
            "tuning_seeds": self.seeds,
            "winner": _plain(self.winner),
            "default": _plain(self.default),
            "decision": str(self.decision),
            "sentence": self.sentence,
            "looks": self.looks,
            "stopped": self.stopped,
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
        }

    def to_json(self) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        said = [self.sentence, *_searched(self)]
        lines = [line for text in said for line in textwrap.wrap(text, WIDTH)]
        table = [] if self.comparison is None else ["", str(self.comparison)]
        return "\n".join([*lines, *table])


def named(params: Mapping[str, float], rate: float | None) -> str:
    """``alpha=2.31, learning_rate=0.0032``."""
    parts = [f"{name}={value:.4g}" for name, value in params.items()]
    return ", ".join([*parts, *([f"learning_rate={rate:.3g}"] if rate is not None else [])])


def _plain(best: Best | None) -> dict[str, Any] | None:
    if best is None:
        return None
    return {
        "params": dict(best.params),
        "learning_rate": best.rate,
        "values": list(best.values),
        "trials": best.trials,
        "pruned": best.pruned,
        "failed": best.failed,
        "cause": best.cause,
    }


def _sentence(comparison: Comparison, decision: Decision) -> str:
    paired = comparison.rows[0].paired
    if paired is None or comparison.rows[0].note:
        why = comparison.rows[0].note or "there is no pair of runs"
        return f"Nothing is concluded, as {why}."
    unit = comparison.metric.unit and f" {comparison.metric.unit}"
    unit = " decades" if comparison.metric.scale == "log10" else unit
    ends = "" if paired.interval is None else (
        f" [{paired.interval.low:+.3g}, {paired.interval.high:+.3g}]"
    )  # fmt: skip
    seen = (
        f"better by {paired.estimate:+.3g}{ends}{unit} over "
        f"{plural(len(paired.differences), 'fresh seed')}, p = {paired.holm:.2g}"
    )
    least = f"{comparison.smallest_effect:.3g}{unit}"
    return {
        Decision.SUPPORTED: f"The winner beats the default beyond chance: {seen}.",
        Decision.WEAK: (
            f"The winner beats the default beyond chance, but by less than matters ({least}): "
            f"{seen}."
        ),
        Decision.NEGLIGIBLE: (f"Winner and default differ by less than matters ({least}): {seen}."),
        Decision.REVERSED: f"The default beats the winner beyond chance: {seen}.",
        Decision.UNDECIDED: f"The winner does not beat the default beyond chance: {seen}.",
    }[decision]


def _searched(tuned: Tuned) -> list[str]:
    """How the winner was found, and how the default came to its learning rate."""
    if tuned.winner is None:
        return []
    best = tuned.winner
    said = [
        f"Winner: {tuned.activation} with {named(best.params, best.rate)}, the best of "
        f"{plural(best.trials, 'trial')} at {plural(tuned.seeds, 'tuning seed')} each over "
        f"{tuned.space}."
    ]
    if best.beaten:
        said.append("At the tuning seeds the default parameters did better than any other.")
    if best.pruned:
        said.append(f"{plural(best.pruned, 'trial')} ended early, as clearly worse than the best.")
    if best.failed:
        said.append(f"{plural(best.failed, 'trial')} had failing runs: {best.cause}.")
    if tuned.default is not None:
        said.append(
            f"Default: {named(tuned.default.params, tuned.default.rate)}, the learning rate "
            f"being the best of {plural(tuned.default.trials, 'trial')} over it alone."
        )
    for one in tuned.space.everything:
        value = best.rate if one.name == "learning_rate" else best.params[one.name]
        if value is not None and one.is_near_end(value):
            said.append(f"{one.name} lies at the end of its range; a better one may lie beyond.")
    if tuned.looks > 1:
        said.append(
            f"Winners of this search have been put to fresh seeds {tuned.looks} times: p-values "
            f"are multiplied by {tuned.looks}, and intervals widened likewise."
        )
    return said
