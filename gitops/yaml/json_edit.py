"""The edits of `gitops.yaml.edit` for a text of JSON: what is set is JSON again, and every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.yaml.core import documents
from gitops.yaml.edit import has, having, renamed, same, without
from gitops.yaml.nodes import Node

Path = Sequence[str | int]


def set_json(text: str, path: Path, value: Any, file: str = "") -> str:
    """As `set_value`, for one JSON value."""
    wanted = having(json.loads(text), path, value, file)
    return _proven(_put(text, path, value), wanted, file)


def remove_json(text: str, path: Path, file: str = "") -> str:
    """As `remove_value`, for one JSON value."""
    before = json.loads(text)
    if not path or not has(before, path):
        return text
    return _proven(_drop(text, path), without(before, path), file)


def rename_json(text: str, path: Path, new: str, file: str = "") -> str:
    """As `rename_key`, for one JSON value."""
    before = json.loads(text)
    if not path or not isinstance(path[-1], str) or not has(before, path) or path[-1] == new:
        return text
    if (wanted := renamed(before, path, new)) is None:
        raise _refusal(f"`{path[-1]}` cannot become `{new}`, which is there already", file)
    parent = _nodes(text, path[:-1])[-1]
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


def _nodes(text: str, path: Path) -> list[Node]:
    """The root and the nodes on the way down, as far as there are any. JSON is YAML, once its tabs are blanks."""
    found = [documents(text.replace("\t", " "), "")[0]]
    for segment in path:
        entry = _entry(found[-1], segment)
        if entry is None:
            break
        found.append(entry[1])
    return found


def _entry(node: Node, segment: str | int) -> tuple[Node, Node] | None:
    """Key and value of a child; None if there is none."""
    if node.kind == "map":
        return next((entry for entry in node.entries if entry[0].text == segment), None)
    if isinstance(segment, int) and 0 <= segment < len(node.items):
        return node.items[segment], node.items[segment]
    return None


def _children(node: Node) -> list[tuple[Node, Node]]:
    return node.entries if node.kind == "map" else [(item, item) for item in node.items]


def _put(text: str, path: Path, value: Any) -> str:
    nodes = _nodes(text, path)
    node, missing = nodes[-1], path[len(nodes) - 1 :]
    for segment in reversed(missing[1:]):
        value = [value] if isinstance(segment, int) else {segment: value}
    if not missing:
        return text[: node.start] + _written(value, text, node) + text[node.end :]
    name = "" if isinstance(missing[0], int) else f"{json.dumps(missing[0], ensure_ascii=False)}: "
    children = _children(node)
    if not children:
        whole = f"[{_written(value, text, node)}]" if not name else f"{{{name}{_written(value, text, node)}}}"
        return text[: node.start] + whole + text[node.end :]
    first, last = children[0][0], children[-1][1]
    lead = text[node.start + 1 : first.start] or " "
    return text[: last.end] + "," + lead + name + _written(value, text, first) + text[last.end :]


def _written(value: Any, text: str, node: Node) -> str:
    """A value on one line, or on lines that are indented from where it stands if the text is written so."""
    if not isinstance(value, dict | list) or not value or "\n" not in text:
        return json.dumps(value, ensure_ascii=False)
    line = text[text.rfind("\n", 0, node.start) + 1 : node.start]
    margin = re.match(r"[ \t]*", line)
    written = json.dumps(value, ensure_ascii=False, indent="\t" if "\n\t" in text else 2)
    return written.replace("\n", f"\n{margin[0] if margin else ''}")


def _drop(text: str, path: Path) -> str:
    parent = _nodes(text, path[:-1])[-1]
    children = _children(parent)
    index = path[-1] if isinstance(path[-1], int) else [key.text for key, _ in children].index(path[-1])
    if len(children) == 1:
        return text[: parent.start + 1] + text[parent.end - 1 :]
    if index + 1 < len(children):
        return text[: children[index][0].start] + text[children[index + 1][0].start :]
    return text[: children[index - 1][1].end] + text[children[index][1].end :]
