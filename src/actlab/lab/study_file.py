"""Studies from TOML files: read, checked, and made smaller; every mistake with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actlab.core.errors import UnknownNameError
from actlab.lab.study import TIERS, Part, Study, StudyError, Tier, where
from actlab.lab.toml_lines import TomlPath, locate


def built_in() -> list[str]:
    """Names of the studies that come with actlab."""
    folder = resources.files("actlab.lab") / "studies"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name[-5:] == ".toml")


def load_study(
    source: str,
    *,
    tier: Tier = "full",
    seeds: int | None = None,
    device: str | None = None,
    stack: int | None = None,
) -> Study:
    """Read a study by name or from a file.

    Args:
        source: the name of a built-in study, or the path of a TOML file.
        tier: ``full``: the file as it is; ``quick`` and ``smoke``: with the table of that name
            applied, which makes it smaller. Default: ``full``.
        seeds: test seeds of every part, in place of those of the file; 1 to 10 000.
        device: in place of the file's.
        stack: test seeds that train together, in place of the file's; 1 to 10 000.

    Raises:
        UnknownNameError: neither a built-in study nor a file, or no such tier.
        StudyError: the file is wrong; the message names key and line.
        ValueError: ``seeds`` or ``stack`` out of range.
    """
    check_counts(seeds=seeds, stack=stack)
    if tier not in TIERS:
        raise UnknownNameError("tier", tier, TIERS)
    study = parse_study(_text_of(source), source)
    if tier != "full":
        study = _made_smaller(study, tier)
    changes: dict[str, Any] = {"device": device, "stack": stack}
    if seeds is not None:
        changes["part"] = [part.model_copy(update={"seeds": seeds}) for part in study.part]
    return study.model_copy(update={k: v for k, v in changes.items() if v is not None})


def check_counts(**counts: int | None) -> None:
    """Numbers of seeds given in place of a study's own.

    Raises:
        ValueError: one out of range; the message names it.
    """
    for name, number in counts.items():
        if number is not None and not 1 <= number <= 10_000:
            raise ValueError(f"{name} must lie in [1, 10000], got {number}")


def _text_of(source: str) -> str:
    if source.endswith(".toml") or "/" in source or "\\" in source:
        try:
            return Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"cannot read the study file {source}: {error}") from error
    if source in built_in():
        return (resources.files("actlab.lab") / "studies" / f"{source}.toml").read_text("utf-8")
    raise UnknownNameError("study", source, built_in())


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
    for index, part in enumerate(study.part):
        if not (part.task or study.task):
            raise StudyError(f"{study.place('part', index, 'task')}the part has no task")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise StudyError(f"{study.place('part', index, 'name')}{name!r} is taken already")
    # The smaller versions must be right too, before anything runs.
    for tier in TIERS[:-1]:
        changes = getattr(study, tier)
        for name in changes or {}:
            if name not in names:
                place = study.place(tier, name)
                raise StudyError(f"{place}there is no part of that name; {_suggest(name, names)}")
        if changes is not None:
            _made_smaller(study, tier)
    return study


def _made_smaller(study: Study, tier: Tier) -> Study:
    """The study with its table of that name applied."""
    changes = getattr(study, tier)
    if changes is None:
        raise StudyError(
            f"{study._source}: the study has no [{tier}] table, so there is no {tier} version"
        )
    parts = []
    for part in study.part:
        change = dict(changes.get(part.name, {}))
        if change.pop("skip", False) is True:
            continue
        if "name" in change:
            place = where((tier, part.name, "name"), study._places, study._source)
            raise StudyError(f"{place}a {tier} version keeps the name of its part")
        before = part.model_dump(exclude_none=True)
        merged = {**before, **change}
        if isinstance(change.get("settings"), dict):
            merged["settings"] = {**before["settings"], **change["settings"]}
        if "learning_rate" in change and "learning_rates" not in change:
            merged.pop("learning_rates", None)
            merged.pop("tuning_seeds", None)
        try:
            parts.append(Part.model_validate(merged))
        except ValidationError as error:
            prefix = (tier, part.name)
            raise StudyError(_explain(error, study._places, study._source, prefix)) from None
    if not parts:
        raise StudyError(f"{study._source}: the {tier} version leaves out every part")
    smaller = study.model_copy(update={"part": parts})
    smaller._replaced = {name: list(change) for name, change in changes.items()}
    smaller._tier = tier
    return smaller


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
        lines.append(f"{where(path, places, source)}{_reason(detail, path)}")
    return "\n".join(lines)


def _is_branch(part: str | int) -> bool:
    """Pydantic puts the name of the tried type into the location of a union's error."""
    return part in ("str", "ContenderSpec")


def _reason(detail: Any, path: TomlPath) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        fields = Part.model_fields if path[0] in ("part", *TIERS) else Study.model_fields
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
