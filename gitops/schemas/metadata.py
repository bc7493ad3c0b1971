"""What the API server asks of metadata beyond its schema (k8s.io/apimachinery/pkg/api/validation/objectmeta.go)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gitops.faults import Fault, Fix

_ANNOTATIONS = 256 * 1024
"""Bytes of all keys and values together."""
_REFUSES = "the API server refuses such an object"
_BOTH = {"orphan", "foregroundDeletion"}


def metadata_faults(obj: Any, scope: str) -> list[Fault]:
    """What is wrong with the metadata of an object of this scope, whose schema may be broken as well."""
    metadata = obj.get("metadata")
    if type(metadata) is not dict:
        return []
    looked_at = _CHECKS.keys() & metadata.keys()
    found = [fault for field in looked_at if metadata[field] for fault in _CHECKS[field](metadata[field])]
    if scope == "Cluster" and metadata.get("namespace"):
        found.append(_not_namespaced(obj, metadata["namespace"]))
    return found


def _annotations(value: Any) -> Iterator[Fault]:
    if type(value) is not dict:
        return
    texts = [*value, *(text for text in value.values() if type(text) is str)]
    if len("".join(texts)) * 4 > _ANNOTATIONS and (size := len("".join(texts).encode())) > _ANNOTATIONS:
        yield Fault(
            rule="wrong-length",
            pointer=("metadata", "annotations"),
            message="`metadata.annotations` is too long",
            found=f"{size} bytes in all keys and values",
            expected=f"at most {_ANNOTATIONS} bytes",
            why=_REFUSES,
            hint="keep large data in a ConfigMap or in an object store",
        )


def _owners(value: Any) -> Iterator[Fault]:
    owners = [each if type(each) is dict else {} for each in value] if type(value) is list else []
    controllers = [index for index, owner in enumerate(owners) if owner.get("controller") is True]
    for index in controllers[1:]:
        yield Fault(
            rule="invalid-value",
            pointer=("metadata", "ownerReferences", index, "controller"),
            message=f"`metadata.ownerReferences[{controllers[0]}]` is the controller already",
            found="true",
            expected="true for one owner at most",
            why=_REFUSES,
        )
    yield from _repeated("ownerReferences", [json.dumps(owner, sort_keys=True) for owner in owners], _DROPPED)


_DROPPED = "the API server drops the second one with a warning, so git and cluster differ"
_ONE = "remove one of the two"
_APPLY = "server-side apply refuses a set that repeats an item"


def _finalizers(value: Any) -> Iterator[Fault]:
    names = [name for name in value if isinstance(name, str)] if type(value) is list else []
    if set(names) >= _BOTH:
        yield Fault(
            rule="invalid-value",
            pointer=("metadata", "finalizers"),
            message="`metadata.finalizers` has both orphan and foregroundDeletion",
            found=", ".join(names),
            expected="one of the two",
            why=_REFUSES,
        )
    yield from _repeated("finalizers", names, _APPLY)


def _repeated(field: str, items: list[str], why: str) -> Iterator[Fault]:
    for index, item in enumerate(items):
        if (first := items.index(item)) < index:
            message = f"`metadata.{field}[{index}]` repeats `metadata.{field}[{first}]`"
            path = ("metadata", field, index)
            yield Fault(
                "duplicate-item", path, message, "", "no two equal items", why, _ONE, "warning", Fix("remove", path)
            )


def _of_the_cluster(field: str, why: str, severity: Any) -> Callable[[Any], Iterator[Fault]]:
    path = ("metadata", field)

    def check(value: Any) -> Iterator[Fault]:
        yield Fault(
            rule="cluster-metadata",
            pointer=path,
            message=f"`metadata.{field}` belongs to the cluster, not to a manifest",
            found=value if isinstance(value, str) else "",
            expected="nothing",
            why=why,
            hint="remove it",
            severity=severity,
            fix=Fix("remove", path),
        )

    return check


def _not_namespaced(obj: Mapping[str, Any], namespace: Any) -> Fault:
    path = ("metadata", "namespace")
    return Fault(
        rule="namespace-ignored",
        pointer=path,
        message=f"{obj.get('kind')} belongs to the cluster as a whole and is in no namespace",
        found=str(namespace),
        expected="no namespace",
        why="the API server clears it without a word, and whoever looks for the object in the namespace finds nothing",
        hint="remove it",
        severity="warning",
        fix=Fix("remove", path),
    )


_CHECKS: Mapping[str, Callable[[Any], Iterator[Fault]]] = {
    "annotations": _annotations,
    "finalizers": _finalizers,
    "ownerReferences": _owners,
    "managedFields": _of_the_cluster("managedFields", "server-side apply refuses an object that has it", "warning"),
    "resourceVersion": _of_the_cluster(
        "resourceVersion",
        "the API server refuses to create such an object, and to change one that has moved on",
        "error",
    ),
    "uid": _of_the_cluster(
        "uid", "the object is refused as soon as the one in the cluster is another, as after a restore", "warning"
    ),
}
"""Field of metadata -> what looks at it."""
