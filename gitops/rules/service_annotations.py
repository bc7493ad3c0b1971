"""Annotations of an InferenceService that do nothing, or not what they seem to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.once import once
from gitops.rules.serving import GROUP, INFERENCE_SERVICE, components

KNOWN = frozenset(
    (
        *(f"{GROUP}/{name}" for name in ("deploymentMode", "autoscalerClass", "stop", "disable-auto-update")),
        *(f"{GROUP}/{name}" for name in ("enable-tag-routing", "enable-metric-aggregation")),
        *(f"{GROUP}/{name}" for name in ("enable-prometheus-scraping", "storageSecretName", "secretName")),
        *(f"{GROUP}/{name}" for name in ("storage-initializer-uid", "gke-accelerator", "gpu-resource-types")),
        *(f"{GROUP}/{name}" for name in ("disable-localmodel", "nodegroup", "server-type")),
        *(f"{GROUP}/{name}" for name in ("secretKey", "schemaPath")),  # ModelMesh
        *(f"prometheus.kserve.io/{name}" for name in ("port", "path")),
        "storage.kserve.io/readonly",
    )
)
"""Annotations that KServe reads on an InferenceService."""

RETIRED = {
    f"{GROUP}/targetUtilizationPercentage": "set `scaleMetric` and `scaleTarget`",
    f"{GROUP}/metrics": "set `scaleMetric` and `scaleTarget`",
}
"""Read up to KServe 0.14, and what does the same now."""

UNREAD = {
    f"{GROUP}/logger-secret-name": "set `logger.storage.key`",
    f"{GROUP}/logger-secret-path": "set `logger.storage.path`",
    f"{GROUP}/logger-secret-file": "set `logger.storage.parameters`",
    "autoscaling.knative.dev/min-scale": "set `minReplicas`",
    "autoscaling.knative.dev/max-scale": "set `maxReplicas`",
}
_ON_SECRETS = f"{GROUP}/s3-"
_OLD_DOMAINS = ("serving.kserve.org", "serving.kubeflow.org", "kserve.io", "serving.kserve.com", "kserve.serving.io")


@once
def annotations_of(service: Object) -> dict[str, str]:
    """The annotations of an object that are text, as all should be."""
    found = service["metadata"].get("annotations") or {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _at(key: str) -> Path:
    return ("metadata", "annotations", key)


def _plain(key: str) -> str:
    return re.sub("[^a-z0-9/.]", "", key.lower())


_BY_PLAIN = {_plain(key): key for key in (*KNOWN, *RETIRED)}


@rule("controller", INFERENCE_SERVICE, level="warning")
def misspelt_annotation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An annotation of KServe's is spelled as KServe reads it.

    Why: Keys are compared exactly. One that differs in a letter, in upper and lower case or in its domain is taken for somebody
    else's: KServe behaves as if it were missing, and says nothing.

    Fix: Use the key that is proposed.

    Source: kserve pkg/constants/constants.go.
    """
    given = annotations_of(service)
    for key in given:
        if ("kserve" not in key and "kubeflow" not in key) or key in KNOWN or key in RETIRED or key in UNREAD:
            continue
        if meant := _meant(key):
            sure = _plain(meant) == _plain(f"{GROUP}/{key.partition('/')[2]}") or _plain(meant) == _plain(key)
            fix = Fix("rename", _at(key), meant) if sure and meant not in given else None
            yield Fault(
                "misspelt-annotation",
                _at(key),
                f"`{key}` is no annotation that KServe reads",
                key,
                meant,
                "KServe behaves as if it were missing",
                f"did you mean `{meant}`?",
                fix=fix,
            )


def _meant(key: str) -> str:
    domain, _, name = key.partition("/")
    if exact := _BY_PLAIN.get(_plain(key)):
        return exact
    if domain in _OLD_DOMAINS:
        return _BY_PLAIN.get(_plain(f"{GROUP}/{name}")) or _near(f"{GROUP}/{name}")
    return _near(key) if domain == GROUP and not key.startswith(_ON_SECRETS) else ""


def _near(key: str) -> str:
    """A known key of KServe's that differs in a few letters; sure enough to speak of it."""
    names = {known.partition("/")[2]: known for known in KNOWN if known.startswith(GROUP)}
    near = difflib.get_close_matches(key.partition("/")[2], names, n=1, cutoff=0.8)
    return names[near[0]] if near else ""


@rule("controller", INFERENCE_SERVICE, level="warning")
def foreign_annotation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An annotation for KServe is in a domain that KServe reads.

    Why: KServe left `serving.kubeflow.org` with release 0.7, and never read `serving.kserve.org`; annotations there do nothing.

    Fix: Use an annotation of `serving.kserve.io`, or remove it.

    Source: kserve pkg/constants/constants.go: KServeAPIGroupName.
    """
    for key in annotations_of(service):
        if key.partition("/")[0] in _OLD_DOMAINS and not _meant(key):
            yield Fault(
                "foreign-annotation",
                _at(key),
                f"`{key}` is in a domain that KServe does not read",
                key.partition("/")[0],
                GROUP,
                "the annotation does nothing",
                f"remove it, or use one of `{GROUP}/`",
            )


TRUE = frozenset(("yes", "y", "1", "on", "t", "true", "enabled"))
FALSE = frozenset(("no", "n", "0", "off", "f", "false", "disabled"))
SWITCHES = {
    f"{GROUP}/stop": "true",
    f"{GROUP}/disable-auto-update": "true",
    f"{GROUP}/enable-tag-routing": "true",
    f"{GROUP}/enable-metric-aggregation": "true",
    f"{GROUP}/enable-prometheus-scraping": "true",
    "storage.kserve.io/readonly": "false",
}
"""Annotations with two values, and the one that KServe looks for; anything else counts as the other."""


@rule("controller", INFERENCE_SERVICE, level="warning", needs=(*SWITCHES, f"{GROUP}/disable-localmodel"))
def switch_annotation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An annotation that switches something says `true` or `false`.

    Why: KServe compares with one of the two words, in lower case, and takes anything else for the other: `stop: "yes"` does not
    stop. (`stop` alone may be in upper case.) `disable-localmodel` counts by being there, whatever it says.

    Fix: Write `"true"` or `"false"`; remove `disable-localmodel` rather than set it to `"false"`.

    Source: kserve pkg/utils/utils.go: GetForceStopRuntime; pkg/webhook/admission/pod/ (metrics_aggregate_injector.go,
    storage_initializer_injector.go: GetStorageInitializerReadOnlyFlag); ksvc_reconciler.go; controller.go;
    inference_service_defaults.go (DisableLocalModelKey).
    """
    for key, value in annotations_of(service).items():
        word = _meant_value(key, value) if key in SWITCHES else ""
        local = key == f"{GROUP}/disable-localmodel" and value.lower() in FALSE
        if word or local:
            yield Fault(
                "switch-annotation",
                _at(key),
                f"`{key}` does not do what it says",
                value or "an empty string",
                "no annotation" if local else '"true" or "false"',
                "it counts by being there: the local model is not used" if local else _misread(key),
                "remove it" if local else f'write "{word}"' if word in ("true", "false") else 'write "true" or "false"',
                fix=_switched(key, word, local),
            )


def _misread(key: str) -> str:
    looked_for = SWITCHES[key]
    return f'KServe looks for "{looked_for}" and takes this for "{"false" if looked_for == "true" else "true"}"'


def _switched(key: str, word: str, local: bool) -> Fix | None:
    if local:
        return Fix("remove", _at(key))
    return Fix("set", _at(key), word) if word in ("true", "false") else None


def _meant_value(key: str, value: str) -> str:
    """What a switch that is not read as it is meant should say; `?` if that is unclear, empty if all is well."""
    if value in ("true", "false") or (key.endswith("/stop") and value.lower() in ("true", "false")):
        return ""
    word = value.strip().lower()
    return "true" if word in TRUE else "false" if word in FALSE else "?"


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS30", needs=(*UNREAD, *RETIRED))
def dead_annotation(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """An InferenceService has no annotation that nothing reads there.

    Why: `targetUtilizationPercentage` and `metrics` stopped working with 0.15; Knative's bounds of scale are dropped in favour of
    `minReplicas` and `maxReplicas`; where a logger's Secret is, its `storage` says. The service runs with other settings than it
    shows.

    Fix: Set the field that is proposed, and remove the annotation.

    Source: kserve pkg/constants/constants.go (ServiceAnnotationDisallowedList); the readers of the two scaling annotations
    were removed after v0.14.1, and the logger's never had one.
    """
    for key in annotations_of(service):
        instead = UNREAD.get(key) or (RETIRED.get(key) if cluster.runs("kserve", "0.15.0") else None)
        if instead:
            yield Fault(
                "dead-annotation",
                _at(key),
                f"nothing reads `{key}` on an InferenceService",
                key,
                "no such annotation here",
                "the service runs with other settings than it shows",
                instead,
            )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS30", needs="scaleMetricType")
def unread_field(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A component has no field that no part of KServe reads.

    Why: `scaleMetricType` is in the schema, but neither webhook nor controller of any release looks at it.

    Fix: Remove it, or say the type of the target under `autoScaling.metrics`.

    Source: kserve pkg/apis/serving/v1beta1/component.go; no reader in pkg/ at v0.20.0.
    """
    for component in components(service):
        if component.spec.get("scaleMetricType") is not None:
            path = (*component.path, "scaleMetricType")
            yield Fault(
                "unread-field",
                path,
                "nothing reads `scaleMetricType`",
                component.spec["scaleMetricType"],
                "no such field",
                "the autoscaler gets the type that belongs to the metric, whatever this says",
                "remove it, or write the target under `autoScaling.metrics`",
                fix=Fix("remove", path),
            )
