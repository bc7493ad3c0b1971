"""A fault: one thing that is wrong with an object, before anybody knows which line of whose file made it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from gitops.problems import Severity

Path = tuple[str | int, ...]
"""Where in an object: names of fields and indices of lists."""


class Fix(NamedTuple):
    """An edit that is safe to make unasked: the result is what the author can only have meant.

    `value`: the new value of `set`, or the new name of the key at `path` of `rename`.
    """

    op: Literal["set", "rename", "remove"]
    path: Path
    value: Any = None


class Fault(NamedTuple):
    """One violation of a rule. `pointer` leads to the field, also to one that is missing; the rest is text for people."""

    rule: str
    pointer: Path
    message: str
    found: str = ""
    expected: str = ""
    why: str = ""
    hint: str = ""
    severity: Severity = "error"
    fix: Fix | None = None
