"""Setting and removing values in a file that people keep: every other line stays as it is, to the byte.

Edits are cuts in the text at the places that the careful reader found. Each is proven before it is returned: the new
text must read as the data that were asked for, else nothing is changed and the reason is a problem.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem
from gitops.yaml.cuts import drop, put, rekey
from gitops.yaml.read import parse

Path = Sequence[str | int]
Read = Callable[[str, str], Any]
"""What the one document of a text means: YAML 1.2, or `gitops.yaml.kubectl.parse`."""


def set_value(text: str, path: Path, value: Any, file: str = "", read: Read = parse) -> str:
    """The text with the value at a path set; missing parents are made. `parse` reads back the same type.

    Raises InvalidInput `yaml-edit` where a map or list would be replaced by something else, a list index is past the
    end, or an anchor is in the way; the rules of `parse` where the text cannot be read.
    """
    before = read(text, file)
    wanted = having(before, path, value, file)
    if same(before, wanted):
        return text
    return _proven(put(text, path, value), wanted, path, file, read)


def remove_value(text: str, path: Path, file: str = "", read: Read = parse) -> str:
    """The text without the value at a path; the same text if there is none. The last entry leaves `{}` or `[]`.

    Raises InvalidInput as `set_value` does.
    """
    before = read(text, file)
    if not path or not has(before, path):
        return text
    return _proven(drop(text, path), without(before, path), path, file, read)


def rename_key(text: str, path: Path, new: str, file: str = "", read: Read = parse) -> str:
    """The text with the key at a path renamed; the same text if there is none. Its place, value and comments stay.

    Raises InvalidInput as `set_value` does, and where the map has a key `new` already.
    """
    before = read(text, file)
    if not path or not isinstance(path[-1], str) or not has(before, path) or path[-1] == new:
        return text
    wanted = renamed(before, path, new)
    if wanted is None:
        raise _refusal(path, f"cannot become `{new}`, which is there already", file)
    return _proven(rekey(text, path, new), wanted, path, file, read)


def _proven(new: str, wanted: Any, path: Path, file: str, read: Read) -> str:
    try:
        found = read(new, file)
    except InvalidInput:
        found = None
    if not same(found, wanted):
        raise _refusal(
            path,
            "cannot be edited without a change elsewhere",
            file,
            "an anchor or a comment is in the way: edit by hand",
        )
    return new


def _refusal(path: Path, message: str, file: str, hint: str = "") -> InvalidInput:
    return InvalidInput([Problem("yaml-edit", f"`{_dotted(path)}` {message}", Location(file), hint=hint)])


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "the document"


# What the data should be afterwards


def having(data: Any, path: Path, value: Any, file: str = "") -> Any:
    """A copy of data with a value set. Raises InvalidInput as `set_value` does."""
    return _put(copy.deepcopy(data), list(path), value, lambda depth, why: _refusal(path[:depth], why, file))


def _put(
    data: Any, path: list[str | int], value: Any, refuse: Callable[[int, str], InvalidInput], depth: int = 0
) -> Any:
    if depth == len(path):
        if isinstance(data, dict | list) and data and type(data) is not type(value):
            raise refuse(depth, f"is a {_kind(data)}; it is not replaced by a {_kind(value)}")
        return value
    segment = path[depth]
    if isinstance(segment, int):
        data = [] if data is None or data == {} else data
        if not isinstance(data, list) or not 0 <= segment <= len(data):
            raise refuse(depth + 1, "is not an item of a list, nor the next")
        below = _put(data[segment] if segment < len(data) else None, path, value, refuse, depth + 1)
        return [*data[:segment], below, *data[segment + 1 :]]
    data = {} if data is None or data == [] else data
    if not isinstance(data, dict):
        raise refuse(depth, f"is a {_kind(data)}, and has no `{segment}`")
    return {**data, segment: _put(data.get(segment), path, value, refuse, depth + 1)}


def _kind(value: Any) -> str:
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "single value"


def has(data: Any, path: Path) -> bool:
    """Whether there is something at a path."""
    for segment in path:
        inside = isinstance(data, dict) and segment in data
        if not inside and not (isinstance(data, list) and isinstance(segment, int) and 0 <= segment < len(data)):
            return False
        data = data[segment]
    return True


def renamed(data: Any, path: Path, new: str) -> Any:
    """A copy of data with a key renamed in its place, or None if there is such a key already."""
    data = copy.deepcopy(data)
    parent = data
    for segment in path[:-1]:
        parent = parent[segment]
    if new in parent:
        return None
    entries = [(new if key == path[-1] else key, value) for key, value in parent.items()]
    parent.clear()
    parent.update(entries)
    return data


def without(data: Any, path: Path) -> Any:
    """A copy of data without what is at a path."""
    data = copy.deepcopy(data)
    parent = data
    for segment in path[:-1]:
        parent = parent[segment]
    del parent[path[-1]]
    return data


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same types."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
