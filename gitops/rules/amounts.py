"""CPU, memory and devices of an InferenceService's containers: what pods would be refused for.

The webhook fills in the amounts of custom containers, a runtime those of its model; what is filled in counts against what is written.

Source: kserve `pkg/apis/serving/v1beta1/inference_service_defaults.go` (setResourceRequirementDefaults), `config/configmap/`;
kubernetes `pkg/apis/core/validation/validation.go` (ValidateContainerResourceRequirements).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.quantity import amount
from gitops.rules.base import Cluster, at, rule
from gitops.rules.once import once
from gitops.rules.runtimes import available, candidates, wanted
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    MAIN_CONTAINER,
    Component,
    Part,
    components,
    containers,
    main_container,
    model,
)
from gitops.rules.shipped_runtimes import AMOUNTS
from gitops.schemas.faults import dotted

AMOUNT_FIELDS = _REQUESTS, _LIMITS = "requests", "limits"


def written(container: Part, field: str) -> Mapping[str, Any]:
    """The requests or limits that stand in a container."""
    found = at(container.spec, "resources", field)
    return found if isinstance(found, dict) else {}


@once
def given(service: Object) -> tuple[tuple[Component, Part, Mapping[str, Any], Mapping[str, Any]], ...]:
    """The containers that give amounts: each with its component, its requests and its limits."""
    every = ((component, part) for component in components(service) for part in containers(component))
    return tuple(
        (component, part, written(part, _REQUESTS), written(part, _LIMITS))
        for component, part in every
        if part.spec.get("resources")
    )


def number(value: Any) -> Decimal | None:
    """What a quantity stands for; None for what is none, which the schema tells."""
    try:
        return None if value is None or isinstance(value, bool) else amount(value)
    except (TypeError, ValueError):
        return None


def _above(request: Any, limit: Any) -> bool:
    if request is limit or (request.__class__ is str and request == limit):
        return False
    low, high = number(request), number(limit)
    return low is not None and high is not None and low > high


def _over(rule_id: str, path: Path, request: Any, limit: Any, whose: str, hint: str) -> Fault:
    return Fault(
        rule_id,
        path,
        f"`{dotted(path)}`: the request is above the limit{whose}",
        found=f"a request of {request}, a limit of {limit}",
        expected="a request of at most the limit",
        why="the API server refuses the pods that are made of it, so the service never becomes ready.",
        hint=hint,
    )


@rule("controller", INFERENCE_SERVICE, code="KS22", needs=_REQUESTS)
def request_within_limit(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A container requests no more of anything than its limit allows.

    Why: KServe admits the service; the API server then refuses the Deployment or the Knative Service ("must be less than or equal to cpu
    limit"), and the service never becomes ready.

    Fix: raise the limit, or lower the request.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateContainerResourceRequirements.
    """
    for _, container, requests, limits in given(service):
        for name, request in requests.items():
            if _above(request, limits.get(name)) and not _device(name):
                path = (*container.path, "resources", _REQUESTS, name)
                hint = "raise the limit, or lower the request"
                yield _over("request-within-limit", path, request, limits[name], "", hint)


@rule("controller", INFERENCE_SERVICE, code="KS22", needs=AMOUNT_FIELDS)
def amount_beside_default(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A custom container that gives a request or a limit alone agrees with the other one, which KServe fills in: 1 CPU, 2Gi of memory.

    Why: KServe's webhook fills in each missing request and limit of the first container of a custom predictor, a transformer and an
    explainer. A request of 4Gi then stands beside a limit of 2Gi, the pods are refused, and the service never becomes ready.

    Fix: give both.

    Source: kserve `pkg/apis/serving/v1beta1/inference_service_defaults.go`, setResourceRequirementDefaults, with the amounts of the
    shipped ConfigMap `inferenceservice-config`.
    """
    for component in components(service):
        container = main_container(component)
        if container is None and component.name == "explainer":
            container = next((part for part in containers(component) if part.name == "art"), None)
        if container:
            yield from _half("amount-beside-default", container, AMOUNTS, AMOUNTS, "KServe fills in")


def _half(
    rule_id: str, container: Part, requests: Mapping[str, Any], limits: Mapping[str, Any], who: str
) -> Iterator[Fault]:
    """What is wrong where only one of request and limit is written, and the other comes from elsewhere."""
    asked, allowed = written(container, _REQUESTS), written(container, _LIMITS)
    for name in sorted(asked.keys() ^ allowed.keys()):
        request, limit = (
            (asked if name in asked else requests).get(name),
            (allowed if name in allowed else limits).get(name),
        )
        if _above(request, limit):
            field, other = (_REQUESTS, _LIMITS) if name in asked else (_LIMITS, _REQUESTS)
            path = (*container.path, "resources", field, name)
            whose = f", for {who} a {other[:-1]} of {limit if name in asked else request}"
            yield _over(rule_id, path, request, limit, whose, f"give `{other}.{name}` as well")


@rule("reference", INFERENCE_SERVICE, code="KS22", needs=AMOUNT_FIELDS)
def amount_beside_runtime(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A model that gives a request or a limit alone agrees with the other one, which its runtime has.

    Why: KServe merges the amounts of the model over those of the runtime, one by one. The runtimes that it ships have 1 CPU and 2Gi for
    both: a model that requests 4Gi and no limit gets pods that are refused, and the service never becomes ready.

    Fix: give both.

    Source: kserve `pkg/controller/v1beta1/inferenceservice/utils/utils.go`, MergeRuntimeContainers; `config/runtimes/`.
    """
    want = wanted(service, cluster)
    if not want or written(want.part, _REQUESTS).keys() == written(want.part, _LIMITS).keys():
        return
    known = available(service, cluster)
    found = [known[want.runtime]] if want.runtime in known else [] if want.runtime else [*candidates(want, known)]
    amounts = [_of_runtime(spec) for spec in found if spec is not None]
    # Which of several is chosen does not matter while they agree.
    if amounts and amounts.count(amounts[0]) == len(found) and None not in known.values():
        requests, limits = (amounts[0].get(field) or {} for field in (_REQUESTS, _LIMITS))
        yield from _half("amount-beside-runtime", want.part, requests, limits, "its runtime has")


def _of_runtime(spec: Object) -> Object:
    for container in spec.get("containers") or ():
        if isinstance(container, dict) and container.get("name") == MAIN_CONTAINER:
            found = container.get("resources")
            return found if isinstance(found, dict) else {}
    return {}


@rule("controller", INFERENCE_SERVICE, code="KS22", needs=AMOUNT_FIELDS)
def device_limits(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Devices such as `nvidia.com/gpu` stand under `limits`, as whole numbers, and under `requests` only with the same number.

    Why: they cannot be shared or lent. The API server refuses pods that request a device without limit, or other numbers of it, or half
    of one, and the service never becomes ready.

    Fix: give the number under `limits` alone; the request is the same then.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateContainerResourceRequirements.
    """
    for component, container, asked, allowed in given(service):
        for name in filter(_device, {**asked, **allowed}):
            if message := _device_fault(asked.get(name), allowed.get(name)):
                served = model(component)
                if message == _NO_LIMIT and served and container.path == served.path:
                    continue  # the runtime may have the limit
                yield _devices(container, name, message, _REQUESTS if name in asked else _LIMITS)


_NO_LIMIT = "is requested, and has no limit"


def _device(name: str) -> bool:
    """Whether something comes in whole pieces: an extended resource."""
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def _device_fault(request: Any, limit: Any) -> str:
    low, high = number(request), number(limit)
    if any(value is not None and value != value.to_integral_value() for value in (low, high)):
        return "is not a whole number"
    if low is not None and high is None:
        return _NO_LIMIT
    return "has a request that is not its limit" if low is not None and low != high else ""


def _devices(container: Part, name: str, message: str, field: str) -> Fault:
    path = (*container.path, "resources", field, name)
    return Fault(
        "device-limits",
        path,
        f"`{dotted(path)}` {message}",
        expected="a whole number under `limits`",
        why="devices are neither shared nor lent: the API server refuses the pods, and the service never becomes ready.",
        hint="give the number under `limits` alone",
    )


@rule("controller", INFERENCE_SERVICE, level="warning", code="KS22", needs="resources")
def pod_level_amounts(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """`resources` stands with a container or a model, not with the component.

    Why: a component is a pod too, so the field exists: it bounds the whole pod, where the cluster supports that, and leaves the containers
    with the amounts of KServe or the runtime. Mostly it is a line that is indented too little.

    Fix: move it below `model`, or below the container.

    Source: kubernetes API reference, PodSpec `resources` (pod-level resources, on by default from 1.34); kserve
    `pkg/apis/serving/v1beta1/podspec.go`.
    """
    for component in components(service):
        if component.spec.get("resources"):
            path = (*component.path, "resources")
            yield Fault(
                "pod-level-amounts",
                path,
                f"`{dotted(path)}` bounds the pod as a whole; its containers keep their defaults",
                expected="`resources` of the model or the container",
                why="the container that serves gets what KServe or the runtime fills in, 2Gi of memory for one.",
                hint=f"move it to `{dotted((*component.path, 'model' if model(component) else 'containers[0]'))}`",
            )
