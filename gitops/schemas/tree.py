"""A prepared schema as a tree that an object can be walked along with, its references followed.

Only the schemas of custom resources are read so: those of Kubernetes' own kinds say neither what the API server takes
for the default (it sets that in code), nor which lists may not repeat a key (their keys only guide merging).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gitops.schemas.meta import LIST_KEYS, LIST_TYPE, RULES
from gitops.schemas.share import Schema

_CONVERTED = frozenset({"byte", "date", "date-time", "duration"})
"""Formats whose text the API server hands to rules as bytes, times and durations."""
_RESERVED = frozenset(
    {
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_COUNTING = frozenset({"allOf", "anyOf", "maxProperties", "minProperties", "not", "oneOf"})
"""Keywords for which it matters whether a field that is null or has a default is there."""


class Rule(NamedTuple):
    """One rule of `x-kubernetes-validations` (k8s.io/apiextensions-apiserver, ValidationRule)."""

    text: str
    message: str = ""
    message_expression: str = ""
    field_path: str = ""
    optional_old_self: bool = False


class Node:
    """One place of a schema. `default` is None where there is none, for null cannot be one."""

    __slots__ = (
        *("additional", "converted", "default", "defaults", "has_counts", "has_lists", "has_rules", "items", "keys"),
        *("list_type", "listed", "nullable", "number", "properties", "renamed", "rewritten", "rules"),
    )

    def __init__(self, schema: Schema) -> None:
        self.default: Any = schema.get("default")
        self.nullable = bool(schema.get("nullable"))
        self.number = "number" in _types(schema)
        self.converted = schema.get("format") in _CONVERTED
        self.list_type = str(schema.get(LIST_TYPE, ""))
        self.keys: tuple[str, ...] = tuple(schema.get(LIST_KEYS, ()))
        self.rules: tuple[Rule, ...] = tuple(_rules(schema))
        self.properties: dict[str, Node] = {}
        self.listed: dict[str, Node] = {}
        """The properties in which there are lists that may not repeat an item."""
        self.defaults: dict[str, Node] = {}
        """The properties that have a default."""
        self.renamed: dict[str, str] = {}
        """The properties that rules know by another name, and which."""
        self.items: Node | None = None
        self.additional: Node | None = None
        self.has_counts = bool(_COUNTING & schema.keys())
        self.has_lists = self.list_type in ("map", "set")
        self.has_rules = bool(self.rules)
        self.rewritten = self.number
        """Whether rules see anything in it otherwise than it is written."""

    def child(self, step: str | int) -> Node | None:
        """What the schema says of a field or an item; None where it says nothing."""
        return self.items if isinstance(step, int) else self.properties.get(step, self.additional)

    def children(self) -> Iterator[Node]:
        """Each part of the schema."""
        yield from self.properties.values()
        yield from filter(None, (self.items, self.additional))


def tree(schema: Schema) -> Node:
    """The whole tree of a prepared schema; equal parts are one node."""
    root = _Builder(schema.get("$defs", {})).node(schema)
    root.has_counts = any(child.has_counts for name, child in root.properties.items() if name != "metadata")
    return root


class _Builder:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self.definitions = definitions
        self.shared: dict[str, Node] = {}

    def node(self, schema: Schema) -> Node:
        if reference := schema.get("$ref"):
            name = str(reference).rpartition("/")[2]
            return self.shared.get(name) or self._fill(self.definitions[name], name)
        return self._fill(schema)

    def _fill(self, schema: Schema, name: str = "") -> Node:
        node = Node(schema)
        if name:
            self.shared[name] = node
        node.properties = {field: self.node(each) for field, each in schema.get("properties", {}).items()}
        for keyword, attribute in (("items", "items"), ("additionalProperties", "additional")):
            if isinstance(schema.get(keyword), dict):
                setattr(node, attribute, self.node(schema[keyword]))
        node.listed = {field: each for field, each in node.properties.items() if each.has_lists}
        node.defaults = {field: each for field, each in node.properties.items() if each.default is not None}
        node.renamed = {field: name for field in node.properties if (name := escape(field)) != field}
        node.rewritten = node.rewritten or bool(node.renamed)
        for child in node.children():
            for flag in ("converted", "has_counts", "has_lists", "has_rules", "rewritten"):
                if getattr(child, flag):
                    setattr(node, flag, True)
        return node


def escape(name: str) -> str:
    """The name by which a rule refers to a field (k8s.io/apiserver/pkg/cel, Escape)."""
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|[-./]", lambda match: _ESCAPED[match[0]], name)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _rules(schema: Schema) -> Iterator[Rule]:
    """Those of the place itself, and of the schemas that it must meet as well (`allOf`)."""
    for each in schema.get(RULES, ()):
        yield Rule(
            text=each.get("rule", "").strip(),
            message=each.get("message", "").strip(),
            message_expression=each.get("messageExpression", ""),
            field_path=each.get("fieldPath", ""),
            optional_old_self=bool(each.get("optionalOldSelf")),
        )
    for each in (
        *schema.get("allOf", ()),
        *(part for some in schema.get("anyOf", ()) for part in some.get("allOf", ())),
    ):
        yield from _rules(each)
