"""Cuts inside `{…}` and `[…]`, in JSON and in YAML. They do not check what they do to the data: who calls them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gitops.yaml.nodes import Node

Path = Sequence[str | int]
Write = Callable[[Any, Node], str]
"""The text of a value, given a node that begins where it is to begin."""


def put(text: str, root: Node, path: Path, value: Any, write: Write) -> str:
    """The text with a value set below a node, or added behind the last entry of its parent."""
    nodes = walk(root, path)
    node, missing = nodes[-1], path[len(nodes) - 1 :]
    for segment in reversed(missing[1:]):
        value = [value] if isinstance(segment, int) else {segment: value}
    if not missing:
        return text[: node.start] + write(value, node) + text[node.end :]
    name = "" if isinstance(missing[0], int) else f"{write(missing[0], node)}: "
    children = _children(node)
    if not children:
        whole = f"{{{name}{write(value, node)}}}" if name else f"[{write(value, node)}]"
        return text[: node.start] + whole + text[node.end :]
    first, last = children[0][0], children[-1][1]
    lead = text[node.start + 1 : first.start]
    lead = lead if "\n" in lead else " "
    return text[: last.end] + "," + lead + name + write(value, first) + text[last.end :]


def drop(text: str, root: Node, path: Path) -> str:
    """The text without an entry below a node; it has to be there."""
    parent = walk(root, path[:-1])[-1]
    children = _children(parent)
    index = path[-1] if isinstance(path[-1], int) else [key.text for key, _ in children].index(path[-1])
    if len(children) == 1:
        return text[: parent.start + 1] + text[parent.end - 1 :]
    if index + 1 < len(children):
        return text[: children[index][0].start] + text[children[index + 1][0].start :]
    return text[: children[index - 1][1].end] + text[children[index][1].end :]


def walk(node: Node, path: Path) -> list[Node]:
    """A node and those on the way down from it, as far as there are any."""
    found = [node]
    for segment in path:
        if (child := _child(found[-1], segment)) is None:
            break
        found.append(child)
    return found


def _child(node: Node, segment: str | int) -> Node | None:
    if node.kind == "map":
        return next((value for key, value in node.entries if key.text == segment), None)
    return node.items[segment] if isinstance(segment, int) and 0 <= segment < len(node.items) else None


def _children(node: Node) -> list[tuple[Node, Node]]:
    return node.entries if node.kind == "map" else [(item, item) for item in node.items]
