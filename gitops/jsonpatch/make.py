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
    if identical(old, new):
        return []
    if type(old) is dict and type(new) is dict:
        return list(_in_map(old, new, ""))
    return _changes(old, new, "")


def _changes(old: Any, new: Any, path: str) -> list[Operation]:
    """Operations for two values that differ, at a place that exists."""
    if old and new:
        if type(old) is dict and type(new) is dict and not old.keys().isdisjoint(new):
            return _in_map(old, new, path)
        if type(old) is list and type(new) is list:
            return _in_list(old, new, path)
    elif type(old) is type(new) is dict:
        return _in_map(old, new, path)
    elif type(old) is type(new) is list and new:
        return _in_list(old, new, path)
    return [{"op": "replace", "path": path, "value": new}]


def _in_map(old: dict[str, Any], new: dict[str, Any], path: str) -> list[Operation]:
    changed = [
        key for key, item in old.items() if item is not (other := new.get(key, _ABSENT)) and not identical(item, other)
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


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _in_list(old: list[Any], new: list[Any], path: str) -> list[Operation]:
    whole: list[Operation] = [{"op": "replace", "path": path, "value": new}]
    steps = _align(old, new)
    if steps is None:
        return whole
    piecewise = _follow(steps, path)
    if piecewise is None or sum(map(_lines, piecewise)) >= sum(map(_lines, whole)):
        return whole
    return piecewise


class Step(NamedTuple):
    """Base elements in a row and the elements that they become: one kept, or a gap of some removed and some inserted."""

    old: list[Any]
    new: list[Any]


def _align(old: list[Any], new: list[Any]) -> list[Step] | None:
    """The way from one list to the other without moving an element; None if the order of elements changed."""
    front = back = 0
    shorter = min(len(old), len(new))
    while front < shorter and identical(old[front], new[front]):
        front += 1
    while back < shorter - front and identical(old[-1 - back], new[-1 - back]):
        back += 1
    middle_old, middle_new = old[front : len(old) - back], new[front : len(new) - back]
    middle = _align_middle(middle_old, middle_new)
    if middle is None:
        return None
    ends = [Step([element], [element]) for element in old[:front]], [Step([e], [e]) for e in old[len(old) - back :]]
    return [*ends[0], *middle, *ends[1]]


def _align_middle(old: list[Any], new: list[Any]) -> list[Step] | None:
    tokens_old, tokens_new = _tokens(old), _tokens(new)
    kept = [token for token in tokens_old if token in tokens_new]
    if kept != [token for token in tokens_new if token in tokens_old]:
        return None
    steps = []
    i = j = 0
    for token in kept:
        next_i, next_j = tokens_old[token], tokens_new[token]
        steps += [Step(old[i:next_i], new[j:next_j]), Step([old[next_i]], [new[next_j]])]
        i, j = next_i + 1, next_j + 1
    return [*steps, Step(old[i:], new[j:])]


def _tokens(elements: list[Any]) -> dict[tuple[Any, int], int]:
    """What an element is known by (and the how manieth of that it is) -> its index."""
    counts: dict[Any, int] = {}
    result = {}
    for index, element in enumerate(elements):
        token = _token(element)
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


def _follow(steps: list[Step], path: str) -> list[Operation] | None:
    """The operations of the steps; None if an element that has to be tested cannot be."""
    result: list[Operation] = []
    index, left = 0, sum(len(step.old) for step in steps)
    following = [element for step in steps for element in step.old]
    done = 0
    for step in steps:
        paired = min(len(step.old), len(step.new))
        for old, new in zip(step.old, step.new, strict=False):
            place = f"{path}/{index}"
            if not identical(old, new):
                if not _testable(old):
                    return None
                result += [_test(old, place), *_element(old, new, place)]
            index, done = index + 1, done + 1
        for old in step.old[paired:]:
            if not _testable(old):
                return None
            result += [_test(old, f"{path}/{index}"), {"op": "remove", "path": f"{path}/{index}"}]
            done += 1
        inserted = step.new[paired:]
        if inserted and done < left:
            if not _testable(following[done]):
                return None
            result.append(_test(following[done], f"{path}/{index}"))
        for new in inserted:
            result.append({"op": "add", "path": f"{path}/{index if done < left else '-'}", "value": new})
            index += 1
    return result


def _element(old: Any, new: Any, place: str) -> list[Operation]:
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
    if _name(element) is not None or type(element) in (str, bool, int):
        return True
    if type(element) is dict:
        return all(value is None or _testable(value) for value in element.values())
    return type(element) is list and all(map(_testable, element))


def _lines(value: Any) -> int:
    """About how many lines a value takes as YAML; an operation is a value, too."""
    if type(value) is dict:
        return (
            sum(map(_lines, value.values())) + sum(1 for item in value.values() if type(item) in (dict, list) and item)
            or 1
        )
    if type(value) is list:
        return sum(map(_lines, value)) or 1
    return 1 + value.count("\n") if type(value) is str else 1
