"""What Knative refuses in the Service that KServe makes of a component in Knative mode."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, items, rule
from gitops.rules.serving import INFERENCE_SERVICE, Component, components, mode
from gitops.schemas.faults import dotted

FLAGS = {
    "affinity": "podspec-affinity",
    "topologySpreadConstraints": "podspec-topologyspreadconstraints",
    "hostAliases": "podspec-hostaliases",
    "nodeSelector": "podspec-nodeselector",
    "runtimeClassName": "podspec-runtimeclassname",
    "tolerations": "podspec-tolerations",
    "securityContext": "podspec-securitycontext",
    "shareProcessNamespace": "podspec-shareprocessnamespace",
    "priorityClassName": "podspec-priorityclassname",
    "schedulerName": "podspec-schedulername",
    "initContainers": "podspec-init-containers",
    "storageUris": "podspec-init-containers",
    "dnsPolicy": "podspec-dnspolicy",
    "dnsConfig": "podspec-dnsconfig",
    "hostIPC": "podspec-hostipc",
    "hostPID": "podspec-hostpid",
    "hostNetwork": "podspec-hostnetwork",
}
"""Fields of a pod that need a feature flag, which is off by default. KServe writes an init container for `storageUris`."""

VOLUMES = {
    "persistentVolumeClaim": "podspec-persistent-volume-claim",
    "hostPath": "podspec-volumes-hostpath",
    "csi": "podspec-volumes-csi",
    "image": "podspec-volumes-image",
}

NEVER = {
    *("restartPolicy", "terminationGracePeriodSeconds", "activeDeadlineSeconds", "nodeName", "hostname", "subdomain"),
    *("priority", "readinessGates", "overhead", "preemptionPolicy", "setHostnameAsFQDN", "serviceAccount"),
    *("resources", "resourceClaims", "schedulingGates", "hostUsers", "os"),
}
"""Fields of a pod that Knative takes under no configuration."""

MAX_TIMEOUT = 600
"""Seconds: `max-revision-timeout-seconds` of Knative as it is shipped."""


def _in_knative(service: Object, cluster: Cluster) -> Iterator[Component]:
    yield from components(service) if mode(service, cluster) == "Knative" else ()


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS32", needs=(*FLAGS, "volumes"))
def knative_feature_flag(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Knative mode a pod has only fields that Knative takes as it is shipped.

    Why: Knative's webhook refuses the Service that KServe makes unless a flag in the ConfigMap `config-features` of `knative-serving`
    allows the field: the InferenceService shows ReconcileFailed.

    Fix: Set the flag to `enabled` in the cluster and turn this rule off for the environment, or remove the field, or use Standard
    mode.

    Source: knative serving pkg/apis/serving/fieldmask.go (PodSpecMask, VolumeSourceMask) and pkg/apis/config/features.go, read at
    v0.48.1.
    """
    for component in _in_knative(service, cluster):
        for path, flag in _flagged(component):
            yield Fault(
                "knative-feature-flag",
                path,
                f"`{dotted(path)}` needs a feature flag of Knative",
                f"`{path[-1]}`",
                f"`kubernetes.{flag}: enabled` in the ConfigMap `config-features`",
                "Knative refuses the Service that KServe makes, and the component does not become ready",
                "enable the flag in the cluster, remove the field, or use Standard mode",
            )


def _flagged(component: Component) -> Iterator[tuple[Path, str]]:
    for field in sorted(component.spec.keys() & FLAGS.keys()):
        if component.spec[field]:
            yield (*component.path, field), FLAGS[field]
    for path, volume in items(component.spec, "volumes"):
        for source in sorted(VOLUMES.keys() & volume.keys()):
            yield (*component.path, *path, source), VOLUMES[source]


@rule("controller", INFERENCE_SERVICE, code="KS32", needs=NEVER)
def knative_pod_field(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Knative mode a pod has no field that Knative never takes.

    Why: Knative's webhook refuses the Service that KServe makes, whatever the feature flags: the InferenceService shows
    ReconcileFailed.

    Fix: Remove the field, or use Standard mode.

    Source: knative serving pkg/apis/serving/fieldmask.go: PodSpecMask, read at v0.48.1.
    """
    for component in _in_knative(service, cluster):
        for field in sorted(component.spec.keys() & NEVER):
            if component.spec[field] not in (None, "", [], {}):
                path = (*component.path, field)
                yield Fault(
                    "knative-pod-field",
                    path,
                    f"`{dotted(path)}` is a field that Knative does not take",
                    f"`{field}`",
                    "no such field in Knative mode",
                    "Knative refuses the Service that KServe makes, and the component does not become ready",
                    "remove it, or use Standard mode",
                )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS35", needs="timeout")
def knative_timeout(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Knative mode a `timeout` is within what Knative allows a revision.

    Why: Knative's webhook refuses a longer one than `max-revision-timeout-seconds` in the ConfigMap `config-defaults`, which is 600
    as shipped: the InferenceService shows ReconcileFailed.

    Fix: Lower it, or raise the limit in the cluster and turn this rule off for the environment.

    Source: knative serving pkg/apis/config/defaults.go and pkg/apis/serving/v1/revision_validation.go; kserve
    pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go.
    """
    for component in _in_knative(service, cluster):
        timeout = component.spec.get("timeout")
        if timeout is not None and not 0 <= timeout <= MAX_TIMEOUT:
            path = (*component.path, "timeout")
            yield Fault(
                "knative-timeout",
                path,
                f"`{dotted(path)}` is not what Knative allows",
                f"{timeout} seconds",
                f"0 to {MAX_TIMEOUT}, unless the cluster's `max-revision-timeout-seconds` is higher",
                "Knative refuses the Service that KServe makes, and the component does not become ready",
                "change it, or raise the limit in the ConfigMap `config-defaults`",
            )


@rule("controller", INFERENCE_SERVICE, code="KS15", needs="canaryTrafficPercent")
def canary_percent_range(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`canaryTrafficPercent` is between 0 and 100.

    Why: KServe passes it on unread, and Knative's webhook refuses traffic that does not add up to 100 percent: the rollout fails.

    Fix: Give the share of the new version, from 0 to 100.

    Source: knative serving pkg/apis/serving/v1/route_validation.go; kserve
    pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go: createKnativeService.
    """
    for component in _in_knative(service, cluster):
        percent = component.spec.get("canaryTrafficPercent")
        if percent is not None and not 0 <= percent <= 100:
            path = (*component.path, "canaryTrafficPercent")
            yield Fault(
                "canary-percent-range",
                path,
                f"`{dotted(path)}` is no percentage",
                f"{percent}",
                "0 to 100",
                "Knative refuses the Service that KServe makes, and the new version is not rolled out",
                "give the share of the new version",
            )
