"""How far a component may scale and by what: what KServe's webhook refuses.

Source: kserve `pkg/apis/serving/v1beta1/component.go` and `inference_service_validation.go`, read at v0.15.2 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    Component,
    admitted_mode,
    annotation,
    autoscaler_class,
    canaries,
    components,
)
from gitops.schemas.faults import dotted

KNATIVE_CLASS = "autoscaling.knative.dev/class"
METRICS = {"hpa": ("cpu", "memory"), "kpa": ("concurrency", "rps")}
"""Autoscaler -> the values of `scaleMetric` it knows; the first is taken where none is given."""


def autoscaler(service: Object, cluster: Cluster) -> str:
    """Whose rules the webhook holds a service to: `hpa`, `keda`, `kpa` (Knative's own), or empty for nobody's."""
    if admitted_mode(service, cluster) == "Standard":
        given = autoscaler_class(service) or ""
        return given if given in ("hpa", "keda") else ""
    return "hpa" if annotation(service, KNATIVE_CLASS) == "hpa.autoscaling.knative.dev" else "kpa"


def extended(service: Object) -> Iterator[Component]:
    """Everything that has replicas: the components and the canaries."""
    yield from components(service)
    yield from canaries(service)


@rule("admission", INFERENCE_SERVICE, code="KS12", needs=("minReplicas", "maxReplicas"))
def replicas_in_order(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`minReplicas` is not negative and not above `maxReplicas`.

    Why: KServe's webhook refuses the object. A `minReplicas` that is left out counts as 1; a `maxReplicas` of 0 or none is no bound.

    Fix: raise `maxReplicas`, or lower `minReplicas`.

    Source: kserve `pkg/apis/serving/v1beta1/component.go`, validateReplicas.
    """
    for component in extended(service):
        low, high = component.spec.get("minReplicas"), component.spec.get("maxReplicas") or 0
        for field, value in (("minReplicas", low or 0), ("maxReplicas", high)):
            if value < 0:
                yield _negative("replicas-in-order", (*component.path, field), value)
        least = 1 if low is None else low
        if 0 < high < least:
            yield _reversed(component, least, high)


def _reversed(component: Component, least: int, high: int) -> Fault:
    return Fault(
        "replicas-in-order",
        (*component.path, "maxReplicas"),
        f"`{dotted((*component.path, 'maxReplicas'))}` is below `minReplicas`",
        found=str(high),
        expected=f"at least {least}, as `minReplicas` says",
        why="KServe's webhook refuses a range that ends before it begins.",
        hint=f"raise `maxReplicas` to {least} or more, or lower `minReplicas`",
    )


def _negative(rule_id: str, path: Path, value: int) -> Fault:
    return Fault(
        rule_id,
        path,
        f"`{dotted(path)}` is negative",
        found=str(value),
        expected="0 or more",
        why="KServe's webhook refuses a negative number here.",
        hint="give 0 or more, or leave the field out for its default",
    )


@rule("admission", INFERENCE_SERVICE, needs="containerConcurrency")
def concurrency_not_negative(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`containerConcurrency` is not negative.

    Why: KServe's webhook refuses the object, saying that parallelism cannot be less than 0.

    Fix: give the number of requests that a container may work on at once, or 0 for any number.

    Source: kserve `pkg/apis/serving/v1beta1/component.go`, validateContainerConcurrency.
    """
    for component in extended(service):
        value = component.spec.get("containerConcurrency") or 0
        if value < 0:
            yield _negative("concurrency-not-negative", (*component.path, "containerConcurrency"), value)


@rule("admission", INFERENCE_SERVICE, code="KS14", needs="scaleMetric")
def scale_metric(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`scaleMetric` is one that the autoscaler of the service knows.

    Why: KServe's webhook refuses the object. An HPA scales by `cpu` or `memory`, Knative's autoscaler by `concurrency` or `rps`,
    and KEDA takes its metrics from `autoScaling` alone. A service without deployment mode annotation is judged by the mode that is
    the default of its cluster.

    Fix: name a metric of that autoscaler, or choose the mode or autoscaler class that knows the metric.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateAutoScalingCompExtension.
    """
    scaler = autoscaler(service, cluster)
    for component in components(service):
        metric = component.spec.get("scaleMetric")
        if metric is not None and scaler and metric not in METRICS.get(scaler, ()):
            yield _unknown_metric(component, metric, scaler)


def _unknown_metric(component: Component, metric: str, scaler: str) -> Fault:
    path = (*component.path, "scaleMetric")
    who = {"hpa": "an HPA", "kpa": "Knative's autoscaler", "keda": "KEDA"}[scaler]
    return Fault(
        "scale-metric",
        path,
        f"`{dotted(path)}` is not for KEDA"
        if scaler == "keda"
        else f"`{dotted(path)}`: {who} does not know this metric",
        found=f"`{metric}`",
        expected="no `scaleMetric`" if scaler == "keda" else " or ".join(f"`{known}`" for known in METRICS[scaler]),
        why=f"this service is scaled by {who}, and KServe's webhook refuses a metric that is not its own.",
        hint={
            "keda": "move the metric to `autoScaling.metrics`",
            "kpa": "name one of these, or set the annotation `serving.kserve.io/deploymentMode: Standard` for an HPA",
            "hpa": "name one of these, or scale by requests in Knative mode or with KEDA",
        }[scaler],
    )


@rule("admission", INFERENCE_SERVICE, code="KS14", needs="scaleTarget")
def scale_target(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`scaleTarget` is in the range of its metric: 1 to 100 for an HPA, at least 1 for `rps`.

    Why: KServe's webhook refuses the object. It takes the target of an HPA for a percentage, for `memory` too.

    Fix: give a percentage; for an amount of memory, use `autoScaling.metrics` with an `AverageValue`.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateScalingHPACompExtension and
    validateScalingKPACompExtension.
    """
    scaler = autoscaler(service, cluster)
    for component in components(service):
        target = component.spec.get("scaleTarget")
        metric = component.spec.get("scaleMetric") or METRICS.get(scaler, ("",))[0]
        if target is None:
            continue
        if scaler == "hpa" and (target > 100 or (target < 1 and metric in METRICS["hpa"])):
            yield _target(component, target, "1 to 100, a percentage")
        elif scaler == "kpa" and metric == "rps" and target < 1:
            yield _target(component, target, "at least 1 request per second")


def _target(component: Component, target: int, expected: str) -> Fault:
    path = (*component.path, "scaleTarget")
    return Fault(
        "scale-target",
        path,
        f"`{dotted(path)}` is out of range",
        found=str(target),
        expected=expected,
        why="KServe's webhook refuses a target that this autoscaler cannot aim at.",
        hint="choose a value in that range",
    )
