"""The second look: twice the seeds where the first look left a comparison open.

It is planned, not an afterthought: intervals and p-values of both looks are those of two looks
(``stats.confidence_for``). It is taken once, and a results folder remembers for which parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from actlab.lab.study import Study

Extended: TypeAlias = Mapping[str, Sequence[str]]
"""Names of parts by the name of their study."""

NOT_EXTENDED: Extended = MappingProxyType({})
TIMES = 2
"""How many times the seeds of the first look the second one has in all."""

KEY = "extended"


def with_second_look(study: Study, parts: Collection[str]) -> Study:
    """The study with twice the seeds in some of its parts; other parts stay as they are.

    Args:
        study: with the seeds of the first look.
        parts: names of parts; those that this version of the study leaves out do not matter.
    """
    if not parts:
        return study
    more = [
        part.model_copy(update={"seeds": TIMES * part.seeds, "first_look": part.seeds})
        if part.name in parts
        else part
        for part in study.part
    ]
    return study.model_copy(update={"part": more})


def recorded(extended: Extended) -> dict[str, Any]:
    """What a study description says about a second look: nothing where there is none."""
    if not extended:
        return {}
    return {KEY: {study: sorted(parts) for study, parts in sorted(extended.items())}}


def extended_in(about: Mapping[str, Any]) -> Extended:
    """The parts that a study description says have had, or are having, their second look.

    Raises:
        ValueError: the description is not of that form.
    """
    found = about.get(KEY, {})
    if not isinstance(found, dict) or not all(
        isinstance(parts, list) and all(isinstance(name, str) for name in parts)
        for parts in found.values()
    ):
        raise ValueError(f"{KEY!r} of a study description must list parts by study, got {found!r}")
    return found
