"""YAML in and out: text that every reader takes the same way, strict reading, and edits that keep comments."""

from __future__ import annotations

from gitops.yaml.emit import dump
from gitops.yaml.read import parse, parse_all

__all__ = ["dump", "parse", "parse_all"]
