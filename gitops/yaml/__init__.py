"""YAML in and out: text that every reader takes the same way, strict reading, and edits that keep comments.

What only errors and edits need is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops.yaml.emit import dump
from gitops.yaml.read import parse, parse_all

if TYPE_CHECKING:
    from gitops.yaml.edit import remove_value, rename_key, set_value
    from gitops.yaml.places import Positions, positions

__all__ = ["Positions", "dump", "parse", "parse_all", "positions", "remove_value", "rename_key", "set_value"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in ("Positions", "positions"):
        return getattr(import_module("gitops.yaml.places"), name)
    if name in ("remove_value", "rename_key", "set_value"):
        return getattr(import_module("gitops.yaml.edit"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
