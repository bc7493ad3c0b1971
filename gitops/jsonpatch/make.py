"""The operations that turn one value into another, written to be read, and guarded."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from gitops.jsonpatch.evaluate import Operation
from gitops.objects import identical

_ABSENT: Any = object()


def operations(old: Any, new: Any) -> list[Operation]:
    """What turns `old` into `new` (RFC 6902), in a fixed order; empty if they are identical.

    Maps are entered key by key. Elements of lists are aligned by `name`, else by equality; whatever happens at a list
    index is preceded by a `test` of what stands there. A list is replaced as a whole where that is shorter to read.
    """
    if type(old) is dict and type(new) is dict:
        return _in_map(old, new, "")
    return [] if identical(old, new) else _changes(old, new, "")


def _changes(old: Any, new: Any, path: str) -> list[Operation]:
    """Operations for two values that differ, at a place that exists."""
    if type(old) is dict and type(new) is dict and not (old and new and old.keys().isdisjoint(new)):
        return _in_map(old, new, path)
    if type(old) is list and type(new) is list and new:
        return _in_list(old, new, path)
    return [{"op": "replace", "path": path, "value": new}]


def _in_map(old: dict[str, Any], new: dict[str, Any], path: str) -> list[Operation]:
    changed = [
        key for key, item in old.items() if item is not (other := new.get(key, _ABSENT)) and _differ(item, other)
    ]
    if len(changed) + len(new) > len(old):
        changed += [key for key in new if key not in old]
    result: list[Operation] = []
    for key in sorted(changed):
        place = f"{path}/{_escape(key)}"
        if key not in new:
            result.append({"op": "remove", "path": place})
        elif key not in old:
            result.append({"op": "add", "path": place, "value": new[key]})
        else:
            result += _changes(old[key], new[key], place)
    return result


def _differ(old: Any, new: Any) -> bool:
    """Whether two values are not identical; texts, which most are, at the price of one comparison."""
    return old != new or (type(old) is not str and not identical(old, new))


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _in_list(old: list[Any], new: list[Any], path: str) -> list[Operation]:
    steps = _align(old, new)
    if steps is not None:
        piecewise = _follow(old, new, steps, path)
        if _is_no_longer(piecewise, new) and all(_testable(op["value"]) for op in piecewise if op["op"] == "test"):
            return piecewise
    return [{"op": "replace", "path": path, "value": new}]


class Step(NamedTuple):
    """A range of the old list and the range of the new one that it becomes: one element kept, or a gap between such."""

    i: int
    i_end: int
    j: int
    j_end: int


def _align(old: list[Any], new: list[Any]) -> list[Step] | None:
    """The way from one list to the other without moving an element; None if the order of elements changed."""
    front = back = 0
    shorter = min(len(old), len(new))
    while front < shorter and identical(old[front], new[front]):
        front += 1
    while back < shorter - front and identical(old[-1 - back], new[-1 - back]):
        back += 1
    return _align_gap(old, new, Step(front, len(old) - back, front, len(new) - back))


def _align_gap(old: list[Any], new: list[Any], gap: Step) -> list[Step] | None:
    """The steps between two ends that agree: each element known in both lists is kept."""
    i, i_end, j, j_end = gap
    if i == i_end or j == j_end:
        return [gap]
    tokens_old, tokens_new = _tokens(old, i, i_end), _tokens(new, j, j_end)
    kept = [token for token in tokens_old if token in tokens_new]
    if kept != [token for token in tokens_new if token in tokens_old]:
        return None
    steps = []
    for token in kept:
        next_i, next_j = tokens_old[token], tokens_new[token]
        steps += [Step(i, next_i, j, next_j), Step(next_i, next_i + 1, next_j, next_j + 1)]
        i, j = next_i + 1, next_j + 1
    return [*steps, Step(i, i_end, j, j_end)]


def _tokens(elements: list[Any], start: int, end: int) -> dict[tuple[Any, int], int]:
    """What an element is known by, with how often that came before -> its index."""
    counts: dict[Any, int] = {}
    result = {}
    for index in range(start, end):
        token = _token(elements[index])
        counts[token] = counts.get(token, 0) + 1
        result[token, counts[token]] = index
    return result


def _token(element: Any) -> Any:
    if type(element) is str:
        return element
    if (name := _name(element)) is not None:
        return ("name", name)
    return (json.dumps(element, sort_keys=True),)


def _name(element: Any) -> str | None:
    name = element.get("name") if type(element) is dict else None
    return name if type(name) is str else None


def _follow(old: list[Any], new: list[Any], steps: list[Step], path: str) -> list[Operation]:
    result: list[Operation] = []
    shift = 0  # of the elements not yet reached, by those inserted and removed before them
    for i, i_end, j, j_end in steps:
        paired = min(i_end - i, j_end - j)
        for offset in range(paired):
            place = f"{path}/{i + offset + shift}"
            if changes := _element(old[i + offset], new[j + offset], place):
                result += [_test(old[i + offset], place), *changes]
        place = f"{path}/{i + paired + shift}"
        for removed in old[i + paired : i_end]:
            result += [_test(removed, place), {"op": "remove", "path": place}]
            shift -= 1
        inserted = new[j + paired : j_end]
        if inserted and i_end < len(old):
            result.append(_test(old[i_end], place))
        for value in inserted:
            index = str(i_end + shift) if i_end < len(old) else "-"
            result.append({"op": "add", "path": f"{path}/{index}", "value": value})
            shift += 1
    return result


def _element(old: Any, new: Any, place: str) -> list[Operation]:
    if identical(old, new):
        return []
    if _name(old) != _name(new):
        return [{"op": "replace", "path": place, "value": new}]
    return _changes(old, new, place)


def _test(element: Any, place: str) -> Operation:
    name = _name(element)
    if name is None:
        return {"op": "test", "path": place, "value": element}
    return {"op": "test", "path": f"{place}/name", "value": name}


def _testable(element: Any) -> bool:
    """Whether Kustomize's `test` can compare this: it fails on null inside a list, and compares floats as text."""
    if type(element) in (str, bool, int):
        return True
    if type(element) is dict:
        return all(value is None or _testable(value) for value in element.values())
    return type(element) is list and all(map(_testable, element))


def _lines(value: Any) -> int:
    """About how many lines a value takes as YAML, leaf by leaf."""
    kind = type(value)
    if kind is str:
        return 1 + value.count("\n") if "\n" in value else 1
    if kind is dict and value:
        return sum(map(_lines, value.values()))
    if kind is list and value:
        return sum(map(_lines, value))
    return 1


def _is_no_longer(piecewise: list[Operation], whole: list[Any]) -> bool:
    """Whether these operations take no more lines than one that replaces the list, of which two are its own."""
    return sum(map(_lines, piecewise)) - 2 <= sum(map(_lines, whole))
