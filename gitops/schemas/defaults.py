"""What the API server makes of a custom resource before it judges and stores it: nulls go, defaults come.

Source: k8s.io/apiextensions-apiserver, pkg/apiserver/schema/defaulting (PruneNonNullableNullsWithoutDefaults, Default).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from gitops.schemas.tree import Node

_ABSENT = object()


def defaulted(value: Any, node: Node | None) -> Any:
    """The value with its nulls removed, save where the schema allows them, and with every default of the schema.

    What does not change is not copied. Doing it twice is doing it once.
    """
    if node is None:
        return value
    if type(value) is dict:
        return _map(value, node)
    if type(value) is list:
        return _list(value, node.items)
    return value


def _map(value: dict[str, Any], node: Node) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: new
        for name, each in value.items()
        if (each is None or type(each) is dict or type(each) is list)
        and (new := _present(each, node.child(name))) is not each
    }
    for name, child in node.defaults.items():
        if name not in value:
            changes[name] = defaulted(deepcopy(child.default), child)
    if not changes:
        return value
    return {name: each for name, each in {**value, **changes}.items() if each is not _ABSENT}


def _present(value: Any, node: Node | None) -> Any:
    """What a field becomes; a null of a field that cannot be null is as good as no field."""
    if value is not None or node is None or node.nullable:
        return defaulted(value, node)
    return _ABSENT if node.default is None else defaulted(deepcopy(node.default), node)


def _list(value: list[Any], node: Node | None) -> list[Any]:
    """No item goes: a null without a default stays, for the schema to refuse."""
    if node is None:
        return value
    items = [each if (new := _present(each, node)) is _ABSENT else new for each in value]
    return value if all(new is old for new, old in zip(items, value, strict=True)) else items
