"""Where something stands in a user's file."""

from __future__ import annotations

from typing import NamedTuple


class Location(NamedTuple):
    """A place in a file: path relative to the project, line and column from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, without what is unknown."""
        return ":".join(str(part) for part in self if part)
