"""Where the values of a plain text stand, by its columns alone: some thirty times faster than a careful reading.

In a text that the fast reader takes (`gitops.yaml.read`) nothing goes on over the end of a line but plain text and block
scalars. These are left out; a line of that text stands deeper than what it belongs to, and if it looks like a key it misleads
nobody who follows a path that exists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gitops.yaml.read import is_plain, lines

_BLANKS = re.compile(r" *")


class _Token(NamedTuple):
    """A dash, a key or a text, and the place of what follows a key on its line; 0 if nothing does."""

    kind: str
    line: int
    column: int
    name: str = ""
    value: int = 0
    is_flow: bool = False


class Columns:
    """As `gitops.yaml.places.Positions`, of the one document of a plain text."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens

    def of(self, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int] | None:
        """The place of the value at a path, or of its key; None if only a careful reading can tell."""
        name: _Token | None = None
        first, end = 0, len(self._tokens)
        for segment in path:
            if (name and name.is_flow) or (first < end and self._tokens[first].kind == "flow"):
                return None
            found = None if name and name.value else self._child(first, end, segment)
            if found is None:
                continue
            first, end = found + 1, self._end(found, end)
            name = self._tokens[found]
        return self._place(name, first, end, key)

    def _place(self, name: _Token | None, first: int, end: int, key: bool) -> tuple[int, int] | None:
        if name and name.kind == "key" and (key or (not name.value and first == end)):
            return name.line, name.column
        if name and name.value:
            return name.line, name.value
        return self._tokens[first][1:3] if first < end else None

    def _child(self, first: int, end: int, segment: str | int) -> int | None:
        """Which token in a container is the entry of a name or number."""
        if first >= end:
            return None
        kind, _, column, *_ = self._tokens[first]
        count = 0
        for index in range(first, end):
            token = self._tokens[index]
            if token.column == column and token.kind == kind:
                if (kind == "key" and token.name == segment) or (kind == "item" and count == segment):
                    return index
                count += 1
        return None

    def _end(self, start: int, end: int) -> int:
        """Behind the last token of an entry: what stands deeper, and a list below a key also in its column."""
        kind, _, column, *_ = self._tokens[start]
        for index in range(start + 1, end):
            token = self._tokens[index]
            if token.column < column or (token.column == column and (kind == "item" or token.kind == "key")):
                return index
        return end


def columns(text: str) -> Columns | None:
    """The places in a text of one document; None if it is not plain."""
    text = text.replace("\r\n", "\n")
    return Columns(_tokens(text)) if is_plain(text) else None


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for number, match in enumerate(lines(text), 1):
        marker, indent, dashes, double, single, plain, *_ = match.groups()
        if marker:
            continue
        text = match.string  # block scalars are comments there
        start = match.start() + len(indent)
        base = match.start() - 1
        found += (_Token("item", number, start - base + at) for at, sign in enumerate(dashes) if sign == "-")
        start += len(dashes)
        name = double or (single or "").replace("''", "'") or plain
        if name:
            end = max(match.end(4) + 1, match.end(5) + 1, match.end(6))
            value = _BLANKS.match(text, text.index(":", end) + 1).end()  # type: ignore[union-attr]  # it matches nothing, too
            is_there = value < match.end() and text[value] != "#"
            is_flow = is_there and text[value] in "[{"
            found.append(_Token("key", number, start - base, name, value - base if is_there else 0, is_flow))
        elif start < match.end() and text[start : match.end()].strip() and text[start] != "#":
            kind = "flow" if text[start] in "[{" else "text"
            found.append(_Token(kind, number, start - base, is_flow=kind == "flow"))
    return found
