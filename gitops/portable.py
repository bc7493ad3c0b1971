"""What an object must be for JSON to hold it and for Kustomize to carry it through a build unchanged.

Source: run against kustomize 5.8.1 (tests/test_portable.py); integers pass through float64, as in every JSON reader of Go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops.faults import Fault
from gitops.objects import Object

LARGEST = 2**53
"""Integers beyond this lose digits."""

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x85\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_LOOKS_TYPED = re.compile(
    r"(?i)~|null|true|false|yes|no|on|off|y|n|[-+]?\.?(\d[\d_.:]*(e[-+]?\d+)?|inf|nan)|0[xob][\da-f_]+|\d{4}-\d\d?-\d\d?.*|"
)
_FOR_KUSTOMIZE = re.compile(r"(internal\.|alpha\.)?config\.(kubernetes|k8s)\.io/")
# What the emitter writes for any of these: an escape, a long number, a quoted key, an annotation's pointer without a domain.
_SUSPECT = tuple(
    (sign, re.compile(pattern, re.MULTILINE))
    for sign, pattern in (
        ("\\", r"\\[a-zA-Z]"),
        (": ", r": -?\d{16}"),
        ("- ", r"- -?\d{16}"),
        ('":', r'^[ -]*"(?!\$patch")[^"\n]*":'),
        ("/annotations/", r"/annotations/[^~\n]*$"),
        ("config.k", r"(?<!kustomize\.)config\.(?:kubernetes|k8s)\.io(?:/|~1)"),
        ("List\n", r"^kind: \w*List$"),
    )
)
"""Each behind a sign to look for first, and each with a beginning of its own: one pattern for all takes five times as long."""

Path = tuple[str | int, ...]


def suspicious(text: str) -> bool:
    """Whether rendered text may hold something that `faults` would find; far cheaper than to look at every value."""
    return any(sign in text and pattern.search(text) for sign, pattern in _SUSPECT)


def faults(obj: Object) -> tuple[Fault, ...]:
    """Everything in an object that would not arrive in the cluster as it is written, or not at all."""
    return (*_walk(obj, ()), *_annotation_keys(obj), *_list(obj))


def _walk(value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _text(value, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield from _text(key, (*path, key))
                yield from _walk(item, (*path, key))
            else:
                yield _not_json(path, f"the key {key!r} is not text")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index))
    elif isinstance(value, bool) or value is None:
        return
    else:
        yield from _number(value, path)


def _text(value: str, path: Path) -> Iterator[Fault]:
    if found := _UNREADABLE.search(value):
        what = f"the character U+{ord(found[0]):04X}"
        yield _not_carried(path, what, "YAML readers refuse it, or read another character.")
    elif value.startswith("\t") and "\n" in value:
        yield _not_carried(
            path, "text of several lines that begins with a tab", "Kustomize cannot read back what it writes of it."
        )


def _number(value: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, int):
        if abs(value) > LARGEST:
            yield _not_carried(
                path, f"the integer {_shown(value)}", "integers beyond 2**53 lose digits in JSON; write it as text."
            )
    elif not isinstance(value, float):
        yield _not_json(path, f"{_article(type(value).__name__)} is none of text, number, true, false, list and map")
    elif not math.isfinite(value):
        yield _not_json(path, f"{value} is not a number in JSON")


def _shown(value: int) -> str:
    """The number, unless it has more digits than Python writes or anybody reads."""
    return str(value) if value.bit_length() <= 128 else f"of {value.bit_length()} bits"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _annotation_keys(obj: Object) -> Iterator[Fault]:
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    for key in annotations if isinstance(annotations, Mapping) else ():
        if isinstance(key, str) and _LOOKS_TYPED.fullmatch(key):
            yield _not_carried(
                ("metadata", "annotations", key), f"the annotation key `{key}`", "Kustomize reads it as another type."
            )
        elif isinstance(key, str) and _FOR_KUSTOMIZE.match(key):
            yield _not_carried(
                ("metadata", "annotations", key),
                f"the annotation `{key}`",
                "Kustomize takes it as said to itself, and drops the annotation or the whole object.",
            )


def _list(obj: Object) -> Iterator[Fault]:
    if str(obj.get("kind", "")).endswith("List") and isinstance(obj.get("items"), list):
        yield _not_carried(("items",), "an object of a kind in …List with `items`", "Kustomize takes the items alone.")


def _not_json(path: Path, what: str) -> Fault:
    return Fault(
        "not-json",
        path,
        what,
        why="a Kubernetes object is JSON.",
        hint="use text, numbers, true, false, lists and maps",
    )


def _not_carried(path: Path, what: str, why: str) -> Fault:
    return Fault("not-carried", path, f"{what} does not survive a build", found=what, why=why)
