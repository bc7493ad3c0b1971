"""An object that a user gave, and the way back from each of its fields to the line of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops.faults import Path
from gitops.location import Location
from gitops.objects import Object
from gitops.problems import InvalidInput
from gitops.secrecy import SECRET_FIELD, is_secret_field, is_secretive
from gitops.yaml.parts import Part

if TYPE_CHECKING:
    from gitops.yaml.find import Columns
    from gitops.yaml.nodes import Node

MAX_SEARCHED = 4 << 20
"""Characters of a document in which places are looked for. That costs a careful reading: some 10 s a MiB."""
_KEPT = 16

SECRET = re.compile(r"Secret(?:List)?\b")
"""Where nothing of the kind is written, nothing is a Secret, a SealedSecret or an ExternalSecret."""
_KNOWN = frozenset({"apiVersion", "kind", "metadata", "type", "immutable", "spec", "status", "items"})
_VARIABLE = re.compile(r"name[\"']?[ \t]*:[ \t]*[\"']?([\w.-]+)")
_SECRET_FIELDS = frozenset({"data", "stringData", "encryptedData", "annotations", "templateFrom"})


class Text:
    """A file's text and its documents. The places in a document are found when one is first asked for."""

    def __init__(self, file: str, text: str, codec: str = "utf-8") -> None:
        self.file, self.text, self.codec = file, text, codec
        self.documents: list[Part] = []
        self.is_json = False
        self._last: tuple[int, Columns] | None = None
        self._trees: dict[int, tuple[Node | None, tuple[range, ...]]] = {}

    def encoded(self, text: str) -> bytes:
        """Another text as bytes of this file, with a byte order mark if it has one."""
        return text.encode(self.codec)

    def place(self, document: int, path: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, as `yaml.Positions.of` has them."""
        from gitops.yaml.places import Positions

        found = self._columns(document).of(path, key=key) if document not in self._trees else None
        line, column = found or Positions(self._tree(document)[0]).of(path, key=key)
        return (line + self.documents[document].line, column) if line else (0, 0)

    def node(self, document: int, path: Sequence[str | int]) -> Node | None:
        """What stands at a path, exactly; None if nothing is there."""
        from gitops.yaml.places import child

        node = self._tree(document)[0]
        for segment in path:
            found = child(node, segment) if node else None
            node = found[1] if found else None
        return node

    def is_secret(self, document: int, path: Sequence[str | int], *, is_one: bool = False) -> bool:
        """Whether the line of a path may hold a value of a Secret, or of what becomes one, or of a secret variable.

        `is_one`: the document has a Secret.
        """
        part = self.documents[document]
        if not is_one and not SECRET.search(self.text, *part[:2]) and not self._has_variables(part):
            return False
        line = self.place(document, path)[0] - self.documents[document].line
        return any(line in lines for lines in self._tree(document)[1])

    def _has_variables(self, part: Part) -> bool:
        has_field = SECRET_FIELD.search(self.text, *part[:2])
        return bool(has_field) or any(map(is_secretive, _VARIABLE.findall(self.text, *part[:2])))

    def _columns(self, document: int) -> Columns:
        """A quick look, which may not tell; that of the last document is kept."""
        if self._last is None or self._last[0] != document:
            from gitops.yaml.find import Columns, columns

            self._last = document, columns(self.documents[document].of(self.text)) or Columns([])
        return self._last[1]

    def _tree(self, document: int) -> tuple[Node | None, tuple[range, ...]]:
        if document not in self._trees:
            if len(self._trees) >= _KEPT:  # a tree takes a hundred times the memory of its text
                self._trees.clear()
            self._trees[document] = self._read(self.documents[document].of(self.text))
        return self._trees[document]

    @staticmethod
    def _read(text: str) -> tuple[Node | None, tuple[range, ...]]:
        from gitops.yaml.core import documents

        # JSON may have tabs between its values, where YAML may not: a blank takes as much room.
        text = text.replace("\t", " ") if text.lstrip().startswith("{") else text
        try:
            roots = documents(text, "") if len(text) <= MAX_SEARCHED else []
        except InvalidInput:
            roots = []
        return (roots[0], tuple(_secret_lines(roots[0], text))) if roots else (None, ())


class Given(NamedTuple):
    """One object and where it stands. Its `apiVersion` and `kind` are text; nothing else is sure of it.

    `file` is as the user named it; for what kustomize built, its kustomization. `document` counts the documents of the
    file that are not empty, from 0, and `path` leads to the object in its document: () or ("items", 3).
    """

    object: Object
    file: str
    document: int = 0
    path: Path = ()
    text: Text | None = None
    """Where it stands; None for what kustomize built, which no file holds: it cannot be mended there either."""
    origin: Callable[[Object], Given | None] | None = None
    """For what kustomize built: the object of a source file that it was made of, as far as that is certain."""


def place(given: Given, path: Sequence[str | int], *, key: bool = False) -> Location:
    """Where the value (or its key) at a path inside the object stands; a missing field has the place of its closest parent.

    What kustomize built has the place in its source if that says the same there, else its kustomization without a line.
    """
    if given.text is not None:
        return Location(given.file, *given.text.place(given.document, (*given.path, *path), key=key))
    source = _source(given, path)
    return place(source, path, key=key) if source else Location(given.file)


def quotable(given: Given, path: Sequence[str | int]) -> bool:
    """Whether the line that `place` gives may be shown: none that could hold a value of any kind of Secret."""
    if given.text is not None:
        is_one = given.object["kind"].endswith("Secret")
        return not given.text.is_secret(given.document, (*given.path, *path), is_one=is_one)
    source = _source(given, path)
    return source is None or quotable(source, path)


def misread(given: Given, path: Sequence[str | int]) -> str:
    """The value at a path as it is written, if kubectl takes that for something else than it looks: `yes`, 0644, 1_000.

    Empty where it is not so, and for what may not be shown.
    """
    if given.text is None:
        return ""  # kustomize has written it anew, so that it looks like what it is
    node = given.text.node(given.document, (*given.path, *path))
    if node is None or node.kind != "scalar" or node.style or node.tag or not quotable(given, path):
        return ""
    from gitops.yaml import core, kubectl

    plain = core.resolve(node.text) if len(node.text) < core.MAX_DIGITS else node.text
    read = kubectl.resolve(node.text, plain)
    return "" if type(read) is type(plain) and read == plain else node.text


def _source(given: Given, path: Sequence[str | int]) -> Given | None:
    found = given.origin(given.object) if given.origin else None
    return found if found and _agrees(given.object, found.object, path) else None


def _agrees(built: Any, source: Any, path: Sequence[str | int]) -> bool:
    """Whether a path leads to the same in both, or breaks off at the same place."""
    for segment in path:
        here, there = _child(built, segment), _child(source, segment)
        if here is None or there is None:
            return here is None and there is None
        (built,), (source,) = here, there
    return type(built) is type(source) and (isinstance(built, dict | list) or bool(built == source))


def _child(value: Any, segment: str | int) -> tuple[Any] | None:
    inside = isinstance(value, dict) and segment in value
    inside = inside or (isinstance(value, list) and isinstance(segment, int) and 0 <= segment < len(value))
    return (value[segment],) if inside else None


# Secrets


def _secret_lines(root: Node, text: str) -> Iterator[range]:
    """The lines of a document with values of a Secret, a SealedSecret or an ExternalSecret, also inside a list, and of secret variables."""
    for value in (*_of_secrets(root), *_of_variables(root)):
        yield range(value.line, text.count("\n", 0, value.end) + 2)


def _of_secrets(root: Node) -> Iterator[Node]:
    left = [(root, "")]
    while left:
        node, kind = left.pop()
        fields = _fields(node)
        kind = fields["kind"].text if "kind" in fields else kind
        if kind.endswith("Secret"):
            yield from [] if fields else [node]
            yield from _secret_values(node, "")
            yield from (value for name, value in fields.items() if name not in _KNOWN)
        left += ((item, kind.removesuffix("List")) for item in (fields["items"].items if "items" in fields else ()))


def _secret_values(node: Node, where: str) -> Iterator[Node]:
    """`spec.data` of an ExternalSecret only says where values are, if it is as it should be."""
    for name, value in _fields(node).items():
        is_list = bool(value.items) and all(item.kind == "map" for item in value.items)
        if (name == "annotations" and where != ".metadata") or (name == "data" and where == ".spec" and is_list):
            continue
        if name in _SECRET_FIELDS:
            yield value
        else:
            yield from _secret_values(value, f"{where}.{name}")


def _of_variables(root: Node) -> Iterator[Node]:
    """What stands as `value` beside the `name` of a variable that is likely to hold a secret, or under the name of a key in clear."""
    left = [root]
    while left:
        node = left.pop()
        fields = _fields(node)
        if "value" in fields and "name" in fields and is_secretive(fields["name"].text):
            yield fields["value"]
        yield from (value for name, value in fields.items() if value.kind == "scalar" and is_secret_field(name))
        left += [*node.items, *fields.values()]


def _fields(node: Node) -> dict[str, Node]:
    return {key.text: value for key, value in node.entries if key.kind == "scalar"}
