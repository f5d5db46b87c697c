"""A study: what is compared, at which sizes, over which seeds; read from a TOML file."""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from actlab.core.errors import UnknownNameError
from actlab.lab.toml_lines import TomlPath, locate, nearest

Model = Literal["single", "stacked"]
Regime = Literal["as-claimed", "fair"]
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
EVERY = "*"
"""A contender of this name stands for every registered function at its default parameters."""


class StudyError(ValueError):
    """The study file is wrong; each line of the message names a key and where it stands."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ContenderSpec(BaseModel):
    """A function by name; every other key is one of its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    name: str = Field(min_length=1)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters given, by name."""
        return dict(self.model_extra or {})


class Part(_Strict):
    """One experiment of a study: the same network and budget for several functions."""

    name: str = Field(pattern=SLUG)
    title: str = Field(min_length=1)
    model: Model
    regimes: list[Regime] = Field(min_length=1)
    contenders: list[str | ContenderSpec] = Field(min_length=1)
    width: int = Field(ge=1, le=8192)
    depth: int = Field(ge=2, le=1000)
    rounds: int = Field(ge=1, le=1_000_000)
    seeds: int = Field(ge=1, le=10_000)
    learning_rate: float | None = Field(default=None, gt=0.0, le=10.0)
    learning_rates: list[float] | None = Field(default=None, min_length=2)
    tuning_seeds: int | None = Field(default=None, ge=1, le=1000)
    timeout: float = Field(default=3600.0, gt=0.0)

    @model_validator(mode="after")
    def _one_way_to_a_learning_rate(self) -> Self:
        if (self.learning_rate is None) == (self.learning_rates is None):
            raise ValueError("give either learning_rate, or learning_rates to choose from")
        if (self.learning_rates is None) != (self.tuning_seeds is None):
            raise ValueError("learning_rates and tuning_seeds go together")
        for rate in self.learning_rates or ():
            if not 0.0 < rate <= 10.0:
                raise ValueError(f"learning_rates must lie in (0, 10], got {rate!r}")
        for name in ("regimes", "learning_rates"):
            values = getattr(self, name) or []
            if len(set(values)) != len(values):
                raise ValueError(f"{name} must not repeat a value, got {values!r}")
        return self


class Study(_Strict):
    """A whole study."""

    name: str = Field(pattern=SLUG, max_length=60)
    title: str = Field(min_length=1)
    task: str
    claim: str = Field(min_length=1)
    note: str = ""
    contender: str | ContenderSpec
    baseline: str | ContenderSpec
    fitted: float = Field(gt=0.0)
    smallest_effect: float = Field(gt=0.0)
    part: list[Part] = Field(min_length=1)
    quick: dict[str, dict[str, Any]] = Field(default_factory=dict)
    _source: str = PrivateAttr(default="")
    _places: dict[TomlPath, int] = PrivateAttr(default_factory=dict)
    _replaced: dict[str, list[str]] = PrivateAttr(default_factory=dict)

    def place(self, *path: str | int) -> str:
        """File, line and key of something in the study, to begin an error message with."""
        if len(path) > 2 and path[0] == "part" and isinstance(path[1], int):
            name = self.part[path[1]].name
            if path[2] in self._replaced.get(name, []):
                path = ("quick", name, *path[2:])
        return _where(path, self._places, self._source)


def built_in() -> list[str]:
    """Names of the studies that come with actlab."""
    folder = resources.files("actlab.lab") / "studies"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name[-5:] == ".toml")


def load_study(source: str, *, quick: bool = False, seeds: int | None = None) -> Study:
    """Read a study by name or from a file.

    Args:
        source: the name of a built-in study, or the path of a TOML file.
        quick: apply the study's own ``[quick]`` table, which makes it smaller.
        seeds: test seeds of every part, in place of those of the file; 1 to 10 000.

    Raises:
        UnknownNameError: neither a built-in study nor a file.
        StudyError: the file is wrong; the message names key and line.
        ValueError: ``seeds`` out of range.
    """
    if seeds is not None and not 1 <= seeds <= 10_000:
        raise ValueError(f"seeds must lie in [1, 10000], got {seeds}")
    looks_like_path = source.endswith(".toml") or "/" in source or "\\" in source
    if looks_like_path:
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"cannot read the study file {source}: {error}") from error
    elif source in built_in():
        text = (resources.files("actlab.lab") / "studies" / f"{source}.toml").read_text("utf-8")
    else:
        raise UnknownNameError("study", source, built_in())
    study = parse_study(text, source)
    if quick and not study.quick:
        raise StudyError(f"{source}: the study has no [quick] table, so there is no quick version")
    if quick:
        study = _made_quick(study)
    if seeds is not None:
        parts = [part.model_copy(update={"seeds": seeds}) for part in study.part]
        study = study.model_copy(update={"part": parts})
    return study


def parse_study(text: str, source: str) -> Study:
    """Check a study's text.

    Raises:
        StudyError: it is not TOML, or a key is missing, unknown or out of range.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source}: {error}") from error
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        raise StudyError(_explain(error, locate(text), source)) from None
    study._source, study._places = source, locate(text)
    names = [part.name for part in study.part]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise StudyError(f"{study.place('part', index, 'name')}{name!r} is taken already")
    for name in study.quick:
        if name not in names:
            where = study.place("quick", name)
            raise StudyError(f"{where}there is no part of that name; {_suggest(name, names)}")
    # The quick version must be right too, before anything runs.
    _made_quick(study)
    return study


def _made_quick(study: Study) -> Study:
    """The study with its ``[quick]`` table applied."""
    parts = []
    for part in study.part:
        change = study.quick.get(part.name, {})
        if "name" in change:
            place = _where(("quick", part.name, "name"), study._places, study._source)
            raise StudyError(f"{place}: a quick version keeps the name of its part")
        merged = {**part.model_dump(exclude_none=True), **change}
        if "learning_rate" in change:
            merged.pop("learning_rates", None)
            merged.pop("tuning_seeds", None)
        try:
            parts.append(Part.model_validate(merged))
        except ValidationError as error:
            prefix = ("quick", part.name)
            raise StudyError(_explain(error, study._places, study._source, prefix)) from None
    quick = study.model_copy(update={"part": parts})
    quick._replaced = {name: list(change) for name, change in study.quick.items()}
    return quick


def _where(path: TomlPath, places: dict[TomlPath, int], source: str) -> str:
    line = nearest(places, path)
    return f"{source}: " + (f"line {line}: " if line else "") + _dotted(path)


def _explain(
    error: ValidationError, places: dict[TomlPath, int], source: str, prefix: TomlPath = ()
) -> str:
    """One line per mistake: file, line, key, what is wrong, what would be right."""
    lines = []
    seen = set()
    for detail in error.errors(include_url=False):
        path = prefix + tuple(p for p in detail["loc"] if not _is_branch(p))
        if (path, detail["type"]) in seen:
            continue
        seen.add((path, detail["type"]))
        lines.append(f"{_where(path, places, source)}{_reason(detail, path)}")
    return "\n".join(lines)


def _is_branch(part: str | int) -> bool:
    """Pydantic puts the name of the tried type into the location of a union's error."""
    return part in ("str", "ContenderSpec")


def _dotted(path: TomlPath) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{text}: " if text else ""


def _reason(detail: Any, path: TomlPath) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        fields = Part.model_fields if path[0] in ("part", "quick") else Study.model_fields
        return f"unknown key; {_suggest(str(path[-1]), list(fields))}"
    if kind == "missing":
        return "this key is missing"
    message = re.sub(r"^(Value error, |Input )", "", detail["msg"])
    if kind == "value_error":
        return message
    return f"{message}, got {detail['input']!r}"


def _suggest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
