"""A structural schema (the dialect of CRDs) becomes a strict JSON Schema.

Strict means as the API server judges with strict field validation, which a plain copy is not:

- a field that no schema names is refused, except under `x-kubernetes-preserve-unknown-fields`
  (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning);
- a null for an optional field is accepted, for the API server removes it or replaces it by the default, and a field
  with a default is never missing (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting);
- integers have the range that their format gives them: the API server itself lets a larger one pass, but no webhook or
  controller can read it into its Go type.

Only prose is left out (descriptions, titles, examples). An unknown construct is an error, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops.schemas.meta import (
    EMBEDDED,
    EMBEDDED_META,
    INT32,
    INT64,
    INT_OR_STRING,
    LIST_KEYS,
    LIST_TYPE,
    PRESERVE,
    RULES,
)
from gitops.schemas.share import Schema

Path = tuple[str | int, ...]

_PROSE = frozenset({"description", "title", "example", "externalDocs"})
_VALUES = frozenset(
    {
        *("type", "format", "enum", "default", "nullable", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
        *("minProperties", "maxProperties", "minimum", "maximum", "multipleOf", "required"),
        *(PRESERVE, INT_OR_STRING, EMBEDDED, LIST_TYPE, LIST_KEYS, RULES, "x-kubernetes-map-type"),
    }
)
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_JUNCTORS = frozenset({"allOf", "anyOf", "oneOf"})
_LOGIC = _JUNCTORS | {"not"}
_NESTED = frozenset({"properties", "items", "additionalProperties"}) | _LOGIC
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_EITHER = [{"type": "integer"}, {"type": "string"}]


class UnsupportedError(Exception):
    """The schema says something that we cannot keep."""

    def __init__(self, message: str, path: Path) -> None:
        self.message, self.path = message, path
        super().__init__(message)


def strict(schema: Any, path: Path, *, optional: bool = False) -> Schema:
    """The strict form of one structural schema at `path`; an optional one accepts null.

    Raises UnsupportedError.
    """
    result = _values(schema, path)
    _type(result, path)
    _nest(schema, result, path, strict_values=True)
    if result.get(EMBEDDED):
        _embed(result)
    if result.get("type") == "object" and not result.get(PRESERVE):
        result.setdefault("additionalProperties", False)
    _defaults_are_present(result)
    if optional or result.get("nullable"):
        _accept_null(result)
    return result


def _logical(schema: Any, path: Path) -> Schema:
    """A schema below allOf, anyOf, oneOf or not: it constrains values and says nothing about which fields exist."""
    result = _values(schema, path)
    _nest(schema, result, path, strict_values=False)
    return result


def _values(schema: Any, path: Path) -> Schema:
    if not isinstance(schema, Mapping):
        raise UnsupportedError("a schema must be a map", path)
    for keyword in schema:
        if keyword not in _PROSE | _VALUES | _NESTED and keyword not in _EXCLUSIVE:
            raise UnsupportedError(f"keyword `{keyword}` is not known", (*path, keyword))
    result = {keyword: value for keyword, value in schema.items() if keyword in _VALUES}
    for keyword, bound in _EXCLUSIVE.items():
        if schema.get(keyword) and bound in result:  # a flag in this dialect, a number in JSON Schema
            result[keyword] = result.pop(bound)
    if result.get("type") == "integer":
        _range(result, path)
    return result


def _range(result: Schema, path: Path) -> None:
    formats = {None: INT64, "int64": INT64, "int32": INT32}
    if result.get("format") not in formats:
        raise UnsupportedError(f"integers of format {result['format']!r} are not known", (*path, "format"))
    low, high = formats[result.get("format")]
    if "exclusiveMinimum" not in result:
        result["minimum"] = max(result.get("minimum", low), low)
    if "exclusiveMaximum" not in result:
        result["maximum"] = min(result.get("maximum", high), high)


def _type(result: Schema, path: Path) -> None:
    if result.get(INT_OR_STRING):
        result["type"] = ["integer", "string"]
    elif "type" in result and result["type"] not in _TYPES:
        raise UnsupportedError(f"type {result['type']!r} is not known", (*path, "type"))
    elif "type" not in result and not result.get(PRESERVE):
        raise UnsupportedError("a structural schema needs a type", path)


def _nest(schema: Mapping[str, Any], result: Schema, path: Path, *, strict_values: bool) -> None:
    if "properties" in schema:
        result["properties"] = _properties(schema, path, strict_values=strict_values)
    if "items" in schema:
        result["items"] = _child(schema["items"], (*path, "items"), strict_values)
    if isinstance(additional := schema.get("additionalProperties"), Mapping):
        place = (*path, "additionalProperties")
        result["additionalProperties"] = _child(additional, place, strict_values, optional=True)
    elif additional is not None:
        result["additionalProperties"] = additional
    if "not" in schema:
        result["not"] = _logical(schema["not"], (*path, "not"))
    for keyword in _JUNCTORS & schema.keys():
        if not (keyword == "anyOf" and result.get(INT_OR_STRING) and schema[keyword] == _EITHER):  # as `type` says
            result[keyword] = [_logical(each, (*path, keyword, index)) for index, each in enumerate(schema[keyword])]


def _child(schema: Any, path: Path, strict_values: bool, *, optional: bool = False) -> Schema:
    return strict(schema, path, optional=optional) if strict_values else _logical(schema, path)


def _properties(schema: Mapping[str, Any], path: Path, *, strict_values: bool) -> Schema:
    required = frozenset(schema.get("required", ()))
    result = {}
    for name, each in schema["properties"].items():
        optional = name not in required or (isinstance(each, Mapping) and "default" in each)
        result[name] = _child(each, (*path, "properties", name), strict_values, optional=optional)
    return result


def _embed(result: Schema) -> None:
    """An embedded resource is a whole object: it has these fields whether or not its schema names them."""
    whole = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": EMBEDDED_META}
    result["properties"] = {**result.get("properties", {}), **whole}
    result["required"] = sorted({"apiVersion", "kind", *result.get("required", ())})


def _defaults_are_present(result: Schema) -> None:
    if "required" in result:
        properties = result.get("properties", {})
        left = [name for name in result["required"] if "default" not in properties.get(name, {})]
        result["required"] = left
        if not left:
            del result["required"]


def _accept_null(result: Schema) -> None:
    if isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    elif "type" in result:
        result["type"] = [*result["type"], "null"]
    if "enum" in result and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]
    logic = {keyword: result.pop(keyword) for keyword in sorted(_LOGIC & result.keys())}
    if logic:
        result["anyOf"] = [{"type": "null"}, logic]
