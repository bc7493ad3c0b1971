"""Lists that may not repeat themselves: `x-kubernetes-list-type` set and map.

Source: k8s.io/apiextensions-apiserver, pkg/apiserver/schema/listtype (ValidateListSetsAndMaps).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gitops.schemas.tree import Node


def any_repeated(obj: Any, root: Node) -> bool:
    """Whether any list of an object repeats an item. One flat loop over the places that matter: this sees every object."""
    left = [(obj, root)]
    for value, node in left:
        if type(value) is dict:
            additional = node.additional
            if additional is not None and additional.has_lists:
                left += [(each, additional) for each in value.values()]
            for name in node.listed.keys() & value.keys():
                left.append((value[name], node.listed[name]))
        elif type(value) is list:
            if node.items is not None and node.items.has_lists:
                left += [(each, node.items) for each in value]
            if len(value) > 1 and node.list_type in ("map", "set") and next(repeated(value, node), None):
                return True
    return False


def repeated(items: list[Any], node: Node) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(index, index of the first such item, the fields they share) of each item that repeats an earlier one.

    The fields are empty for a set, whose items are equal as a whole. A key that is not there counts as its default;
    where that is missing too, two items without it are alike. Of a map list with anything but objects in it nothing
    is said: the schema refuses it.
    """
    if node.list_type == "map" and any(item is not None and type(item) is not dict for item in items):
        return
    if len(node.keys) == 1 and _differ(items, node.keys[0]):
        return
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        key = key_of(item, node) if node.list_type == "map" else item
        before = first.setdefault(json.dumps(key, sort_keys=True), index)
        if before != index:
            yield index, before, key if node.list_type == "map" else {}


def _differ(items: list[Any], key: str) -> bool:
    """Whether each item has the key, as text, and each another: the common case, told quickly."""
    keys = {name for item in items if item is not None and type(name := item.get(key)) is str}
    return len(keys) == len(items)


def key_of(item: Any, node: Node) -> dict[str, Any]:
    """The key fields of an item of a map list, as the API server sees them."""
    fields = item if isinstance(item, dict) else {}
    found = {
        name: _value(fields.get(name), node.items.properties.get(name) if node.items else None) for name in node.keys
    }
    return {name: value for name, value in found.items() if value is not None}


def _value(value: Any, node: Node | None) -> Any:
    return node.default if value is None and node is not None else value
