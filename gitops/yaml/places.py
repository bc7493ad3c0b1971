"""Where the values of a file stand. Costs a careful reading: for errors only."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.problems import InvalidInput
from gitops.yaml.core import documents
from gitops.yaml.nodes import Node, is_merge


class Positions:
    """Line and column, from 1, of every key and value of one document; (0, 0) where nothing is known."""

    def __init__(self, root: Node | None) -> None:
        self._root = root

    def of(self, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """The place of the value at a path, or of its key.

        Segments that are not in the document are skipped (pydantic adds the names of union members), so a missing
        field has the place of its closest parent.
        """
        if self._root is None:
            return 0, 0
        name, value = None, self._root
        for segment in path:
            if found := child(value, segment):
                name, value = found
        place = name if name and (key or value.empty) else value
        return place.line, place.column


def positions(text: str, document: int = 0) -> Positions:
    """The places of one document, counted as `parse_all` does; without any if the text cannot be read."""
    try:
        roots = documents(text, "")
    except InvalidInput:
        return Positions(None)
    return Positions(roots[document] if document < len(roots) else None)


def child(node: Node, segment: str | int) -> tuple[Node | None, Node] | None:
    """Key (None in a list) and value of a direct child, looking into merged maps last."""
    if node.kind == "list" and type(segment) is int and 0 <= segment < len(node.items):
        return None, node.items[segment]
    if node.kind != "map":
        return None
    for name, value in node.entries:
        if name.kind == "scalar" and name.text == segment:
            return name, value
    return _merged_child(node, segment)


def _merged_child(node: Node, segment: str | int) -> tuple[Node | None, Node] | None:
    for name, value in node.entries:
        for source in value.items if value.kind == "list" else [value]:
            if is_merge(name) and (found := child(source, segment)):
                return found
    return None
