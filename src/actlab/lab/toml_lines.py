"""Where each key and list item of a TOML file stands, so that errors can name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator

TomlPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")


def locate(text: str) -> dict[TomlPath, int]:
    """The line number (from 1) of every key, table and list item of a valid TOML text.

    Args:
        text: the whole file. Keys inside an inline table stand where the table begins.
    """
    places: dict[TomlPath, int] = {}
    tables: dict[TomlPath, int] = {}
    prefix: TomlPath = ()
    key: TomlPath = ()
    depth = 0
    item = 0
    for number, line in _code_lines(text):
        if depth == 0:
            header = _HEADER.match(line)
            if header:
                prefix = _names(header[2])
                if header[1] == "[[":
                    index = tables.get(prefix, -1) + 1
                    tables[prefix] = index
                    places.setdefault(prefix, number)
                    prefix = (*prefix, index)
                places.setdefault(prefix, number)
                continue
            found = _KEY.match(line)
            if not found:
                continue
            key = prefix + _names(found[1])
            for length in range(len(prefix) + 1, len(key) + 1):
                places.setdefault(key[:length], number)
            line = line[found.end() :]
            item = 0
        depth, item = _walk(line, depth, item, key, number, places)
    return places


def _walk(
    line: str, depth: int, item: int, key: TomlPath, number: int, places: dict[TomlPath, int]
) -> tuple[int, int]:
    """Follow brackets along one line, noting where each item of the outermost list begins."""
    for char in line:
        if depth == 1 and not char.isspace() and char not in ",]}":
            places.setdefault((*key, item), number)
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        elif char == "," and depth == 1:
            item += 1
    return depth, item


def nearest(places: dict[TomlPath, int], path: TomlPath) -> int | None:
    """The line of a path, or of the closest thing around it that the file spells out."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]]
    return None


def _names(dotted: str) -> TomlPath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _code_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with comments cut off and the inside of strings after a key blanked out.

    Brackets, commas and number signs inside a string are text, not structure.
    """
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        out: list[str] = []
        place = 0
        while place < len(line):
            if fence:
                end = line.find(fence, place)
                if end < 0:
                    place = len(line)
                else:
                    out.append('"')
                    place = end + len(fence)
                    fence = ""
                continue
            char = line[place]
            if char == "#":
                break
            triple = line[place : place + 3]
            if triple in ('"""', "'''"):
                fence = triple
                out.append('"')
                place += 3
            elif char in "\"'":
                end = _string_end(line, place)
                inside = line[place:end]
                out.append(inside if "=" not in "".join(out) else '""')
                place = end
            else:
                out.append(char)
                place += 1
        yield number, "".join(out)


def _string_end(line: str, start: int) -> int:
    quote = line[start]
    place = start + 1
    while place < len(line) and line[place] != quote:
        place += 2 if quote == '"' and line[place] == "\\" else 1
    return min(place + 1, len(line))
