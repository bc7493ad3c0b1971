"""Sharing: equal subschemas are written once, under `$defs`.

A CRD repeats the same pod, container and probe dozens of times; the InferenceService shrinks to a tenth.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_SMALLEST = 64  # characters; a shorter subschema is cheaper in place than behind a reference
_SINGLE = ("items", "additionalProperties", "not")
_SEVERAL = ("allOf", "anyOf", "oneOf")


def map_subschemas(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A copy in which every direct subschema went through `change`; data such as `default` and `enum` stays."""
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {name: change(each) for name, each in schema["properties"].items()}
    for keyword in _SINGLE:
        if isinstance(schema.get(keyword), dict):
            result[keyword] = change(schema[keyword])
    for keyword in _SEVERAL:
        if keyword in schema:
            result[keyword] = [change(each) for each in schema[keyword]]
    return result


def encode(schema: Schema) -> bytes:
    """The bytes of a schema file: minimal, keys sorted, one final newline."""
    return (_text(schema) + "\n").encode()


def share(schema: Schema) -> Schema:
    """The same schema with equal subschemas shared through `$defs`, which are numbered in order of first use.

    The schema must be a tree: no `$ref` in it.
    """
    pool = _Pool()
    return pool.write(pool.intern(schema))


class _Pool:
    """Every distinct subschema once, and how often each is used."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.bodies: list[Schema] = []
        self.uses: Counter[int] = Counter()
        self.names: dict[int, str] = {}
        self.definitions: Schema = {}

    def intern(self, schema: Schema) -> int:
        used: list[int] = []

        def child(each: Schema) -> Schema:
            used.append(self.intern(each))
            return {"$ref": used[-1]}

        body = map_subschemas(schema, child)
        number = self.numbers.setdefault(_text(body), len(self.bodies))
        if number == len(self.bodies):
            self.bodies.append(body)
            self.uses.update(used)
        return number

    def write(self, root: int) -> Schema:
        schema = self._inline(root)
        return schema | ({"$defs": self.definitions} if self.definitions else {})

    def _inline(self, number: int) -> Schema:
        return map_subschemas(self.bodies[number], lambda each: self._reference(each["$ref"]))

    def _reference(self, number: int) -> Schema:
        if number not in self.names:
            if self.uses[number] < 2 or len(_text(schema := self._inline(number))) < _SMALLEST:
                return self._inline(number)
            self.names[number] = f"s{len(self.names)}"
            self.definitions[self.names[number]] = schema
        return {"$ref": f"#/$defs/{self.names[number]}"}


def _text(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True, separators=(",", ":"))
