"""The edits of `gitops.yaml.edit` for a text of JSON: what is set is JSON again, and every other byte stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.yaml import flow
from gitops.yaml.core import documents
from gitops.yaml.edit import has, having, renamed, same, without
from gitops.yaml.nodes import Node

Path = Sequence[str | int]


def set_json(text: str, path: Path, value: Any, file: str = "") -> str:
    """As `set_value`, for one JSON value."""
    wanted = having(json.loads(text), path, value, file)
    return _proven(flow.put(text, _root(text), path, value, _writer(text)), wanted, file)


def remove_json(text: str, path: Path, file: str = "") -> str:
    """As `remove_value`, for one JSON value."""
    before = json.loads(text)
    if not path or not has(before, path):
        return text
    return _proven(flow.drop(text, _root(text), path), without(before, path), file)


def rename_json(text: str, path: Path, new: str, file: str = "") -> str:
    """As `rename_key`, for one JSON value."""
    before = json.loads(text)
    if not path or not isinstance(path[-1], str) or not has(before, path) or path[-1] == new:
        return text
    if (wanted := renamed(before, path, new)) is None:
        raise _refusal(f"`{path[-1]}` cannot become `{new}`, which is there already", file)
    parent = flow.walk(_root(text), path[:-1])[-1]
    key = next(key for key, _ in parent.entries if key.text == path[-1])
    return _proven(text[: key.start] + json.dumps(new, ensure_ascii=False) + text[key.end :], wanted, file)


def _proven(new: str, wanted: Any, file: str) -> str:
    try:
        found = json.loads(new)
    except ValueError:
        found = None
    if not same(found, wanted):
        raise _refusal("this JSON cannot be edited: edit it by hand", file)
    return new


def _refusal(message: str, file: str) -> InvalidInput:
    return InvalidInput([Problem("yaml-edit", message, Location(file))])


def _root(text: str) -> Node:
    """JSON is YAML, once the tabs between its values are blanks."""
    return documents(text.replace("\t", " "), "")[0]


def _writer(text: str) -> flow.Write:
    """Values on one line, or on lines that are indented from where they stand if the text is written so."""

    def write(value: Any, node: Node) -> str:
        if not isinstance(value, dict | list) or not value or "\n" not in text:
            return json.dumps(value, ensure_ascii=False)
        line = text[text.rfind("\n", 0, node.start) + 1 : node.start]
        margin = line[: len(line) - len(line.lstrip(" \t"))]
        written = json.dumps(value, ensure_ascii=False, indent="\t" if "\n\t" in text else 2)
        return written.replace("\n", f"\n{margin}")

    return write
