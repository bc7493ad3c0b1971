"""What the API server takes when an object is created, and refuses when it is applied: Argo CD with ServerSideApply, and `kubectl apply
--server-side`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object, group_of
from gitops.rules import pods
from gitops.rules.base import NULL, Cluster, items, rule
from gitops.rules.round_trip import WEBHOOKS
from gitops.schemas.faults import dotted

_DROPS_NULLS = frozenset(kind for kind in WEBHOOKS if kind[0] != "serving.kserve.io")
"""Knative's webhooks write the object anew without its nulls."""


@rule("controller", level="warning", needs=NULL)
def explicit_null(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A custom resource has no field that is null.

    Why: a create drops nulls, but server-side apply keeps them while it merges, and the API server then refuses the object as being
    of the wrong type. The sync fails, though `kubectl create` worked.

    Fix: remove the field; to unset it in an overlay, a patch with `op: remove` does that.

    Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go (applyPatcher); seen with a real API server 1.34.
    """
    kind = (group_of(obj["apiVersion"]), obj["kind"])
    if "." not in kind[0] or kind[0].endswith(".k8s.io") or kind in _DROPS_NULLS:
        return
    for path in _nulls(obj["spec"], ("spec",)) if "spec" in obj else ():
        yield Fault(
            "explicit-null",
            path,
            f"`{dotted(path)}` is null",
            "null",
            "a value, or no field",
            "a create drops it, but server-side apply is refused.",
            "remove the field",
            fix=Fix("remove", path),
        )


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    if value is None:
        yield path
    elif type(value) is dict:
        for name, each in value.items():
            if each is None or type(each) is dict or type(each) is list:
                yield from _nulls(each, (*path, name))
    elif type(value) is list:
        for index, each in enumerate(value):
            if type(each) is dict or type(each) is list:
                yield from _nulls(each, (*path, index))


@rule("controller", *(kind for kind in pods.KINDS if kind[0] in ("", "apps", "batch")), level="warning")
def repeated_entry(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A container names each variable once, and each port with its protocol once.

    Why: a create takes the last of two variables, but server-side apply identifies entries by these keys, and refuses a list that has
    one twice. The sync fails, though `kubectl create` worked.

    Fix: keep the entry that is meant.

    Source: k8s.io/api core/v1 (listMapKey of env and ports); sigs.k8s.io/structured-merge-diff; seen with a real API server 1.34.
    """
    for pod in pods.pods(obj):
        for where, container in pods.containers(pod):
            yield from _repeats(where, container, "env", ("name",))
            yield from _repeats(where, container, "ports", ("containerPort", "protocol"))


def _repeats(where: Path, container: Object, field: str, keys: tuple[str, ...]) -> Iterator[Fault]:
    found = items(container, field)
    if len({entry.get(keys[0]) for _, entry in found}) == len(found):  # most by far
        return
    seen: set[tuple[Any, ...]] = set()
    for path, entry in found:
        key = tuple(entry.get(name) or ("TCP" if name == "protocol" else None) for name in keys)
        if key in seen:
            yield Fault(
                "repeated-entry",
                (*where, *path),
                f"`{dotted((*where, field))}` has `{key[0]}` twice",
                str(key[0]),
                "each once",
                "a create takes the last one, but server-side apply is refused.",
                "keep the one that is meant",
            )
        seen.add(key)
