"""Writing YAML that every reader in the chain reads back as the same data.

Readers differ: sigs.k8s.io/yaml and PyYAML follow YAML 1.1 (`on` is true), kustomize a mixture, others YAML 1.2.
A string is written plain only if none of them could take it for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

MAX_DEPTH = 200
MAX_KEY = 1000  # readers look at most 1024 characters ahead for the colon of a key

_PLAIN = re.compile(
    r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*"
    r"|[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|Ei)"
)
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_BLANK_LINE = re.compile(r"^[ \t]+$", re.MULTILINE)

_FIRST = """
    apiVersion kind group version metadata name generateName namespace labels annotations type
    op from path key value valueFrom target patch
    image imagePullPolicy command args workingDir env envFrom ports resources volumeMounts
"""
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_RANK = {key: rank for rank, key in enumerate(_FIRST.split())}


def dump(value: Any) -> str:
    """The text of one document of JSON-like data, ending with a newline; equal data gives equal bytes.

    Who strips the text must not let it end in a block scalar, which would lose its last line break.

    Raises ValueError for nan, infinity, lone surrogates, keys over 1,000 characters and nesting over 200 levels,
    TypeError for anything that JSON does not have.
    """
    parts: list[str] = []
    if isinstance(value, dict) and value:
        _map(value, "", "", parts.append)
    elif isinstance(value, list | tuple) and value:
        _list(value, "", "", parts.append)
    else:
        _leaf(value, "  ", parts.append)
    return "".join(parts)


def scalar(value: str | float | None) -> str:
    """One value on one line, as `dump` would write it in a place where no block can stand."""
    if isinstance(value, str):
        text = _text(value)
        return quoted(value) if text[0] == "|" else text
    return _other(value)


def _map(value: dict[str, Any], lead: str, indent: str, put: Callable[[str], None]) -> None:
    for key, text in _ordered(tuple(value)):
        put(lead)
        put(text)
        _entry(value[key], indent, put)
        lead = indent


def _entry(item: Any, indent: str, put: Callable[[str], None]) -> None:
    """What follows `key:`, from the blank or line break on."""
    kind = type(item)
    if kind is str:
        text = _text(item)
        put(" " + text + "\n" if text[0] != "|" else _literal(" " + text, indent + "  "))
    elif kind is dict and item:
        put("\n")
        _map(item, indent + "  ", _deeper(indent), put)
    elif kind is list and item:
        put("\n")
        _list(item, indent, indent, put)
    else:
        _unusual(item, indent, put)


def _unusual(item: Any, indent: str, put: Callable[[str], None]) -> None:
    """Numbers, empty containers, and subclasses of what JSON has."""
    if isinstance(item, dict) and item:
        put("\n")
        _map(item, indent + "  ", _deeper(indent), put)
    elif isinstance(item, list | tuple) and item:
        put("\n")
        _list(item, indent, indent, put)
    else:
        put(" ")
        _leaf(item, indent + "  ", put)


def _list(value: list[Any] | tuple[Any, ...], lead: str, indent: str, put: Callable[[str], None]) -> None:
    inner = _deeper(indent)
    for item in value:
        put(lead)
        put("- ")
        if isinstance(item, dict) and item:
            _map(item, "", inner, put)
        elif isinstance(item, list | tuple) and item:
            _list(item, "", inner, put)
        else:
            _leaf(item, inner, put)
        lead = indent


def _deeper(indent: str) -> str:
    if len(indent) >= 2 * MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return indent + "  "


def _leaf(item: Any, indent: str, put: Callable[[str], None]) -> None:
    if isinstance(item, str):
        text = _text(str.__str__(item))
        put(text + "\n" if text[0] != "|" else _literal(text, indent))
    else:
        put(_other(item) + "\n")


def _other(item: Any) -> str:
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return int.__repr__(item)
    if isinstance(item, float):
        return _float(item)
    if isinstance(item, dict | list | tuple):
        return "{}" if isinstance(item, dict) else "[]"
    raise TypeError(f"no YAML for a value of type {type(item).__name__}")


def _float(value: float) -> str:
    """Integral numbers as integers, as Go's JSON does; an exponent gets a dot and a sign, or YAML 1.1 reads a string."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("JSON has no nan and no infinity")
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    mantissa, e, exponent = float.__repr__(value).partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{e}{exponent}"


@lru_cache(maxsize=65_536)
def _text(value: str) -> str:
    """A string as it is written: plain, double-quoted, or `|…` with its lines still to be indented."""
    if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    if "\n" in value and _fits_literal(value):
        body = value.rstrip("\n")
        kept = len(value) - len(body)
        return f"|{'-' if not kept else '' if kept == 1 else '+'}\n{value if kept else value + chr(10)}"
    return quoted(value)


def _fits_literal(value: str) -> bool:
    visible = value.replace("\n", "").replace("\t", "").isprintable()
    return visible and value[0] not in " \t\n" and not _BLANK_LINE.search(value)


def _literal(text: str, indent: str) -> str:
    return re.sub(r"\n(?=[^\n])", "\n" + indent, text)


def quoted(value: str) -> str:
    """A double-quoted string on one line. Raises ValueError for lone surrogates."""
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text if text.isprintable() else "".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("a string with half a surrogate pair is not Unicode text")
    if code > 0xFF:
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return _SHORT.get(character) or f"\\x{code:02x}"


@lru_cache(maxsize=8_192)
def _ordered(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Keys in the order in which they are written, each with its text and colon."""
    if not all(isinstance(key, str) for key in keys):
        raise TypeError("keys must be strings")
    return tuple((key, _key(str.__str__(key)) + ":") for key in sorted(keys, key=_rank))


def _rank(key: str) -> tuple[int, str]:
    return _RANK.get(key, len(_RANK)), key


def _key(key: str) -> str:
    if len(key) > MAX_KEY:
        raise ValueError(f"a key of {len(key)} characters; YAML readers take {MAX_KEY}")
    text = _text(key)
    return quoted(key) if text[0] == "|" else text
