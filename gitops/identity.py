"""An object has to say which object it is before anything else can be said about it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.objects import Object, pointer
from gitops.problems import Problem

_KEYWORDS = {("apiVersion",): "api_version", ("kind",): "kind", ("metadata", "name"): "name"}
_WHY = "Kubernetes knows an object by its apiVersion, kind, namespace and name."


def identity_problems(obj: Object) -> Iterator[tuple[tuple[str, ...], Problem]]:
    """What keeps an object from having a `Key`, each with the path in the object that it is about."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        yield (
            ("metadata",),
            _problem(("metadata",), "the object has no metadata", "leave `metadata` as the resource makes it"),
        )
        return
    parts = {
        ("apiVersion",): obj.get("apiVersion"),
        ("kind",): obj.get("kind"),
        ("metadata", "name"): metadata.get("name"),
    }
    for path, value in parts.items():
        if not isinstance(value, str) or not value:
            yield path, _problem(path, f"the object has no `{'.'.join(path)}`", f"give it as `{_KEYWORDS[path]}=`")
    if not isinstance(metadata.get("namespace", ""), str):
        path = ("metadata", "namespace")
        yield path, _problem(path, "`metadata.namespace` of the object is not text", "leave it to the environment")


def _problem(path: tuple[str, ...], message: str, hint: str) -> Problem:
    return Problem(
        "no-identity", message, pointer=pointer(path), expected="text that is not empty", why=_WHY, hint=hint
    )
