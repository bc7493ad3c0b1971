"""The metrics of `autoScaling`: what KServe's webhook asks of them where an HPA or KEDA is to follow.

Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, read at v0.15.2 to v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.quantity import amount
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.scaling import autoscaler
from gitops.rules.serving import INFERENCE_SERVICE, components
from gitops.schemas.faults import dotted

_MEBIBYTE = amount("1Mi")
_FIELDS = {"Resource": "resource", "External": "external", "PodMetric": "podmetric"}


@rule("admission", INFERENCE_SERVICE, code="KS14", needs="autoScaling")
def autoscaling_metrics(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each of `autoScaling.metrics` has the source and the target that the autoscaler of the service asks for.

    Why: KServe's webhook refuses the object. An HPA takes metrics of type `Resource`; KEDA takes a percentage for `cpu`, at least 1Mi
    or a percentage for `memory`, and for the others a query and `target.value`, whatever the type of the target.

    Fix: complete the metric as the message says.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_validation.go`, validateScalingHPACompExtension,
    validateScalingKedaCompExtension and validateScaleTarget.
    """
    scaler = autoscaler(service, cluster)
    if scaler not in ("hpa", "keda"):
        return
    for component in components(service):
        for path, metric in items(component.spec, "autoScaling", "metrics"):
            found = _hpa_metric(metric) if scaler == "hpa" else _keda_metric(metric)
            for field, message, expected in found:
                yield _metric_fault((*component.path, *path, *field), message, expected, scaler)


Finding = tuple[Path, str, str]
"""A field below a metric, what is wrong with it, and what is right."""


def _metric_fault(path: Path, message: str, expected: str, scaler: str) -> Fault:
    return Fault(
        "autoscaling-metrics",
        path,
        f"`{dotted(path)}` {message}",
        expected=expected,
        why=f"KServe's webhook refuses a metric that {'an HPA' if scaler == 'hpa' else 'KEDA'} cannot follow.",
        hint=f"give {expected}",
    )


def _hpa_metric(metric: Object) -> Iterator[Finding]:
    if metric.get("type") not in (None, "Resource"):
        yield ("type",), f"is `{metric['type']}`, which takes the autoscaler class `keda`", "`Resource` for an HPA"
    elif metric.get("resource") is None:
        yield ("resource",), "is missing", "the resource, `cpu` or `memory`, and its target"


def _keda_metric(metric: Object) -> Iterator[Finding]:
    kind = metric.get("type")
    field = _FIELDS.get(kind or "")
    if not field:
        return
    source = metric.get(field)
    if source is None:
        yield (field,), "is missing", f"the source of a metric of type `{kind}`"
        return
    found = _resource(source) if kind == "Resource" else _queried(source)
    for path, message, expected in found:
        yield (field, *path), message, expected


def _resource(source: Object) -> Iterator[Finding]:
    target = source.get("target") or {}
    kind = target.get("type")
    if source.get("name") == "cpu" and kind != "Utilization":
        yield ("target", "type"), "is not what `cpu` is scaled by", "`Utilization`"
    elif source.get("name") == "memory" and kind not in ("Utilization", "AverageValue"):
        yield ("target", "type"), "is not what `memory` is scaled by", "`AverageValue` or `Utilization`"
    elif source.get("name") == "memory" and kind == "AverageValue" and _below_1mi(target.get("averageValue")):
        yield ("target", "averageValue"), "is below 1Mi", "an amount of memory of at least 1Mi"
    else:
        yield from _target_value(target)


def _below_1mi(value: Any) -> bool:
    try:
        return value is None or amount(value) < _MEBIBYTE
    except (TypeError, ValueError):
        return False


def _queried(source: Object) -> Iterator[Finding]:
    if not at(source, "metric", "query"):
        yield ("metric", "query"), "is missing", "a query for the metric"
    target = source.get("target") or {}
    if target.get("value") is None:
        yield ("target", "value"), "is missing", "the threshold, needed with every type of target"
    elif target.get("type") != "Value":
        yield from _target_value(target)


def _target_value(target: Object) -> Iterator[Finding]:
    kind = target.get("type")
    if kind == "Utilization":
        percent = target.get("averageUtilization")
        if percent is None or not 1 <= percent <= 100:
            wrong = "is missing" if percent is None else "is out of range"
            yield ("target", "averageUtilization"), wrong, "a percentage from 1 to 100"
    elif kind == "AverageValue" and target.get("averageValue") is None:
        yield ("target", "averageValue"), "is missing", "the average value to aim at"
    elif kind == "Value" and target.get("value") is None:
        yield ("target", "value"), "is missing", "the value to aim at"
