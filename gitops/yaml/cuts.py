"""Cuts in the text of a YAML file. They do not check what they do to the data: `gitops.yaml.edit` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from gitops.yaml import flow
from gitops.yaml.core import documents
from gitops.yaml.emit import dump, quoted, scalar
from gitops.yaml.nodes import Node

Path = Sequence[str | int]


class _Step(NamedTuple):
    """One step down: a container, an index into it, and what stands there (in a list, the key is the item itself)."""

    parent: Node
    place: int
    key: Node
    value: Node


def put(text: str, path: Path, value: Any) -> str:
    """The text with a value set, or inserted behind the last entry of its parent."""
    roots = documents(text, "")
    if not roots:
        return _ended(text) + _native(text, dump(_nested(path, value)))
    steps = _walk(roots[0], path)
    target = steps[-1].value if steps else roots[0]
    missing = path[len(steps) :]
    inside = [target] if missing else []
    if found := _outermost_flow([*(step.parent for step in steps), *inside]):
        return flow.put(text, found[0], path[found[1] :], value, lambda each, _: _flow(each))
    if missing and _children(target):
        return _insert(text, target, missing, value)
    return _replace(text, steps, target, _nested(missing, value))


def drop(text: str, path: Path) -> str:
    """The text without a value that is there."""
    root = documents(text, "")[0]
    steps = _walk(root, path)
    if len(steps) < len(path):
        return text
    if found := _outermost_flow([step.parent for step in steps]):
        return _unless_commented(text, flow.drop(text, found[0], path[found[1] :]))
    *above, last = steps
    if len(_children(last.parent)) == 1:
        return _replace(text, above, last.parent, {} if last.parent.kind == "map" else [])
    return _cut_entry(text, last)


def rekey(text: str, path: Path, new: str) -> str:
    """The text with the key at a path written as another, in quotes of the same kind."""
    steps = _walk(documents(text, "")[0], path)
    if len(steps) < len(path):
        return text
    key = steps[-1].key
    return text[: key.start] + _requoted(new, key.style) + text[key.end :]


def _requoted(text: str, style: str) -> str:
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return quoted(text) if style == '"' else _inline(text)


# Finding


def _walk(node: Node, path: Path) -> list[_Step]:
    """The steps that exist, as far as they go; merged maps are not followed, for they stand elsewhere."""
    steps: list[_Step] = []
    for segment in path:
        children = _children(node)
        names = range(len(children)) if node.kind == "list" else [key.text for key, _ in children]
        if segment not in names or isinstance(segment, int) != (node.kind == "list"):
            break
        index = list(names).index(segment)
        steps.append(_Step(node, index, *children[index]))
        node = steps[-1].value
    return steps


def _children(node: Node) -> list[tuple[Node, Node]]:
    return node.entries if node.kind == "map" else [(item, item) for item in node.items]


def _is_block(node: Node) -> bool:
    """A map or list with its entries on lines of their own."""
    return bool(_children(node)) and not node.alias and node.style != "flow"


def _outermost_flow(containers: list[Node]) -> tuple[Node, int] | None:
    """The first container in flow style that is not empty, and its depth."""
    found = ((node, depth) for depth, node in enumerate(containers) if node.style == "flow" and _children(node))
    return next(found, None)


def _start(text: str, step: _Step) -> int:
    """Where an entry begins: at its key, or at its dash."""
    return step.key.start if step.parent.kind == "map" else text.rfind("-", 0, step.value.start)


def _after(text: str, step: _Step) -> int:
    """Just behind the colon or the dash of an entry."""
    return (text.find(":", step.key.end) if step.parent.kind == "map" else _start(text, step)) + 1


def _end(text: str, step: _Step) -> int:
    """Where what an entry says is over; comments and blank lines behind it are not part of it."""
    node = step.value
    if node.empty:
        return _after(text, step)
    if _is_block(node):
        return _end(text, _last(node))
    if node.style not in ("|", ">"):
        return node.end
    keep = "+" in text[node.start : _line_end(text, node.start)].partition("#")[0]
    return node.end - 1 if keep else node.start + len(text[node.start : node.end].rstrip())


def _last(node: Node) -> _Step:
    index = len(_children(node)) - 1
    return _Step(node, index, *_children(node)[index])


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """Behind the line break of the line at an offset."""
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


# Writing


def _nested(path: Path, value: Any) -> Any:
    for segment in reversed(path):
        value = [value] if isinstance(segment, int) else {segment: value}
    return value


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + _native(text, "\n")


def _native(text: str, added: str) -> str:
    return added.replace("\n", "\r\n") if "\r\n" in text else added


def _indented(text: str, column: int) -> str:
    return re.sub(r"^(?=[^\n])", " " * column, text, flags=re.MULTILINE)


def _pieces(value: Any, column: int, parent: Node, old: Node | None = None) -> tuple[str, str]:
    """What goes on the line of a key or dash at a column, and the lines below it."""
    text = dump(value)
    if parent.kind == "map" and isinstance(value, dict | list) and value:
        usual = column + 2 if isinstance(value, dict) else column
        return "", _indented(text, old.column - 1 if old and _is_block(old) else usual)
    first, _, below = text.partition("\n")
    return " " + first, _indented(below, column + (2 if isinstance(value, dict | list) else 0))


def _insert(text: str, parent: Node, path: Path, value: Any) -> str:
    last = _last(parent)
    place = _line_end(text, _end(text, last))
    start = _start(text, _Step(parent, 0, *_children(parent)[0]))
    column = start - _line_start(text, start)
    head, body = _pieces(_nested(path[1:], value), column, parent)
    name = "-" if parent.kind == "list" else _inline(path[0]) + ":"
    added = _native(text, f"{' ' * column}{name}{head}\n{body}")
    if text[:place].endswith("\n"):
        return text[:place] + added + text[place:]
    return _ended(text) + (added if body else added.rstrip("\r\n"))  # the file had no line break at its end


def _replace(text: str, steps: list[_Step], old: Node, value: Any) -> str:
    if not steps:
        end = _line_end(text, _end(text, _Step(old, 0, old, old)))
        return text[: old.start] + _native(text, dump(value)) + text[end:]
    step = steps[-1]
    after, end, start = _after(text, step), _end(text, step), _start(text, step)
    head, body = _pieces(value, start - _line_start(text, start), step.parent, old)
    rest = _rest(text, step, after, end)
    rest = rest if rest.endswith("\n") or not body else rest + "\n"
    return text[:after] + _native(text, head) + rest + _native(text, body) + text[_line_end(text, end) :]


def _rest(text: str, step: _Step, after: int, end: int) -> str:
    """What stays on the line of a key or dash: a comment, and the line break."""
    old, line_end = step.value, _line_end(text, after)
    if old.style in ("|", ">"):
        return re.sub(r"^[|>][-+0-9]*", "", text[old.start : line_end])
    if not _is_block(old):
        return text[end : _line_end(text, end)]
    return text[after:line_end] if old.start >= line_end else _native(text, "\n")


def _cut_entry(text: str, step: _Step) -> str:
    start, end = _start(text, step), _line_end(text, _end(text, step))
    line = _line_start(text, start)
    if not text[line:start].strip(" "):
        return text[:line] + text[end:]
    following = _Step(step.parent, step.place + 1, *_children(step.parent)[step.place + 1])
    next_start = _start(text, following)
    between = text[end : _line_start(text, next_start)]  # comments of the next entry, which moves up beside the dash
    return text[:line] + between + text[line:start] + text[next_start:]


def _unless_commented(text: str, new: str) -> str:
    """The new text, if no comment can have been lost on the way."""
    return text if new.count("#") < text.count("#") and new.count("\n") < text.count("\n") else new


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar(value)


def _inline(key: Any) -> str:
    return scalar(str(key))
