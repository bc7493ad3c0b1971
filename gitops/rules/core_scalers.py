"""HorizontalPodAutoscalers and PodDisruptionBudgets beyond their schemas."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_amounts import resource_name_wrongs
from gitops.rules.core_forms import (
    INT32,
    LABEL,
    SEGMENT,
    Wrongs,
    each,
    known,
    lacking,
    milli,
    named,
    one_of,
    part,
    within,
    wrong,
)
from gitops.rules.core_selectors import selector_wrongs
from gitops.rules.core_workloads import share

SCALER = ("autoscaling", "HorizontalPodAutoscaler")
BUDGET = ("policy", "PodDisruptionBudget")
_SOURCES = {
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
    "External": "external",
    "ContainerResource": "containerResource",
}


@rule("admission", SCALER)
def scaler_form(scaler: Object, cluster: Cluster) -> Iterator[Fault]:
    """A HorizontalPodAutoscaler scales something between bounds that there can be, by metrics and policies that are said completely.

    Why: the API server refuses the autoscaler. Scaling to 0 needs a feature gate that is off by default.

    Fix: give `maxReplicas` and a `scaleTargetRef` with apiVersion, kind and name; for CPU `type: Resource` and
    `resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}`; in `behavior` policies with `type`, `value` and
    `periodSeconds`.

    Source: kubernetes `pkg/apis/autoscaling/validation/validation.go`, validateHorizontalPodAutoscalerSpec.
    """
    spec = part(scaler, "spec")
    for fault in (*_bounds(spec), *_scaled(part(spec, "scaleTargetRef"))):
        yield Fault("scaler-form", *fault)
    if scaler["apiVersion"] == "autoscaling/v2":
        for path, metric in each(spec, ("spec",), "metrics"):
            for fault in _metric(path, metric):
                yield Fault("scaler-form", *fault)
        for direction in ("scaleUp", "scaleDown"):
            rules = part(spec, "behavior").get(direction)
            for fault in _scaling(("spec", "behavior", direction), rules) if rules is not None else ():
                yield Fault("scaler-form", *fault)


def _scaled(target: Object) -> Wrongs:
    path = ("spec", "scaleTargetRef")
    for field in ("kind", "name"):
        yield from named(path, target, field, SEGMENT)
    version = target.get("apiVersion") or ""
    alone = target.get("kind") == "ReplicationController" and "/" not in version
    if (version.count("/") != 1 or version.startswith("/")) and not alone:
        yield wrong((*path, "apiVersion"), "names no group and version", version, "such as apps/v1")


def _bounds(spec: Object) -> Wrongs:
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    yield from within(("spec",), spec, "minReplicas", 1)
    yield from within(("spec",), spec, "targetCPUUtilizationPercentage", 1)
    if spec.get("maxReplicas") is None:
        yield lacking(("spec", "maxReplicas"), "1 or more")
    elif most < 1:
        yield wrong(("spec", "maxReplicas"), "is out of range", most, "1 or more")
    elif least is not None and most < least:
        yield wrong(("spec", "maxReplicas"), "is below `minReplicas`", most, f"{least} or more")


def _metric(path: Path, metric: Object) -> Wrongs:
    yield from one_of(path, metric, "type", tuple(_SOURCES), must=True)
    own = _SOURCES.get(metric.get("type") or "")
    if own and metric.get(own) is None:
        yield lacking((*path, own), f"the part of the type {metric['type']}")
    for field in _SOURCES.values():
        if metric.get(field) is None:
            continue
        if own and field != own:
            yield wrong((*path, field), f"stands in a metric of type {metric['type']}", None, f"`{own}` alone")
        else:
            yield from _source((*path, field), field, metric[field])


def _source(path: Path, field: str, source: Object) -> Wrongs:
    target = part(source, "target")
    yield from _target((*path, "target"), target)
    given = [name for name in ("averageUtilization", "averageValue", "value") if target.get(name) is not None]
    if field in ("resource", "containerResource"):
        yield from _resource(path, field, source)
        wanted: tuple[str, ...] = ("averageUtilization", "averageValue")
    else:
        yield from named((*path, "metric"), part(source, "metric"), "name", SEGMENT)
        wanted = ("averageValue",) if field == "pods" else ("value", "averageValue")
    if field == "object":
        for name in ("kind", "name"):
            yield from named((*path, "describedObject"), part(source, "describedObject"), name, SEGMENT)
    found = [name for name in wanted if name in given]
    if not found:
        yield lacking((*path, "target", wanted[0]), " or ".join(wanted))
    elif len(found) > 1 and field != "object":
        yield wrong((*path, "target", found[1]), f"stands beside `{found[0]}`", None, "one of the two")


def _resource(path: Path, field: str, source: Object) -> Wrongs:
    name = source.get("name") or ""
    if not name:
        yield lacking((*path, "name"), "such as cpu")
    elif field == "containerResource":
        for each_wrong in resource_name_wrongs(path, name):
            yield each_wrong._replace(pointer=(*path, "name"))
    if field == "containerResource":
        yield from named(path, source, "container", LABEL)


def _target(path: Path, target: Object) -> Wrongs:
    yield from one_of(path, target, "type", ("Utilization", "Value", "AverageValue"), must=True)
    yield from within(path, target, "averageUtilization", 1)
    for field in ("value", "averageValue"):
        if target.get(field) is not None and milli(target[field]) <= 0:
            yield wrong((*path, field), "is not more than 0", target[field], "more than 0")


def _scaling(path: Path, rules: Object) -> Wrongs:
    """Where no policy is written, the API server fills some in."""
    yield from within(path, rules, "stabilizationWindowSeconds", 0, 3600)
    if rules.get("selectPolicy") is not None:
        yield from known((*path, "selectPolicy"), rules["selectPolicy"], ("Max", "Min", "Disabled"))
    if rules.get("policies") == []:
        yield lacking((*path, "policies"), "one policy at least, or no such field")
    for place, policy in each(rules, path, "policies"):
        yield from one_of(place, policy, "type", ("Pods", "Percent"), must=True)
        numbers = {field: policy.get(field) or 0 for field in ("value", "periodSeconds")}
        yield from within(place, numbers, "value", 1, INT32)
        yield from within(place, numbers, "periodSeconds", 1, 1800)


@rule("admission", BUDGET)
def disruption_budget_form(budget: Object, cluster: Cluster) -> Iterator[Fault]:
    """A PodDisruptionBudget has either `minAvailable` or `maxUnavailable`: a number, or a percentage of at most 100%.

    Why: the API server refuses the budget.

    Fix: keep one of the two; percentages are text, such as "50%".

    Source: kubernetes `pkg/apis/policy/validation/validation.go`, ValidatePodDisruptionBudgetSpec.
    """
    spec = part(budget, "spec")
    given = [field for field in ("minAvailable", "maxUnavailable") if spec.get(field) is not None]
    if len(given) > 1:
        fault = wrong(("spec", given[1]), f"stands beside `{given[0]}`", None, "one of the two", "keep one of them")
        yield Fault("disruption-budget-form", *fault)
    for field in given:
        for fault in share(("spec", field), spec[field], whole=True):
            yield Fault("disruption-budget-form", *fault)
    for fault in selector_wrongs(("spec", "selector"), spec.get("selector")):
        yield Fault("disruption-budget-form", *fault)
    if spec.get("unhealthyPodEvictionPolicy") is not None:
        options = ("IfHealthyBudget", "AlwaysAllow")
        for fault in known(("spec", "unhealthyPodEvictionPolicy"), spec["unhealthyPodEvictionPolicy"], options):
            yield Fault("disruption-budget-form", *fault)
