"""A fault: one thing that is wrong with an object, before anybody knows which line of whose file made it."""

from __future__ import annotations

from typing import NamedTuple

from gitops.problems import Fix, Path, Severity

__all__ = ["Fault", "Fix", "Path"]


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
    quotable: bool = True
    """Whether the line of the file may be shown; one with a secret on it may not."""
    meant: Path | None = None
    """Of an unknown field: the one that it was probably to be. That this is missing goes without saying."""
