"""Labels and annotations of an InferenceService in the wrong place, of KServe's own, or that change too often."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.patterns import pattern
from gitops.rules.service_annotations import KNOWN, annotations_of
from gitops.rules.serving import AUTOSCALER_CLASS, GROUP, INFERENCE_SERVICE, MODE, components, mode

_INTERNAL = "internal.serving.kserve.io/"
_OWN_LABELS = frozenset((f"{GROUP}/inferenceservice", "isvc.generation", "modelClass", "serviceEnvelope"))
_VISIBILITY = {"networking.kserve.io/visibility": "Standard", "networking.knative.dev/visibility": "Knative"}

_STEERING = frozenset((*KNOWN, *_VISIBILITY))


@rule("controller", INFERENCE_SERVICE, level="warning")
def reserved_metadata(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An InferenceService has no label or annotation that KServe gives out itself.

    Why: KServe writes annotations of `internal.serving.kserve.io/` and the labels by which it finds its pods. Set by hand they
    are overwritten, or lead its Services to the wrong pods.

    Fix: Remove it; a label of your own goes under a domain of your own.

    Source: kserve pkg/constants/constants.go; pkg/apis/serving/v1beta1/inference_service_defaults.go: deleteLocalModelMetadata;
    pkg/controller/v1beta1/inferenceservice/components/predictor.go: buildObjectMeta.
    """
    labels = service["metadata"].get("labels") or {}
    for field, keys in (("annotations", annotations_of(service)), ("labels", labels)):
        for key in keys:
            if key.startswith(_INTERNAL) or (field == "labels" and key in _OWN_LABELS):
                yield Fault(
                    "reserved-metadata",
                    ("metadata", field, key),
                    f"`{key}` is KServe's own",
                    key,
                    f"{field} of one's own",
                    "KServe overwrites it, or finds the wrong pods by it",
                    "remove it, or use a key with a domain of your own",
                )


@rule("controller", INFERENCE_SERVICE, level="warning")
def effective_metadata(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """What steers KServe stands where KServe looks for it: annotations as annotations, visibility as a label, both on the service.

    Why: KServe reads its annotations in `metadata.annotations` of the InferenceService only, and the visibility as a label:
    `networking.kserve.io/visibility` in Standard mode, `networking.knative.dev/visibility` in Knative mode. Elsewhere they do
    nothing: a service meant to be private stays public.

    Fix: Move it to where it is read.

    Source: kserve pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/ (kube_ingress_reconciler.go, httproute_reconciler.go,
    ingress_reconciler.go); pkg/apis/serving/v1beta1/inference_service_validation.go.
    """
    for key in annotations_of(service):
        if key in _VISIBILITY:
            where = ("metadata", "annotations", key)
            yield _misplaced(where, f"`{key}` is an annotation, and read as a label", "metadata.labels")
    labels = service["metadata"].get("labels") or {}
    for key in labels if not _STEERING.isdisjoint(labels) else ():
        where, wanted = ("metadata", "labels", key), mode(service, cluster)
        if key in KNOWN:
            yield _misplaced(where, f"`{key}` is a label, and read as an annotation", "metadata.annotations")
        elif _VISIBILITY.get(key, wanted) != wanted:
            yield _other_label(where, key, wanted)
    for component in components(service):
        for key in component.spec.get("annotations") or {}:
            if key in (MODE, AUTOSCALER_CLASS, f"{GROUP}/stop"):
                path = (*component.path, "annotations", key)
                message = f"`{key}` is read on the InferenceService, not on a component"
                yield _misplaced(path, message, "metadata.annotations of the InferenceService")


def _misplaced(path: Path, message: str, expected: str) -> Fault:
    found = ".".join(str(step) for step in path[:-1])
    why = "KServe looks for it in another place, and it does nothing here"
    return Fault("effective-metadata", path, message, found, expected, why, f"move it to `{expected}`")


def _other_label(path: Path, key: str, wanted: str) -> Fault:
    label = next((label for label, name in _VISIBILITY.items() if name == wanted), "")
    return Fault(
        "effective-metadata",
        path,
        f"`{key}` is not read in {wanted} mode",
        key,
        label or "no such label",
        "the service is as visible as if it were missing",
        f"use `{label}`" if label else "remove it",
    )


_VOLATILE = pattern(
    r"(^|[./_-])(commit|sha1?|sha256|revision|timestamp|build|pipeline[-_]?run|run[-_]?id|git[-_]?(commit|sha|revision|ref|hash)"
    r"|(generated|rendered|deployed|built)[-_]?(at|on|time))([-_]?(id|sha|hash|number|num|time|date|timestamp))*$",
    re.IGNORECASE,
)
"""Not checksums: with one of a configuration the author wants a rollout."""
_STAMP = pattern(r"[0-9a-f]{40}([0-9a-f]{24})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_NOT_COPIED = frozenset(
    (
        *("autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/max-scale", "modelFormat"),
        "internal.serving.kserve.io/storage-initializer-sourceuri",
        *("kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt"),
    )
)


def _marks(places: Iterable[tuple[Path, Object]]) -> Iterator[tuple[Path, str, Any]]:
    """The annotations and labels of several places."""
    for path, spec in places:
        for field in ("annotations", "labels"):
            if marks := spec.get(field):
                for key, value in marks.items():
                    yield (*path, field), key, value


@lru_cache(1024)
def _is_volatile(key: str) -> bool:
    return _VOLATILE.search(key) is not None


def _is_stamp(text: str) -> bool:
    return len(text) > 15 and _STAMP.fullmatch(text) is not None


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS29")
def volatile_metadata(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An InferenceService has no label or annotation that changes with every commit or build.

    Why: KServe copies labels and annotations to the pods, so that each change of one is a rollout: a commit in the repository
    restarts every model.

    Fix: Put such a mark on the Argo CD Application, or into the repository's history; remove it here.

    Source: kserve pkg/controller/v1beta1/inferenceservice/components/predictor.go: buildObjectMeta; the lists of exceptions in
    pkg/constants/constants.go.
    """
    places: list[tuple[Path, Object]] = [(("metadata",), service["metadata"])]
    places += [(component.path, component.spec) for component in components(service)]
    for place, key, value in _marks(places):
        if key not in _NOT_COPIED and (_is_volatile(key) or _is_stamp(str(value))):
            yield Fault(
                "volatile-metadata",
                (*place, key),
                f"`{key}` seems to change with every commit or build",
                str(value),
                "what changes only when the model is to be rolled out",
                "KServe copies it to the pods: each change of it restarts the model",
                "remove it here, and keep it on the Argo CD Application",
            )
