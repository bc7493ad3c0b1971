"""The tree of a YAML text, every node with its place: slow, for what the fast reader may not read, for errors and edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gitops.location import Location
from gitops.problems import InvalidInput, Problem

MAX_DEPTH = 200
MAX_COPIED = 100_000  # nodes that aliases may add; a document of a few lines can ask for billions


_NO_CHARACTER = re.compile(r"\\U(?!0010|000)[0-9a-fA-F]{8}")


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, list or map and where it stands; offsets count characters from 0."""

    kind: str
    start: int
    end: int
    line: int
    column: int
    style: str = ""
    tag: str = ""
    text: str = ""
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    alias: bool = False
    closed: bool = False
    size: int = 1
    height: int = 0

    @property
    def empty(self) -> bool:
        """Nothing at all in the text, which means null; its place is that of whatever comes next."""
        return self.kind == "scalar" and self.start == self.end

    def add(self, child: Node) -> None:
        """Take the next item, key or value; a key waits in `items` for its value."""
        self.items.append(child)
        self.size += child.size
        self.height = max(self.height, child.height + 1)
        if self.kind == "map" and len(self.items) == 2:
            self.entries.append((self.items[0], self.items[1]))
            self.items.clear()


def read(text: str, file: str) -> list[Node]:
    """The documents of a text as trees of nodes. Raises InvalidInput: `yaml-syntax`, `yaml-alias`, `yaml-depth`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return list(_documents(YAML(typ="safe", pure=True).parse(text), file))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        raise InvalidInput([_syntax(str(error.problem or error.context), str(error.context or ""), place)]) from None
    except ReaderError as error:
        line, column = place_of(text, error.position)
        message = f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
        hint = "write it as an escape in double quotes, or remove it"
        raise InvalidInput([Problem("yaml-syntax", message, Location(file, line, column), hint=hint)]) from None
    except (YAMLError, ValueError, OverflowError) as error:
        if escape := _NO_CHARACTER.search(text):  # these raise without a mark
            place = Location(file, *place_of(text, escape.start()))
            raise InvalidInput(
                [Problem("yaml-syntax", "an escape stands for no character of Unicode", place)]
            ) from None
        message = f"this is not YAML ({type(error).__name__})"
        raise InvalidInput([Problem("yaml-syntax", message, Location(file))]) from None


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


_PLAINER = {
    "mapping values are not allowed here": (
        "a second `: ` on one line, or a line indented too far",
        "put text that contains `: ` in quotes",
    ),
    "could not find expected ':'": ("this line is neither `key: value` nor a list item", "is the colon missing?"),
    "found character '\\t' that cannot start any token": ("a tab where YAML takes only spaces", "indent with spaces"),
    "found unexpected end of stream": ("a quote is opened and never closed", ""),
}


def _syntax(problem: str, context: str, place: Location) -> Problem:
    message, hint = _PLAINER.get(problem, (f"{context}: {problem}" if context else problem, ""))
    return Problem("yaml-syntax", message, place, hint=hint)


def _documents(events: Iterable[Any], file: str) -> Iterator[Node]:
    """Nodes from a parser's events, with a stack of our own: nesting costs no recursion."""
    stack: list[Node] = []
    anchors: dict[str, Node] = {}
    copied = 0
    for event in events:
        name = type(event).__name__
        if name in ("MappingEndEvent", "SequenceEndEvent"):
            node = stack.pop()
            node.end, node.closed = event.end_mark.index, True
        elif name == "AliasEvent":
            node = _aliased(event, anchors, len(stack), file)
            copied += node.size
            _check_copied(copied, event, file)
        elif name in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            node = _node(event, name)
            if event.anchor:
                anchors[event.anchor] = node
            if not node.closed:
                stack.append(node)
                _check_depth(len(stack), event, file)
                continue
        else:
            if name == "DocumentStartEvent":
                anchors = {}
            continue
        if stack:
            stack[-1].add(node)
        else:
            yield node


_KINDS = {"ScalarEvent": "scalar", "MappingStartEvent": "map", "SequenceStartEvent": "list"}


def _node(event: Any, name: str) -> Node:
    start, end = event.start_mark, event.end_mark
    node = Node(_KINDS[name], start.index, end.index, start.line + 1, start.column + 1, tag=str(event.tag or ""))
    if name == "ScalarEvent":
        node.text, node.style, node.closed = event.value, event.style or "", True
    else:
        node.style = "flow" if event.flow_style else ""
    return node


def _aliased(event: Any, anchors: dict[str, Node], depth: int, file: str) -> Node:
    node = anchors.get(event.anchor)
    if node is None:
        raise _fault("yaml-alias", f"`*{event.anchor}` refers to an anchor that is not there", event, file)
    if not node.closed:
        raise _fault("yaml-alias", f"`*{event.anchor}` contains itself", event, file)
    _check_depth(depth + node.height, event, file)
    start, end = event.start_mark, event.end_mark
    return Node(
        node.kind, start.index, end.index, start.line + 1, start.column + 1, node.style, node.tag, node.text,
        node.items, node.entries, True, True, node.size, node.height,
    )  # fmt: skip


def _check_copied(copied: int, event: Any, file: str) -> None:
    if copied > MAX_COPIED:
        raise _fault("yaml-alias", f"aliases expand to more than {MAX_COPIED:,} values", event, file)


def _check_depth(depth: int, event: Any, file: str) -> None:
    if depth > MAX_DEPTH:
        raise _fault("yaml-depth", f"nested deeper than {MAX_DEPTH} levels", event, file)


def _fault(rule: str, message: str, event: Any, file: str) -> InvalidInput:
    mark = event.start_mark
    return InvalidInput([Problem(rule, message, Location(file, mark.line + 1, mark.column + 1))])


def is_merge(key: Node) -> bool:
    """A plain `<<`: takes over the entries of other maps, as kustomize does."""
    return key.kind == "scalar" and key.text == "<<" and not key.style and not key.tag
