"""Mistakes, made on purpose in manifests that are right: what people do with a keyboard, one at a time.

Everything is derived from the object alone, so the same object gives the same mistakes on every machine.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from gitops.faults import Path
from gitops.objects import Object

LEFT_ALONE = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}
"""Without these it is another object, or none: they have mutations of their own."""

NAMES = ("Upper", "-dash", "dot.ted", "9digit", "under_score", "x" * 64, "x" * 254, "sp ace", "")
WORDS: dict[str, tuple[Any, ...]] = {
    "autoScaling": ({"metrics": [{"type": "Resource"}]}, {"metrics": []}),
    "canaryTrafficPercent": (-1, 101, "10"),
    "containerConcurrency": (-1,),
    "deploymentStrategy": ({"type": "Recreate"}, {"type": "Sometimes"}),
    "image": ("", " "),
    "initialOffset": ("newest", ""),
    "logger": ({"mode": "some"}, {"url": "http://log"}, {"mode": "all"}),
    "maxReplicas": (0, -1),
    "memory": ("4 Gi", "-1Gi", "1e3", 1.5),
    "minReplicas": (-1, 1000, 2147483648),
    "modelFormat": ({}, "sklearn", {"name": "sklearn", "version": 1}),
    "mountPath": ("/", "relative", "/mnt/../etc"),
    "ordering": ("sorted",),
    "protocolVersion": ("v3",),
    "scaleMetric": ("qps", "rps", "cpu", "memory", "concurrency"),
    "scaleTarget": (0, 101, -5),
    "sink": ({}, {"uri": "/path"}, {"uri": "http://host/path"}, {"ref": {"kind": "Service", "name": "x"}}),
    "storageUri": ("", "ftp://host/model", "s3:/models/x"),
    "topics": ([], [""], "one"),
    "bootstrapServers": ([], "kafka:9092"),
    "consumerGroup": ("",),
    "weight": (101, 0),
    "type": ("Sometimes",),
}
"""Values by the name of a field that are wrong, or border on it."""

ANNOTATIONS = (
    ("serving.kserve.io/autoscalerClass", "kpa"),
    ("serving.kserve.io/autoscalerClass", "hpa"),
    ("serving.kserve.io/autoscalerClass", "keda"),
    ("serving.kserve.io/deploymentMode", "RawDeployment"),
    ("serving.kserve.io/deploymentMode", "Standard"),
    ("serving.kserve.io/deploymentMode", "Knative"),
    ("serving.kserve.io/deploymentMode", "standard"),
    ("autoscaling.knative.dev/class", "hpa.autoscaling.knative.dev"),
    ("no/two/slashes", "x"),
    ("number", 1),
    ("Upper.Case/Key", "x"),
)


class Mutation(NamedTuple):
    """What is done to an object, and how: most are never made, and copying an object is what takes time."""

    what: str
    make: Callable[[], Object]


def mutations(obj: Object) -> Iterator[Mutation]:
    """Every mistake that is made in an object, in a stable order."""
    for path, value in _fields(obj, ()):
        if path not in LEFT_ALONE:
            yield from _of_field(obj, path, value)
    yield from _of_metadata(obj)


def _fields(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:2]):
            yield from _fields(item, (*path, index))


def _of_field(obj: Object, path: Path, value: Any) -> Iterator[Mutation]:
    yield Mutation(f"drop {path}", partial(_changed, obj, path, drop=True))
    yield Mutation(f"null {path}", partial(_changed, obj, path, None))
    for other in _other_types(value):
        yield Mutation(f"type {path} = {other!r}", partial(_changed, obj, path, other))
    name = path[-1]
    if isinstance(name, str):
        yield Mutation(f"typo {path}", partial(_renamed, obj, path, _typo(name)))
        yield Mutation(f"case {path}", partial(_renamed, obj, path, name.swapcase()))
        for wrong in WORDS.get(name, ()):
            yield Mutation(f"value {path} = {wrong!r}", partial(_changed, obj, path, copy.deepcopy(wrong)))
    if isinstance(value, list) and value:
        yield Mutation(f"repeat {path}", partial(_changed, obj, path, [*value, copy.deepcopy(value[0])]))
        yield Mutation(f"null item {path}", partial(_changed, obj, path, [*value, None]))
    if isinstance(value, dict):
        yield Mutation(f"foreign key in {path}", partial(_changed, obj, path, {**value, "notAField": "x"}))
        for wrong_name, wrongs in WORDS.items():
            if wrong_name in value or path[-1] in ("predictor", "transformer", "model"):
                yield from (
                    Mutation(
                        f"add {path}.{wrong_name} = {wrong!r}",
                        partial(_changed, obj, path, {**value, wrong_name: wrong}),
                    )
                    for wrong in wrongs[:1]
                )


def _other_types(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from (1, True, [value], {"value": value})
    elif isinstance(value, bool):
        yield from (str(value).lower(), 1)
    elif isinstance(value, int):
        yield from (str(value), value + 0.5, [value])
    elif isinstance(value, float):
        yield str(value)
    elif isinstance(value, dict):
        yield from ("text", [value])
    elif isinstance(value, list):
        yield from ("text", {"items": value}, *value[:1])


def _typo(name: str) -> str:
    return name[:-2] + name[:-3:-1] if len(name) > 2 and name[-1] != name[-2] else name + name[-1:]


def _of_metadata(obj: Object) -> Iterator[Mutation]:
    for name in NAMES:
        yield Mutation(f"name {name!r}", partial(_changed, obj, ("metadata", "name"), name))
    yield Mutation("no name", partial(_changed, obj, ("metadata", "name"), drop=True))
    metadata = obj["metadata"]
    for key, value in ANNOTATIONS:
        annotations = {**(metadata.get("annotations") or {}), key: value}
        yield Mutation(f"annotation {key}: {value!r}", partial(_changed, obj, ("metadata", "annotations"), annotations))
    for label, value in (("a/b/c", "x"), ("ok", "no spaces"), ("ok", 1), ("ok", "x" * 64), ("", "x"), ("ok", "")):
        labels = {**(metadata.get("labels") or {}), label: value}
        yield Mutation(f"label {label}: {value!r}", partial(_changed, obj, ("metadata", "labels"), labels))
    version = f"{obj['apiVersion'].rpartition('/')[0]}/v9".lstrip("/")
    yield Mutation("no apiVersion", partial(_changed, obj, ("apiVersion",), drop=True))
    yield Mutation("wrong version", partial(_changed, obj, ("apiVersion",), version))
    yield Mutation("kind in lower case", partial(_changed, obj, ("kind",), obj["kind"].lower()))
    yield Mutation("foreign root field", partial(_changed, obj, ("values",), {}))


def _changed(obj: Object, path: Path, value: Any = None, *, drop: bool = False) -> Object:
    changed = copy.deepcopy(obj)
    parent: Any = changed
    for step in path[:-1]:
        parent = parent[step]
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


def _renamed(obj: Object, path: Path, name: str) -> Object:
    changed = copy.deepcopy(obj)
    parent: Any = changed
    for step in path[:-1]:
        parent = parent[step]
    parent[name] = parent.pop(path[-1])
    return changed
