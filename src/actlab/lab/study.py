"""A study: what is compared, at which settings, over which seeds."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from actlab.lab.arm import Learned, Scheme
from actlab.lab.toml_lines import TomlPath, nearest

Regime = Literal["as-claimed", "fair"]
Tier = Literal["smoke", "quick", "full"]
TIERS: tuple[Tier, ...] = ("smoke", "quick", "full")
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
EVERY = "*"
"""A contender of this name stands for every registered function at its default parameters."""


class StudyError(ValueError):
    """The study file is wrong; each line of the message names a key and where it stands."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ContenderSpec(BaseModel):
    """A function by name; keys other than these are its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    name: str = Field(min_length=1)
    label: str = Field(default="", max_length=60)
    """How tables call it, in place of its name and parameters."""
    learn: Learned = ""
    """Train its parameters: one set per layer ("shared") or one per unit ("unit")."""
    constraint: str = ""
    """Keep learned parameters in this interval, such as "monotone"."""
    init: Scheme | None = None
    """Initialisation in every regime."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of the task for this function, in place of the part's."""

    @property
    def params(self) -> dict[str, Any]:
        """The parameters given, by name."""
        return dict(self.model_extra or {})


class Part(_Strict):
    """One experiment of a study: the same task, settings and budget for several functions."""

    name: str = Field(pattern=SLUG)
    title: str = Field(min_length=1)
    task: str = ""
    """The task, where it is not the study's."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings of the task; those not given have its defaults."""
    metric: str = ""
    """What is compared, where it is not the task's first metric."""
    regimes: list[Regime] = Field(min_length=1)
    contenders: list[str | ContenderSpec] = Field(min_length=1)
    baseline: str | ContenderSpec | None = None
    """What the others are compared with, where it is not the study's."""
    init: Scheme | None = None
    """Initialisation in every regime, in place of "default" as claimed and "own" in the fair."""
    seeds: int = Field(ge=1, le=10_000)
    first_look: int | None = Field(default=None, ge=1, le=10_000)
    """Seeds that there were before more were added: cells of theirs stay as they are."""
    learning_rate: float | None = Field(default=None, gt=0.0, le=100.0)
    """One rate for all. With learning_rates as well, it is the rate of "as-claimed" only."""
    learning_rates: list[float] | None = Field(default=None, min_length=2)
    """Rates to choose from, function by function, with tuning seeds."""
    tuning_seeds: int | None = Field(default=None, ge=1, le=1000)
    timeout: float = Field(default=3600.0, gt=0.0)
    smallest_effect: float | None = Field(default=None, gt=0.0)
    """Smallest effect of interest, where it is not the study's."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.learning_rate is None and self.learning_rates is None:
            raise ValueError("give learning_rate, or learning_rates to choose from, or both")
        if self.first_look is not None and self.first_look > self.seeds:
            raise ValueError(
                f"first_look must be at most seeds = {self.seeds}, got {self.first_look}"
            )
        if (self.learning_rates is None) != (self.tuning_seeds is None):
            raise ValueError("learning_rates and tuning_seeds go together")
        for rate in self.learning_rates or ():
            if not 0.0 < rate <= 100.0:
                raise ValueError(f"learning_rates must lie in (0, 100], got {rate!r}")
        for name in ("regimes", "learning_rates"):
            values = getattr(self, name) or []
            if len(set(values)) != len(values):
                raise ValueError(f"{name} must not repeat a value, got {values!r}")
        return self

    def tunes(self, regime: Regime) -> bool:
        """Whether each function's learning rate is chosen, in that regime."""
        if self.learning_rates is None:
            return False
        return regime == "fair" or self.learning_rate is None

    def scheme(self, regime: Regime) -> Scheme:
        """The initialisation in that regime."""
        return self.init or ("own" if regime == "fair" else "default")


class Study(_Strict):
    """A whole study."""

    name: str = Field(pattern=SLUG, max_length=60)
    title: str = Field(min_length=1)
    task: str = ""
    """The task of every part that names none."""
    claim: str = Field(min_length=1)
    note: str = ""
    contender: str | ContenderSpec
    baseline: str | ContenderSpec
    fitted: float | None = Field(default=None, gt=0.0)
    """A run whose primary metric is at least as good as this is a success."""
    smallest_effect: float = Field(gt=0.0)
    device: str = Field(default="cpu", min_length=1)
    """Where networks live, of tasks that can live anywhere: cpu, cuda, cuda:1."""
    stack: int | None = Field(default=None, ge=1, le=10_000)
    """Test seeds that train together in a cell; by default what the task and the device say."""
    part: list[Part] = Field(min_length=1)
    quick: dict[str, dict[str, Any]] | None = None
    """What the quick version changes, part by part; ``skip = true`` leaves a part out."""
    smoke: dict[str, dict[str, Any]] | None = None
    """What the smoke version changes, part by part."""
    _source: str = PrivateAttr(default="")
    _places: dict[TomlPath, int] = PrivateAttr(default_factory=dict)
    _replaced: dict[str, list[str]] = PrivateAttr(default_factory=dict)
    _tier: Tier = PrivateAttr(default="full")

    @property
    def tier(self) -> Tier:
        """Which version of the study this is."""
        return self._tier

    @property
    def title_name(self) -> str:
        """Its name with that of the version: results of different versions never mix."""
        return self.name if self.tier == "full" else f"{self.name}-{self.tier}"

    def task_of(self, part: Part) -> str:
        """The task of a part."""
        return part.task or self.task

    def place(self, *path: str | int) -> str:
        """File, line and key of something in the study, to begin an error message with."""
        if len(path) > 2 and path[0] == "part" and isinstance(path[1], int):
            name = self.part[path[1]].name
            if path[2] in self._replaced.get(name, []):
                path = (self.tier, name, *path[2:])
        return where(path, self._places, self._source)


def where(path: TomlPath, places: dict[TomlPath, int], source: str) -> str:
    """File, line and key, to begin an error message with."""
    line = nearest(places, path)
    return f"{source}: " + (f"line {line}: " if line else "") + dotted(path)


def dotted(path: TomlPath) -> str:
    """A key as a user would write it: ``part[2].seeds: ``."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{text}: " if text else ""
