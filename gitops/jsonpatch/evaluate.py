"""What JSON6902 operations make of a value: an evaluator that owes nothing to the code that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitops.objects import identical

Operation = dict[str, Any]
"""`op` (add, remove, replace or test), `path` (a JSON pointer) and, unless it removes, `value`."""


def evaluate(value: Any, changes: Sequence[Operation]) -> Any:
    """The value after all operations; shares with `value` what stays. ValueError with the path where one fails."""
    for change in changes:
        path = change["path"]
        keys = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        try:
            value = _apply(value, keys, change)
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(f"`{change['op']}` fails at {path}") from None
    return value


def _apply(value: Any, keys: list[str], change: Operation) -> Any:
    if not keys:
        return _at_root(value, change)
    key, *rest = keys
    place = _index(value, key, change["op"] == "add" and not rest) if type(value) is list else key
    if rest:
        changed = _apply(value[place], rest, change)
        return value if changed is value[place] else _with(value, place, changed)
    return _at(value, place, change)


def _at_root(value: Any, change: Operation) -> Any:
    if change["op"] == "test":
        return _tested(value, change)
    if change["op"] == "remove":
        raise ValueError
    return change["value"]


def _index(value: list[Any], key: str, adding: bool) -> int:
    if key == "-" and adding:
        return len(value)
    if not (key == "0" or (key.isascii() and key.isdigit() and key[0] != "0")):
        raise ValueError
    index = int(key)
    if index >= len(value) + adding:
        raise IndexError
    return index


def _at(value: Any, place: Any, change: Operation) -> Any:
    op = change["op"]
    if op == "add":
        if type(value) is list:
            return [*value[:place], change["value"], *value[place:]]
        return _with(value, place, change["value"])
    present = value[place]  # KeyError here is the failure of the operation
    if op == "test":
        _tested(present, change)
        return value
    if op == "replace":
        return _with(value, place, change["value"])
    if op != "remove":
        raise ValueError
    if type(value) is list:
        return value[:place] + value[place + 1 :]
    return {key: item for key, item in value.items() if key != place}


def _tested(value: Any, change: Operation) -> Any:
    if not identical(value, change["value"]):
        raise ValueError
    return value


def _with(value: Any, place: Any, item: Any) -> Any:
    if type(value) is dict:
        return {**value, place: item}
    changed = list(value)
    changed[place] = item
    return changed
