"""Reading back what this tool wrote, in half the time: read quickly, and shown to be right by writing it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_ALIAS = re.compile(r"(?:^|[\s\[{,:])\*", re.MULTILINE)
_CHAIN = re.compile(r"[-?:][ \t]+[-?:][ \t]+[-?:][ \t]")
_FAR = " " * 81


def reread(text: str, write: Callable[[Any], str]) -> Any:
    """The data of which `write` makes exactly this text; None if it makes it of none, or nobody can say quickly.

    `write` is `dump`, or what puts its text into another; tests hold every reader to what `dump` was given.
    """
    import yaml12

    # yaml12 puts no bound on blocks within blocks, on one line or line by line, nor on what aliases expand to.
    if _FAR in text or _CHAIN.search(text) or ("*" in text and _ALIAS.search(text)):
        return None
    try:
        data = yaml12.parse_yaml(text)
        return data if write(data) == text else None
    except (TypeError, ValueError, RecursionError):  # no YAML, or none of ours
        return None
