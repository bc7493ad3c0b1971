"""What becomes of the scaling that a service asks for: HPA, KEDA and Knative's autoscaler each take some of it, and drop the rest unsaid.

Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/` (hpa, keda, autoscaler, knative), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.scaling import KNATIVE_CLASS
from gitops.rules.serving import (
    AUTOSCALER_CLASS,
    INFERENCE_SERVICE,
    Component,
    annotation,
    autoscaler_class,
    components,
    mode,
)
from gitops.schemas.faults import dotted

_BY_METRIC = ("scaleMetric", "scaleTarget")


def scaler(service: Object, cluster: Cluster) -> str:
    """What the controller makes: `hpa`, `keda`, `kpa`, `kpa-hpa` (Knative's HPA class), or `none` where it leaves scaling alone."""
    if mode(service, cluster) == "Standard":
        given = autoscaler_class(service)
        return "none" if given == "external" else given or "hpa"
    return "kpa-hpa" if annotation(service, KNATIVE_CLASS) == "hpa.autoscaling.knative.dev" else "kpa"


def unchecked(service: Object, cluster: Cluster) -> bool:
    """Whether KServe makes an HPA that its webhook did not look at: in Standard mode, with no autoscaler class."""
    return mode(service, cluster) == "Standard" and autoscaler_class(service) is None


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS14", needs="scaleMetric")
def scale_metric_works(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`scaleMetric` is one that the HPA of the service can follow.

    Why: in Standard mode without autoscaler class, KServe's webhook checks nothing, and the controller writes an HPA without metrics.
    Kubernetes then fills in 80 % of the requested CPU: the service runs, and scales by something else than it says. The same happens
    with `memory` and no `scaleTarget`.

    Fix: scale by `cpu`, or by `memory` with a `scaleTarget`; for requests use Knative mode or KEDA.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/hpa/hpa_reconciler.go`, getHPAMetrics.
    """
    if scaler(service, cluster) != "hpa":
        return
    for component in components(service):
        metric, extension = component.spec.get("scaleMetric"), component.spec
        if extension.get("autoScaling") is not None:
            continue
        if metric in ("concurrency", "rps") and unchecked(service, cluster):
            yield _other_metric(component, "scaleMetric", f"an HPA cannot scale by `{metric}`", f"`{metric}`")
        elif metric == "memory" and extension.get("scaleTarget") is None:
            yield _other_metric(component, "scaleTarget", "scaling by `memory` has no default target", "")


def _other_metric(component: Component, field: str, message: str, found: str) -> Fault:
    path = (*component.path, field)
    return Fault(
        "scale-metric-works",
        path,
        f"`{dotted(path)}`: {message}",
        found=found,
        expected="`cpu` or `memory`" if found else "a percentage of the memory that is requested",
        why="the controller writes an HPA without metrics, and Kubernetes scales it by 80 % of the requested CPU instead.",
        hint="scale by `cpu` or `memory` and give a `scaleTarget`; for requests use Knative mode, or KEDA with `autoScaling`",
    )


@rule("controller", INFERENCE_SERVICE, code="KS14", needs=("scaleTarget", "autoScaling"))
def scale_target_works(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The target of each metric is one that the autoscaler itself accepts.

    Why: KServe's webhook lets some targets pass that the API server refuses in the HPA, or Knative in its Service: a target below 1,
    or a metric without the value that its type asks for. The controller cannot create the autoscaler, and the service never
    becomes ready (`PredictorReady` is False with reason `ReconcileFailed`).

    Fix: give a target of at least 1, and the value that belongs to the target's type.

    Source: kserve `hpa_reconciler.go`, getHPAMetrics; kubernetes `pkg/apis/autoscaling/validation`, validateMetricTarget; knative
    serving `pkg/apis/autoscaling/annotation_validation.go`, validateFloats.
    """
    made = scaler(service, cluster)
    for component in components(service):
        target, metric = component.spec.get("scaleTarget"), component.spec.get("scaleMetric")
        if component.spec.get("autoScaling") is None and target is not None and target < 1:
            if made == "kpa" and metric in (None, "concurrency"):
                yield _unusable(component, ("scaleTarget",), "is below 1", "at least 1 request at a time", "Knative")
            elif made == "hpa" and unchecked(service, cluster) and metric in (None, "cpu", "memory"):
                yield _unusable(
                    component, ("scaleTarget",), "is below 1", "a percentage of at least 1", "the API server"
                )
        if made == "hpa":
            yield from _hpa_targets(component)


def _hpa_targets(component: Component) -> Iterator[Fault]:
    for path, metric in items(component.spec, "autoScaling", "metrics"):
        target, name = at(metric, "resource", "target") or {}, at(metric, "resource", "name")
        where: Path = (*path, "resource", "target")
        percent, kind = target.get("averageUtilization"), target.get("type")
        if name == "cpu" and percent is not None and percent < 1:
            yield _unusable(
                component, (*where, "averageUtilization"), "is below 1", "a percentage of at least 1", "the API server"
            )
        elif name == "memory" and kind == "Value":
            yield _unusable(
                component, (*where, "type"), "is `Value`", "`Utilization` or `AverageValue`", "the API server"
            )
        elif name == "memory" and kind == "Utilization" and (percent is None or percent < 1):
            wrong = "is missing" if percent is None else "is below 1"
            yield _unusable(
                component, (*where, "averageUtilization"), wrong, "a percentage of at least 1", "the API server"
            )
        elif name == "memory" and kind == "AverageValue" and target.get("averageValue") is None:
            yield _unusable(component, (*where, "averageValue"), "is missing", "an amount of memory", "the API server")


def _unusable(component: Component, field: Path, message: str, expected: str, who: str) -> Fault:
    path = (*component.path, *field)
    return Fault(
        "scale-target-works",
        path,
        f"`{dotted(path)}` {message}",
        expected=expected,
        why=f"{who} refuses the autoscaler that KServe's controller makes of it, so the service never becomes ready.",
        hint=f"give {expected}",
    )


@rule(
    "controller", INFERENCE_SERVICE, level="warning", code="KS14", needs=(AUTOSCALER_CLASS, "autoScaling", *_BY_METRIC)
)
def scaling_ignored(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every scaling field is one that the autoscaler of the service reads.

    Why: `autoScaling` and the autoscaler class count in Standard mode only; the classes `none` and `external` make no autoscaler; KEDA
    reads `autoScaling` alone; and an HPA that has `autoScaling` looks at nothing else, and there only at metrics with `resource`.
    What is not read changes nothing and says nothing.

    Fix: remove the field, or choose the mode or class that reads it.

    Source: kserve `reconcilers/autoscaler/autoscaler_reconciler.go`, `hpa_reconciler.go`, `keda_reconciler.go`, and
    `pkg/controller/v1alpha1/utils/utils.go`, SetAutoScalingAnnotations.
    """
    made = scaler(service, cluster)
    if made in ("kpa", "kpa-hpa") and mode(service, cluster) == "Knative" and autoscaler_class(service):
        yield _ignored(("metadata", "annotations", AUTOSCALER_CLASS), "in Knative mode, which scales by itself")
    for component in components(service):
        for field, because in _unread(component.spec, made):
            yield _ignored((*component.path, *field), because)


def _unread(spec: Object, made: str) -> Iterator[tuple[Path, str]]:
    present = [field for field in _BY_METRIC if spec.get(field) is not None]
    detailed = spec.get("autoScaling") is not None
    if made == "none":
        yield from (((field,), "where the autoscaler class asks for no autoscaler") for field in present)
    elif made == "keda" and "scaleTarget" in present:
        yield ("scaleTarget",), "by KEDA, which reads `autoScaling` alone"
    elif made == "hpa" and detailed:
        yield from (((field,), "where there is `autoScaling`") for field in present)
        for path, metric in items(spec, "autoScaling", "metrics"):
            if metric.get("resource") is None and metric.get("type") != "Resource":
                yield path, "by an HPA, which takes metrics of type `Resource` alone"
    if detailed and made in ("kpa", "kpa-hpa", "none"):
        yield ("autoScaling",), "here: only an HPA or KEDA reads it, in Standard mode"


def _ignored(path: Path, because: str) -> Fault:
    return Fault(
        "scaling-ignored",
        path,
        f"`{dotted(path)}` is ignored {because}",
        why="KServe's controller does not read the field then, so the service scales as if it were not there.",
        hint="remove it, or choose the deployment mode or autoscaler class that reads it",
    )


@rule("controller", INFERENCE_SERVICE, code="KS14", needs=AUTOSCALER_CLASS)
def keda_triggers(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A component that KEDA scales has metrics in `autoScaling`.

    Why: the controller writes a ScaledObject without triggers, and KEDA refuses it: the ScaledObject is not ready, nothing scales.

    Fix: list at least one metric under `autoScaling.metrics`, or choose the autoscaler class `hpa` or `none`.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/keda/keda_reconciler.go`, getKedaMetrics.
    """
    if scaler(service, cluster) != "keda":
        return
    for component in components(service):
        if not at(component.spec, "autoScaling", "metrics"):
            path = (*component.path, "autoScaling", "metrics")
            yield Fault(
                "keda-triggers",
                path,
                f"`{dotted(component.path)}` is to be scaled by KEDA, and says by what nowhere",
                expected="at least one of `autoScaling.metrics`",
                why="KServe's controller writes a ScaledObject without triggers, which KEDA refuses; nothing scales.",
                hint="list a metric, or set the annotation `serving.kserve.io/autoscalerClass` to `hpa` or `none`",
            )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS13", needs="minReplicas")
def scale_to_zero_works(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`minReplicas: 0` stands where something can scale the component to zero and wake it again.

    Why: an HPA never goes below 1: KServe raises the number in silence, and the pod and its GPU are paid for all the time. KEDA goes
    to zero, but CPU and memory of no pod cannot wake it. Knative's HPA class does not scale to zero either.

    Fix: use Knative mode with its own autoscaler, KEDA with an `External` metric, or say 1.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/hpa/hpa_reconciler.go`, createHPA; Knative's documentation of
    autoscaler classes; KEDA's of its CPU and memory scalers.
    """
    to_zero = [each for each in components(service) if each.spec.get("minReplicas") == 0]
    made = scaler(service, cluster) if to_zero else ""
    because = {
        "hpa": "an HPA in Standard mode does not go below 1, and KServe raises the number in silence",
        "kpa-hpa": "Knative's HPA class does not scale to zero",
        "keda": "KEDA has no metric here that could wake it: CPU and memory of no pod tell nothing",
    }
    for component in to_zero:
        if made in because and not (made == "keda" and _wakes(component)):
            path = (*component.path, "minReplicas")
            yield Fault(
                "scale-to-zero-works",
                path,
                f"`{dotted(path)}` is 0, but this component will not scale to zero and back",
                found="0",
                why=f"{because[made]}.",
                hint="use Knative mode with its own autoscaler, or KEDA with an `External` metric; otherwise say 1",
            )


def _wakes(component: Component) -> bool:
    metrics = [metric for _, metric in items(component.spec, "autoScaling", "metrics")]
    return not metrics or any(metric.get("type") in ("External", "PodMetric") for metric in metrics)
