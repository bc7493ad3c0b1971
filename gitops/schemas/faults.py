"""What is wrong with an object, in words: each violation of its schema becomes one fault."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops.problems import nearest
from gitops.schemas.share import Schema

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

Path = tuple[str | int, ...]

_LONGEST = 60  # characters of a value or a list of names that a message quotes
_SECRET_FIELDS = frozenset({"annotations", "data", "encryptedData", "stringData"})
_REFUSES = "the API server refuses such an object"
_DROPS = "the API server refuses it under strict field validation, and otherwise drops it in silence"


class Fault(NamedTuple):
    """One violation. `pointer` leads to the field, also to one that is missing; the rest is text for people."""

    rule: str
    pointer: Path
    message: str
    found: str = ""
    expected: str = ""
    why: str = ""
    hint: str = ""


def explain(errors: Iterable[ValidationError], schema: Schema, obj: Mapping[str, Any]) -> tuple[Fault, ...]:
    """One fault for each thing that is wrong, in the order of the fields.

    Values that may be secret (the data of any kind of Secret) are never quoted.
    """
    faults = {fault: None for error in errors for fault in _Explainer(schema, obj, error).faults()}
    return tuple(sorted(faults, key=lambda fault: ([_sortable(step) for step in fault.pointer], fault.rule)))


def dotted(path: Path) -> str:
    """`spec.predictor.containers[0].name`; empty for the object itself."""
    text = ""
    for step in path:
        plain = isinstance(step, str) and step and not set(step) & set("./[] ")
        text += f".{step}" if plain else f"[{step}]" if isinstance(step, int) else f"[{json.dumps(step)}]"
    return text.removeprefix(".")


class _Explainer:
    """One error of the evaluator."""

    def __init__(self, root: Schema, obj: Mapping[str, Any], error: ValidationError) -> None:
        self.root, self.obj, self.error = root, obj, error
        self.found: Any = error.instance
        self.path: Path = tuple(error.instance_path)
        self.keyword: str = error.kind.name
        self.kind: Any = error.kind  # its attributes depend on the keyword
        self.schema: Schema = _walk(root, error.schema_path[:-1])

    def faults(self) -> Iterator[Fault]:
        handler = getattr(self, f"_{self.keyword}", None)
        if handler is None:
            yield self._other()
        else:
            yield from handler()

    def _additionalProperties(self) -> Iterator[Fault]:  # noqa: N802 - named for its keyword, as those below
        for name in self.kind.unexpected:
            names = list(self.schema.get("properties", ()))
            yield Fault(
                "unknown-field",
                (*self.path, name),
                f"unknown field `{name}` in {self._where()}",
                found=name,
                expected=_names(names) or "no fields here",
                why=_DROPS,
                hint=self._belongs(name) or _did_you_mean(name, names),
            )

    def _required(self) -> Iterator[Fault]:
        name = self.kind.property
        fields: Mapping[str, Any] = self.schema.get("properties", {})
        expected = _expected(_resolve(self.root, fields.get(name, {})))
        near = nearest(name, self.found.keys() - fields.keys()) if isinstance(self.found, dict) else ""
        hint = f"`{near}` is probably meant to be `{name}`" if near else ""
        message = f"`{name}` is missing from {self._where()}"
        yield Fault("missing-field", (*self.path, name), message, "nothing", expected, _REFUSES, hint)

    def _type(self) -> Iterator[Fault]:
        expected = _either(self.kind.types)
        hint = _retyped(self.found, self.kind.types, self._quotable())
        yield self._fault("wrong-type", f"{self._this()} must be {_article(expected)}", expected, hint)

    def _enum(self) -> Iterator[Fault]:
        options = [option for option in self.kind.options if option is not None]
        value = self.found
        near = nearest(value, [each for each in options if isinstance(each, str)]) if isinstance(value, str) else ""
        hint = f"did you mean `{near}`?" if near and self._quotable() else ""
        yield self._fault("not-allowed", f"{self._this()} has a value that is not allowed", _names(options), hint)

    def _const(self) -> Iterator[Fault]:
        yield self._fault(
            "not-allowed", f"{self._this()} has a value that is not allowed", _quote(self.schema["const"])
        )

    def _pattern(self) -> Iterator[Fault]:
        expected = f"text that matches {self.kind.pattern}"
        yield self._fault("pattern", f"{self._this()} does not match its pattern", expected)

    def _format(self) -> Iterator[Fault]:
        expected = _FORMAT_WORDS.get(self.kind.format, str(self.kind.format))
        yield self._fault("wrong-format", f"{self._this()} is not {expected}", expected)

    def _anyOf(self) -> Iterator[Fault]:  # noqa: N802
        branches = [tuple(branch) for branch in self.kind.context]
        missing = [error.kind.property for branch in branches for error in branch if error.kind.name == "required"]
        if len(missing) == len(branches):
            names = " or ".join(f"`{name}`" for name in missing)
            message = f"{names} is missing from {self._where()}"
            yield Fault("missing-field", (*self.path, missing[0]), message, "nothing", names, _REFUSES)
        else:
            yield self._other()

    def _other(self) -> Fault:
        rule, words = _LIMITS.get(self.keyword, ("invalid-value", "is not valid"))
        limit = getattr(self.kind, "limit", None)
        if self.keyword in ("minimum", "maximum") and self.schema.get("format"):
            words += f" ({self.schema['format']})"
        expected = f"{_LIMIT_WORDS.get(self.keyword, '')} {limit}".strip() if limit is not None else ""
        return self._fault(rule, f"{self._this()} {words}", expected)

    def _fault(self, rule: str, message: str, expected: str, hint: str = "") -> Fault:
        found = _quote(self.found) if self._quotable() else f"{_name_of(self.found)} (not shown)"
        return Fault(rule, self.path, message, found, expected, _REFUSES, hint)

    def _quotable(self) -> bool:
        """Not the data of a Secret, a SealedSecret or an ExternalSecret, nor a whole that may hold some."""
        if not str(self.obj.get("kind", "")).endswith("Secret"):
            return True
        return not _SECRET_FIELDS & set(self.path) and not isinstance(self.found, dict | list)

    def _where(self) -> str:
        return f"`{dotted(self.path)}`" if self.path else str(self.obj.get("kind"))

    def _this(self) -> str:
        return f"`{dotted(self.path)}`" if self.path else "the object"

    def _belongs(self, name: str) -> str:
        """Where else on the way from the root the field would be right."""
        for length in range(len(self.path) - 1, -1, -1):
            if name in _fields(self.root, self.path[:length]):
                place = dotted(self.path[:length])
                return f"`{name}` belongs in {f'`{place}`' if place else 'the object itself'}"
        present = self.found if isinstance(self.found, dict) else {}
        for child in (*present, *self.schema.get("properties", ())):
            if name in _fields(self.root, (*self.path, child)):
                return f"`{name}` belongs in `{dotted((*self.path, child))}`"
        return ""


_LIMITS = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), ("out-of-range", "is out of range")
    ),
    "multipleOf": ("out-of-range", "is not a multiple of what it must be"),
    **dict.fromkeys(("minLength", "maxLength"), ("wrong-length", "has the wrong length")),
    **dict.fromkeys(("minItems", "maxItems"), ("wrong-count", "has the wrong number of items")),
    **dict.fromkeys(("minProperties", "maxProperties"), ("wrong-count", "has the wrong number of fields")),
}
_LIMIT_WORDS = {
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), "at least"),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), "at most"),
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_FORMAT_WORDS = {
    "byte": "padded base64",
    "cidr": "an address with a prefix length, such as 10.0.0.0/8",
    "date": "a date, such as 2026-01-31",
    "date-time": "a time with a zone, such as 2026-01-31T12:00:00Z",
    "duration": "a duration, such as 1h30m",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uuid": "a UUID",
}
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def _fields(root: Schema, path: Path) -> Mapping[str, Any]:
    """The fields that the schema names at a place of the object."""
    schema = root
    for step in path:
        part = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        part = part if part is not None else schema.get("additionalProperties")
        if not isinstance(part, dict):
            return {}
        schema = _resolve(root, part)
    fields: Mapping[str, Any] = schema.get("properties", {})
    return fields


def _resolve(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _walk(root, schema["$ref"].removeprefix("#/").split("/"))
    return schema


def _walk(schema: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        schema = schema[int(step)] if isinstance(schema, list) else schema.get(step, {})
    return schema


def _expected(schema: Schema) -> str:
    types = schema.get("type", ())
    return _either([types] if isinstance(types, str) else types)


def _either(types: Iterable[str]) -> str:
    return " or ".join(each for each in types if each != "null")


def _article(words: str) -> str:
    return f"{'an' if words[:1] in 'aio' else 'a'} {words}" if words else "something else"


def _name_of(value: Any) -> str:
    return "null" if value is None else _article(_NAMES.get(type(value), type(value).__name__))


def _quote(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _names(options: Iterable[Any]) -> str:
    texts = sorted(each if isinstance(each, str) and each else json.dumps(each) for each in options)
    listed = ""
    for count, text in enumerate(texts):
        if count and len(listed) + len(text) > 2 * _LONGEST:
            return f"one of: {listed}, … ({len(texts) - count} more)"
        listed += f", {text}" if count else text
    return f"one of: {listed}" if len(texts) > 1 else listed


def _did_you_mean(name: str, names: list[str]) -> str:
    near = nearest(name, names)
    return f"did you mean `{near}`?" if near else ""


def _retyped(value: Any, types: list[str], quotable: bool) -> str:
    """How the same value would be written as one of the types, where that is likely what was meant."""
    if not quotable:
        return "quote it" if "string" in types and isinstance(value, bool | int | float) else ""
    if "string" in types and isinstance(value, bool | int | float):
        return f'quote it: "{json.dumps(value)}"'
    if isinstance(value, str) and {"integer", "number"} & set(types) and value.lstrip("-").isdecimal():
        return f"write {value} without quotes"
    if isinstance(value, str) and "boolean" in types and value.lower() in ("true", "false"):
        return f"write {value.lower()} without quotes"
    if "array" in types and not isinstance(value, list) and value is not None:
        return "make it a list: begin each item with `- `"
    return ""


def _sortable(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)
