"""Kubernetes objects as plain data: their identity, their parts, and equality that JSON would agree with."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from typing import Any, NamedTuple

Object = dict[str, Any]
"""One Kubernetes object (a manifest) as JSON-like data: dict, list, str, int, float, bool, None."""

Scope = Callable[[str, str], str | None]
"""(apiVersion, kind) -> "Namespaced", "Cluster", or None where no schema says."""


class Key(NamedTuple):
    """What makes an object the same object for the API server; the version is not part of it."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`InferenceService.serving.kserve.io/models/mnist`, in kubectl's spelling of a kind and its group."""
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return "/".join(part for part in (kind, self.namespace, self.name) if part)


def group_of(api_version: str) -> str:
    """The API group of an apiVersion; empty for the core group."""
    return api_version.rpartition("/")[0]


def key_of(obj: Object) -> Key:
    """The identity of an object that has apiVersion, kind and metadata.name."""
    metadata = obj["metadata"]
    return Key(group_of(obj["apiVersion"]), obj["kind"], metadata.get("namespace", ""), metadata["name"])


def identical(a: Any, b: Any) -> bool:
    """Equal as JSON: `True` is not `1`, the order of keys does not matter, `1.0` is `1`."""
    if a is b:
        return True
    if a != b:
        return False
    kind = type(a)
    # The same bytes, written without back references, are the same data; the other way round only a closer look tells.
    if (kind is dict or kind is list) and _same_bytes(a, b):
        return True
    return _bools_agree(a, b) if kind is dict or kind is list else (kind is bool) is (type(b) is bool)


def _same_bytes(a: Any, b: Any) -> bool:
    try:
        return marshal.dumps(a, 2) == marshal.dumps(b, 2)
    except ValueError:  # something that is no data
        return False


def _bools_agree(a: Any, b: Any) -> bool:
    """Whether two equal values have bools at the same places. One flat loop: this runs over every object rendered."""
    pairs = [(a, b)]
    for a, b in pairs:
        for key, value in a.items() if type(a) is dict else enumerate(a):
            kind = type(value)
            if kind is str:
                continue
            if kind is dict or kind is list:
                pairs.append((value, b[key]))
            elif (kind is bool) is not (type(b[key]) is bool):
                return False
    return True


def pointer(path: tuple[str | int, ...] | list[str | int]) -> str:
    """A path as JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
