"""How a schema's demands and an object's values are put into words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gitops.faults import Path
from gitops.problems import nearest
from gitops.schemas import meta
from gitops.schemas.share import Schema
from gitops.secrecy import is_secret_field, is_secretive, masked

_LONGEST = 60  # characters of a value that a message quotes; twice that of names
_SECRET_FIELDS = frozenset({"annotations", "data", "encryptedData", "stringData", "templateFrom"})
_SECRET_PLAIN = {("type",), ("immutable",)}
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}

LIMITS = {
    "minimum": ("out-of-range", "is too small", "at least"),
    "maximum": ("out-of-range", "is too large", "at most"),
    "exclusiveMinimum": ("out-of-range", "is too small", "more than"),
    "exclusiveMaximum": ("out-of-range", "is too large", "less than"),
    "minLength": ("wrong-length", "is too short", "at least"),
    "maxLength": ("wrong-length", "is too long", "at most"),
    "minItems": ("wrong-count", "has too few items", "at least"),
    "maxItems": ("wrong-count", "has too many items", "at most"),
    "minProperties": ("wrong-count", "has too few fields", "at least"),
    "maxProperties": ("wrong-count", "has too many fields", "at most"),
}
"""Keyword -> rule, what the value is, and how the limit reads."""

_FORMATS = {
    "byte": "padded base64",
    "cidr": "an address with a prefix length, such as 10.0.0.0/8",
    "date": "a date, such as 2026-01-31",
    "date-time": "a time with a zone, such as 2026-01-31T12:00:00Z",
    "duration": "a duration, such as 1h30m",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "uuid": "a UUID",
}
_KEY = "an optional DNS prefix with `/`, and at most 63 letters, digits, `-`, `_` and `.`"
_PATTERNS = {
    meta.ANNOTATION_KEY: _KEY,
    meta.DNS_LABEL: "lower-case letters, digits and `-`, with a letter or digit at both ends",
    meta.LABEL_VALUE: "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    meta.PATH_SEGMENT: "anything but `.`, `..` and what has `/` or `%` in it",
    meta.QUALIFIED_NAME: _KEY,
    meta.QUANTITY: "a quantity, such as 500m, 2 or 1Gi",
    meta.SERVICE_LABEL: "lower-case letters, digits and `-`, with a letter first and a letter or digit last",
    meta.SUBDOMAIN: "lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
}


def format_words(name: str) -> str:
    """What a string format asks for."""
    return _FORMATS.get(name, name)


def pattern_words(pattern: str) -> str:
    """What a pattern asks for, in plain words where we know them."""
    return _PATTERNS.get(pattern) or f"text that matches {pattern}"


def limit_words(keyword: str, limit: Any, schema: Schema) -> str:
    """`at most 2147483647 (int32)`."""
    unit = {"Length": " character", "Items": " item", "Properties": " field"}.get(keyword[3:], "")
    unit += "s" if unit and limit != 1 else ""
    of = f" ({schema['format']})" if keyword in ("minimum", "maximum") and "format" in schema else ""
    return f"{LIMITS[keyword][2]} {limit}{unit}{of}"


def either(types: Iterable[str] | str) -> str:
    """`integer or string`; null goes without saying."""
    return " or ".join(each for each in ([types] if isinstance(types, str) else types) if each != "null")


def dotted(path: Path) -> str:
    """`spec.predictor.containers[0].name`; empty for the object itself."""
    text = ""
    for step in path:
        plain = isinstance(step, str) and step and not set(step) & set("./[] ")
        text += f".{step}" if plain else f"[{step}]" if isinstance(step, int) else f"[{json.dumps(step)}]"
    return text.removeprefix(".")


def quotable(obj: Mapping[str, Any], path: Path, value: Any) -> bool:
    """Not the data of a Secret, a SealedSecret or an ExternalSecret, nor what stands where a whole should, nor a secret variable."""
    if ("value" in path and _is_of_secret_variable(obj, path)) or (path and is_secret_field(str(path[-1]))):
        return False
    if not str(obj.get("kind", "")).endswith("Secret"):
        return True
    whole = isinstance(value, dict | list) or (len(path) < 2 and path not in _SECRET_PLAIN)
    return not whole and not _SECRET_FIELDS & set(path)


def _is_of_secret_variable(obj: Any, path: Path) -> bool:
    for step in path:
        if step == "value" and isinstance(obj, Mapping) and is_secretive(obj.get("name")):
            return True
        try:
            obj = obj[step]
        except (KeyError, IndexError, TypeError):  # what is missing, or stands where something else should
            return False
    return False


def shown(obj: Mapping[str, Any], path: Path, value: Any) -> str:
    """What was found at a place, or only its type where it may be secret."""
    return quote(value) if quotable(obj, path, value) else f"{type_of(value)} (not shown)"


def article(words: str) -> str:
    """With a or an before it."""
    return f"{'an' if words[:1] in 'aeio' else 'a'} {words}"


def type_of(value: Any) -> str:
    """`an integer`."""
    return "null" if value is None else article(_NAMES.get(type(value), type(value).__name__))


def quote(value: Any) -> str:
    """A value as JSON, cut short."""
    text = json.dumps(masked(value), ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def names(options: Iterable[Any]) -> str:
    """`one of: a, b, … (3 more)`, or the only one."""
    texts = sorted(each if isinstance(each, str) and each else json.dumps(each) for each in options)
    shown = texts[:1]
    for text in texts[1:]:
        if sum(map(len, shown)) + len(text) > 2 * _LONGEST:
            break
        shown.append(text)
    more = f", … ({len(texts) - len(shown)} more)" if len(shown) < len(texts) else ""
    return f"{'one of: ' if len(texts) > 1 else ''}{', '.join(shown)}{more}"


def did_you_mean(name: Any, known: Iterable[Any]) -> str:
    """A hint, if there is a near name."""
    near = nearest(name, [each for each in known if isinstance(each, str)]) if isinstance(name, str) else ""
    return f"did you mean `{near}`?" if near else ""


def folded(name: str) -> str:
    """Without case and separators: two names of one meaning are equal."""
    return name.lower().replace("_", "").replace("-", "")


def spelled(name: Any, options: Iterable[Any]) -> str:
    """The only option that is the same but for case and separators; empty if there is none."""
    same = [
        each for each in options if isinstance(each, str) and isinstance(name, str) and folded(each) == folded(name)
    ]
    return same[0] if len(same) == 1 and name else ""


def unquoted(value: Any, types: list[str]) -> int | bool | None:
    """The number or truth value that a text was meant to be."""
    if isinstance(value, str) and {"integer", "number"} & set(types) and value.removeprefix("-").isdecimal():
        return int(value) if value.isascii() and (value == "0" or value.lstrip("-")[0] != "0") else None
    return value == "true" if "boolean" in types and value in ("true", "false") else None


def retyped(value: Any, types: list[str], *, quotable: bool) -> str:
    """How the same value would be written as one of the types, where that is likely what was meant."""
    if "string" in types and isinstance(value, bool | int | float):
        return f'quote it: "{json.dumps(value)}"' if quotable else "quote it"
    if quotable and isinstance(value, str) and {"integer", "number"} & set(types) and value.lstrip("-").isdecimal():
        return f"write {value} without quotes"
    if quotable and isinstance(value, str) and "boolean" in types and value.lower() in ("true", "false"):
        return f"write {value.lower()} without quotes"
    if "array" in types and value is not None:
        return "make it a list: begin each item with `- `"
    return ""
