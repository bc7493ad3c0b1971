"""YAML in and out: text that every reader takes the same way, strict reading, and edits that keep comments."""

from __future__ import annotations

from gitops.yaml.edit import remove_value, set_value
from gitops.yaml.emit import dump
from gitops.yaml.positions import Positions, positions
from gitops.yaml.read import parse, parse_all

__all__ = ["Positions", "dump", "parse", "parse_all", "positions", "remove_value", "set_value"]
