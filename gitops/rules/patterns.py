"""Patterns that are compiled when they are first asked: to compile all of them took half the time of loading the rules."""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    """A pattern to be; the methods of the compiled one become its own attributes, so that later calls cost nothing more."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._source), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, later: what is wrong with a pattern shows when it is first used."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
