"""The pods that objects describe, and what in them refers to Secrets, ConfigMaps and claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gitops.faults import Path
from gitops.objects import Object, group_of
from gitops.rules import serving
from gitops.rules.base import Kind, at, items
from gitops.rules.once import once

_TEMPLATE: tuple[Path, ...] = (("spec", "template", "spec"),)
_SERVICE: tuple[Path, ...] = tuple(("spec", name) for name in ("predictor", "transformer", "explainer"))
PLACES: dict[Kind, tuple[Path, ...]] = {
    ("", "Pod"): (("spec",),),
    ("", "PodTemplate"): (("template", "spec"),),
    ("", "ReplicationController"): _TEMPLATE,
    **{("apps", kind): _TEMPLATE for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")},
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): (("spec", "jobTemplate", "spec", "template", "spec"),),
    ("serving.knative.dev", "Service"): _TEMPLATE,
    ("serving.knative.dev", "Configuration"): _TEMPLATE,
    serving.SERVING_RUNTIME: (("spec",), ("spec", "workerSpec")),
    serving.INFERENCE_GRAPH: (("spec",),),
    serving.INFERENCE_SERVICE: (*_SERVICE, ("spec", "predictor", "workerSpec")),
    serving.LLM_INFERENCE_SERVICE: (
        *(("spec", "template"), ("spec", "worker"), ("spec", "prefill", "template"), ("spec", "prefill", "worker")),
        ("spec", "router", "scheduler", "template"),
    ),
}
"""Where the objects of a kind describe pods of their own namespace."""

KINDS = tuple(PLACES)
_LISTS = ("containers", "initContainers", "ephemeralContainers")
_MODELS = ("model", *serving.FRAMEWORKS, "art")
SECRET_FIELDS = ("secretKeyRef", "secretRef", "secret", "nodePublishSecretRef", "azureFile")
CONFIG_FIELDS = ("configMapKeyRef", "configMapRef", "configMap")
"""Without any of which no pod reads a Secret (those to pull images with aside), or a ConfigMap."""


class Pod(NamedTuple):
    """One pod spec, and where it stands."""

    path: Path
    spec: Object


class Reference(NamedTuple):
    """A name that a pod gives. `path` leads to it; `keys` are the keys that it needs, each with its path."""

    path: Path
    name: str
    keys: tuple[tuple[Path, str], ...] = ()
    optional: bool = False


@once
def pods(obj: Object) -> tuple[Pod, ...]:
    """Every pod spec in an object."""
    return tuple(_pods(obj))


def _pods(obj: Object) -> Iterator[Pod]:
    kind = (group_of(obj["apiVersion"]), obj["kind"])
    for path in PLACES.get(kind, ()):
        spec = at(obj, *path)
        if isinstance(spec, dict):
            yield Pod(path, spec)
    if kind == serving.INFERENCE_SERVICE:
        yield from (Pod(component.path, component.spec) for component in serving.canaries(obj))


def account(pod: Pod) -> tuple[Path, str]:
    """The ServiceAccount of a pod: its name, and where that stands or would stand."""
    field = "serviceAccount" if not pod.spec.get("serviceAccountName") and pod.spec.get("serviceAccount") else ""
    field = field or "serviceAccountName"
    return (*pod.path, field), pod.spec.get(field) or "default"


@once
def containers(pod: Pod) -> tuple[tuple[Path, Object], ...]:
    """Every container of a pod, that of a model or framework of KServe included."""
    return tuple(_containers(pod))


def _containers(pod: Pod) -> Iterator[tuple[Path, Object]]:
    for field in _LISTS:
        for path, container in items(pod.spec, field) if pod.spec.get(field) else ():
            yield (*pod.path, *path), container
    for field in _MODELS:
        if isinstance(pod.spec.get(field), dict):
            yield (*pod.path, field), pod.spec[field]


def secrets_of(pod: Pod) -> Iterator[Reference]:
    """Every Secret that a pod cannot start without, or takes if it is there; those to pull images with aside."""
    yield from _variables(pod, "secretKeyRef", "secretRef")
    yield from _volumes(pod, "secret", "secretName")
    for path, volume in items(pod.spec, "volumes"):
        for field in (("csi", "nodePublishSecretRef", "name"), ("azureFile", "secretName")):
            if name := at(volume, *field):
                yield Reference((*pod.path, *path, *field), name)


def configs_of(pod: Pod) -> Iterator[Reference]:
    """Every ConfigMap that a pod reads."""
    yield from _variables(pod, "configMapKeyRef", "configMapRef")
    yield from _volumes(pod, "configMap", "name")


def claims_of(pod: Pod) -> Iterator[Reference]:
    """Every PersistentVolumeClaim that a pod mounts."""
    for path, volume in items(pod.spec, "volumes"):
        if name := at(volume, "persistentVolumeClaim", "claimName"):
            yield Reference((*pod.path, *path, "persistentVolumeClaim", "claimName"), name)


def pull_secrets_of(pod: Pod) -> Iterator[Reference]:
    """Every Secret that a pod pulls images with."""
    for path, each in items(pod.spec, "imagePullSecrets"):
        if name := each.get("name"):
            yield Reference((*pod.path, *path, "name"), name)


Find = Callable[[Pod], Iterator[Reference]]


@once
def references(obj: Object, find: Find) -> tuple[Reference, ...]:
    """What `find` finds in every pod of an object."""
    return tuple(found for pod in pods(obj) for found in find(pod))


def _variables(pod: Pod, one: str, whole: str) -> Iterator[Reference]:
    for where, container in containers(pod):
        for path, variable in items(container, "env") if container.get("env") else ():
            source = (variable.get("valueFrom") or {}).get(one)
            if source:
                here = (*where, *path, "valueFrom", one)
                keys = (((*here, "key"), source["key"]),) if source.get("key") else ()
                yield from _reference(here, "name", source, keys)
        for path, entry in items(container, "envFrom") if container.get("envFrom") else ():
            yield from _reference((*where, *path, whole), "name", entry.get(whole))


def _volumes(pod: Pod, kind: str, field: str) -> Iterator[Reference]:
    for path, volume in items(pod.spec, "volumes"):
        yield from _files((*pod.path, *path, kind), field, volume.get(kind))
        for inner, source in items(volume, "projected", "sources"):
            yield from _files((*pod.path, *path, *inner, kind), "name", source.get(kind))


def _files(path: Path, field: str, source: Any) -> Iterator[Reference]:
    keys = (((*path, *where, "key"), item["key"]) for where, item in items(source, "items") if item.get("key"))
    yield from _reference(path, field, source, tuple(keys))


def _reference(path: Path, field: str, source: Any, keys: tuple[tuple[Path, str], ...] = ()) -> Iterator[Reference]:
    name = at(source, field)
    if name:
        yield Reference((*path, field), name, keys, bool(source.get("optional")))
