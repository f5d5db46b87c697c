"""The ledger: every claim, what it says in checkable words, and what was expected of it.

``actlab.lab.claims.evidence`` says how the studies measure it; both are fixed before any run.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actlab.core.errors import UnknownNameError

Kind = Literal[
    "mathematics", "numerics", "training", "application", "cost", "setting", "literature"
]
PriorWord = Literal["true", "conditional", "false", "vague", "open"]

DOCUMENTS = ("powerlu_expolu", "elu", "ralu")
"""The files, in the order of the ledger."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Claim(_Strict):
    """A claim as it was made, and in words that can be found false.

    Args:
        id: P for the blog post, X for its author's later post, E for the essay, R for RaLU.
        source: document and place. quote: a few of its words.
        statement: the claim in checkable words.
        kind: what decides it; ``"literature"`` for what other publications say.
        prior: what theory leads one to expect; begins with a word and a colon.
        test: the tests (T0 to T28) and the topic of the exact check, where there are any.
    """

    id: str = Field(pattern=r"^[PXER][1-9]\d*$")
    source: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    statement: str = Field(min_length=1)
    kind: Kind
    prior: str = Field(pattern=rf"^({'|'.join(get_args(PriorWord))}): \S")
    test: tuple[str, ...] = ()

    @property
    def expected(self) -> PriorWord:
        """The word of the prior: ``"open"`` where only runs can tell."""
        return self.prior.partition(":")[0]  # type: ignore[return-value]


@functools.cache
def claims() -> tuple[Claim, ...]:
    """Every claim of the ledger, document by document.

    Raises:
        ValueError: a file of the package is wrong; the message names file and claim.

    Example:
        >>> from actlab.lab.claims.ledger import claims
        >>> len(claims())
        160
    """
    folder = resources.files("actlab.lab.claims") / "ledger"
    found: dict[str, Claim] = {}
    for document in DOCUMENTS:
        text = (folder / f"{document}.toml").read_text("utf-8")
        for one in read(text, f"{document}.toml"):
            if one.id in found:
                raise ValueError(f"{document}.toml: {one.id} is in the ledger twice")
            found[one.id] = one
    return tuple(found.values())


def claim(id: str) -> Claim:
    """The claim of that id.

    Args:
        id: such as ``"E14"``; upper or lower case.

    Raises:
        UnknownNameError: there is none; the message suggests near ones.

    Example:
        >>> from actlab.lab.claims.ledger import claim
        >>> claim("P8").statement
        'Above 1, PowerLU is the identity with slope 1.'
    """
    known = {one.id: one for one in claims()}
    name = id.upper()
    if name not in known:
        raise UnknownNameError("claim", id, known)
    return known[name]


def read(text: str, origin: str) -> tuple[Claim, ...]:
    """The claims of one file.

    Args:
        text: TOML with a table ``[[claim]]`` for each. origin: what to call it in messages.

    Raises:
        ValueError: it is not TOML, or a claim has an unknown key or a bad value.
    """
    try:
        rows: list[dict[str, Any]] = tomllib.loads(text).get("claim", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{origin}: {error}") from error
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(Claim.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            which = row.get("id", f"claim {number}")
            raise ValueError(
                f"{origin}: {which}: {place or 'the whole'}: {first['msg']}"
            ) from error
    return tuple(found)
