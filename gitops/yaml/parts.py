"""The documents of a YAML text as pieces of it, found without reading any: one that is broken hides no other."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitops.problems import Problem

# A line that begins so separates documents wherever it stands: neither quoted text nor a block scalar may hold one.
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LINE = re.compile(r"(?<=on line )[0-9]+")


class Part(NamedTuple):
    """A piece of a text: from `start` to `end`, with `line` lines before it."""

    start: int
    end: int
    line: int

    def of(self, text: str) -> str:
        """The piece itself."""
        return text[self.start : self.end]


def parts(text: str) -> list[Part]:
    """The pieces of a text, each with the marker that begins it; together they are the whole text.

    A piece may hold no document (blank, or only comments). Every piece ends where kubectl and kustomize end a document,
    save that these refuse anything but a comment behind a marker.
    """
    if "\n---" not in text:
        return [Part(0, len(text), 0)]
    starts = [match.start() for match in _MARKER.finditer(text)]
    if not starts or starts[0]:
        starts.insert(0, 0)
    found, line = [], 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        found.append(Part(start, end, line))
        line += text.count("\n", start, end)
    return found


def moved(problem: Problem, lines: int) -> Problem:
    """A problem of a piece as one of the whole text, with so many lines before the piece."""
    place = problem.location
    if not lines or place is None or not place.line:
        return problem
    found = _LINE.sub(lambda match: str(int(match[0]) + lines), problem.found)
    return problem._replace(location=place._replace(line=place.line + lines), found=found)
