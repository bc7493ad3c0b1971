"""What the nodes of a tree mean: plain data by the core schema of YAML 1.2, everything doubtful a problem."""

from __future__ import annotations

import re
from math import isinf
from typing import Any

from gitops.location import Location
from gitops.problems import Problem
from gitops.yaml.nodes import Node, is_merge, read

MAX_DIGITS = 400

_CORE = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DOTTED = re.compile(r"\.([a-zA-Z])")  # Python spells infinity without the dot
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_HALF = re.compile("[\ud800-\udfff]")
_DUPLICATE = "some readers take the first, some the last, and kustomize refuses the file"


def documents(text: str, file: str) -> list[Node]:
    """The documents that are not empty. Raises InvalidInput as `read` does."""
    return [node for node in read(text, file) if node.kind != "scalar" or Reader(file).data(node) is not None]


class Reader:
    """Plain data from nodes, by the core schema of YAML 1.2; collects every problem on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def data(self, node: Node) -> Any:
        """The value of a node; each alias gets a copy of its own."""
        if node.kind == "scalar":
            return self._scalar(node)
        if node.tag not in ("", "!", f"{_CORE}{'map' if node.kind == 'map' else 'seq'}"):
            self._refuse_tag(node)
        if node.kind == "list":
            return [self.data(item) for item in node.items]
        return self._map(node)

    def _map(self, node: Node) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.entries:
            if is_merge(key):
                merged = {**self._merge(key, value), **merged}
                continue
            name = self._key(key)
            item = self.data(value)
            if name is None:
                continue
            if name in lines:
                self._report(
                    "duplicate-key",
                    f"`{name}` is here a second time",
                    key,
                    why=_DUPLICATE,
                    found=f"first on line {lines[name]}",
                )
            lines[name] = key.line
            result[name] = item
        return {**merged, **result} if merged else result

    def _key(self, key: Node) -> str | None:
        if key.kind != "scalar":
            self._report(
                "yaml-key",
                f"a {key.kind} cannot be a key",
                key,
                expected="a string",
                hint="quote it if it is meant as text",
            )
            return None
        name = self._scalar(key)
        if isinstance(name, str):
            return name
        shown = key.text or "(nothing)"
        self._report(
            "yaml-key",
            f"key `{shown}` is not a string",
            key,
            found=type_name(name),
            expected="a string",
            hint=f'write "{key.text}"',
        )
        return None

    def _merge(self, key: Node, value: Node) -> dict[str, Any]:
        sources = value.items if value.kind == "list" else [value]
        if any(source.kind != "map" for source in sources):
            self._report(
                "yaml-key", "`<<` merges maps, and this is none", key, hint='write "<<" if a key of that name is meant'
            )
            return {}
        merged: dict[str, Any] = {}
        for source in sources:
            merged = {**self.data(source), **merged}
        return merged

    def _scalar(self, node: Node) -> Any:
        if node.style == '"' and _HALF.search(node.text):
            self._refuse_half(node)
        if node.tag in (f"{_CORE}str", "!"):
            return node.text
        if node.style and not node.tag:
            return node.text
        if _INT.fullmatch(node.text) and len(node.text) > MAX_DIGITS:
            self._report(
                "yaml-syntax", f"a number of {len(node.text)} digits", node, hint="quote it if it is meant as text"
            )
            return None
        value = resolve(node.text)
        if node.tag and node.tag != _CORE + type_name(value):
            self._refuse_tag(node)
        return value

    def _refuse_half(self, node: Node) -> None:
        self._report(
            "yaml-syntax",
            "an escape stands for half a surrogate pair, which is no character",
            node,
            why="YAML does not join two of them as JSON does; kubectl, Argo CD and kustomize refuse the file",
            hint="write the character itself, or its number behind \\U in eight digits",
        )

    def _refuse_tag(self, node: Node) -> None:
        tag = node.tag.replace(_CORE, "!!")
        self._report(
            "yaml-tag",
            f"tag `{tag}` means nothing here",
            node,
            why="only plain data is read, the same by every tool",
            hint="remove the tag",
        )

    def _report(self, rule: str, message: str, node: Node, **more: Any) -> None:
        self.problems.append(Problem(rule, message, Location(self.file, node.line, node.column), **more))


def resolve(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2.2 (section 10.3.2).

    Numbers too large for a float are text, as Go's readers have it: `12e4567` is the name of a commit.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if not _FLOAT.fullmatch(text):
        return text
    number = float(_DOTTED.sub(r"\1", text))
    return text if isinf(number) and "f" not in text.lower() else number


def type_name(value: Any) -> str:
    """The name of a value's type in YAML."""
    names = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str", list: "seq", dict: "map"}
    return names[type(value)]
