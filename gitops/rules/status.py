"""The status of an object, which nobody should write: it is a controller's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, items, rule
from gitops.rules.kafka import KAFKA_SOURCE
from gitops.rules.serving import INFERENCE_SERVICE, LLM_INFERENCE_SERVICE
from gitops.schemas.faults import dotted
from gitops.schemas.formats import is_date_time

_FORMS: dict[str, type] = {
    **dict.fromkeys(("annotations", "address", "components", "modelStatus"), dict),
    **dict.fromkeys(("url", "deploymentMode", "servingRuntimeName", "clusterServingRuntimeName", "sinkUri"), str),
    "conditions": list,
    "observedGeneration": int,
}
_WORDS = {dict: "map", str: "text", list: "list", int: "number"}


@rule("admission", INFERENCE_SERVICE, LLM_INFERENCE_SERVICE, KAFKA_SOURCE, needs="status")
def status_readable(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A status, if there is one at all, has a form that can be read, down to its times.

    Why: the API server drops a status that is sent with an object, but the mutating webhook reads all of the object first, and refuses
    it for a time that is none, or a number in place of a text.

    Fix: remove `status`: it was copied from a cluster, and does nothing in git.

    Source: knative.dev/pkg apis/volatile_time.go (UnmarshalJSON); seen with the real webhook.
    """
    status = obj.get("status")
    if status is not None and not isinstance(status, dict):
        yield _unreadable(("status",), "map", "a map, or no status")
        return
    for path, value, form in _formed(status or {}):
        if value is not None and not isinstance(value, form):
            yield _unreadable(path, _WORDS[form], f"a {_WORDS[form]}, or no status")
    for path, text in _times(status, ("status",)):
        if not is_date_time(text):
            yield _unreadable(path, "time", "such as 2026-01-31T12:00:00Z")


def _unreadable(path: Path, what: str, expected: str) -> Fault:
    return Fault(
        "status-readable",
        path,
        f"`{dotted(path)}` is no {what}",
        expected=expected,
        why="the webhook cannot read the object, and refuses it.",
        hint="remove `status`: it does nothing in git",
        fix=Fix("remove", ("status",)),
    )


def _formed(status: Object) -> Iterator[tuple[Path, Any, type]]:
    """The fields that every release of these kinds has, with the form that their Go types read."""
    for name, form in _FORMS.items():
        yield ("status", name), status.get(name), form
    for path, condition in items(status, "conditions"):
        yield from ((("status", *path, name), value, str) for name, value in condition.items())


def _times(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and name == "lastTransitionTime":
                yield (*path, name), each
            else:
                yield from _times(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _times(each, (*path, index))
