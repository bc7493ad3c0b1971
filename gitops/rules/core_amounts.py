"""What containers ask for and may take: the names of resources, and amounts that go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import (
    LABEL,
    QUALIFIED,
    SUBDOMAIN,
    Wrongs,
    alone,
    each,
    lacking,
    milli,
    named,
    once,
    part,
    written,
    wrong,
)
from gitops.rules.core_pods import CORE_PODS, CorePod, containers, core_pod
from gitops.rules.once import once as kept

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_HUGE = "hugepages-"
_FIELDS = _REQUESTS, _LIMITS = "requests", "limits"


def _native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def is_device(name: str) -> bool:
    """Whether something comes in whole pieces that are not shared: an extended resource."""
    return not _native(name) and not name.startswith("requests.") and QUALIFIED.fits(f"requests.{name}")


def _lent(name: str) -> bool:
    """Whether a pod may use more of it than it requests."""
    return _native(name) and not name.startswith(_HUGE)


@kept
def _amounts(obj: Object) -> list[tuple[Path, Object]]:
    """The resources of each container, with their place."""
    of_each = ((container.path, part(container.spec, "resources")) for container in containers(core_pod(obj)))
    return [((*path, "resources"), found) for path, found in of_each if found]


def resource_name_wrongs(path: Path, name: str) -> Wrongs:
    """Whether containers can ask for a resource of this name, which is a key of the map at `path`."""
    place = (*path, name)
    if "/" in name:
        if not QUALIFIED.fits(name) or not (_native(name) or is_device(name)):
            yield wrong(place, "is no resource", name, QUALIFIED.words)
    elif name not in _STANDARD and not (name.startswith(_HUGE) and QUALIFIED.fits(name)):
        expected = "cpu, memory, ephemeral-storage, hugepages-…, or one with a domain, such as nvidia.com/gpu"
        found = wrong(place, "is no resource", name, expected)
        if "gpu" in name.lower():
            yield found._replace(hint="write the name with its domain, such as nvidia.com/gpu")
        elif near := nearest(name.lower(), _STANDARD):
            yield found._replace(hint=f"did you mean `{near}`?", fix=Fix("rename", place, near))
        else:
            yield found


@rule("admission", *CORE_PODS, needs="resources")
def resource_names_known(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Containers request what there is: cpu, memory, ephemeral-storage, huge pages, and devices by their full names.

    Why: the API server refuses other names (`must be a standard resource type or fully qualified`).

    Fix: correct the name. GPUs are `nvidia.com/gpu` or `amd.com/gpu`, with the domain.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateContainerResourceName.
    """
    for path, resources in _amounts(obj):
        for field in _FIELDS:
            for name in part(resources, field):
                for fault in resource_name_wrongs((*path, field), name) if name not in _STANDARD else ():
                    yield Fault("resource-names-known", *fault)


@rule("admission", *CORE_PODS, needs=("resources", "resourceClaims"))
def pod_amounts(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """What a container requests is not more than its limit, not negative, and of devices a whole number that is the limit.

    Why: the API server refuses the pod (`must be less than or equal to cpu limit`), and every workload with such a template.

    Fix: raise the limit, or lower the request; give devices under `limits` alone.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateResourceRequirements.
    """
    pod = core_pod(obj)
    for path, resources in _amounts(obj):
        for fault in (*_each_amount(path, resources), *_pairs(path, resources), *_claims(path, resources, pod)):
            yield Fault("pod-amounts", *fault)
    for fault in (*_of_the_pod(pod), *(_pod_claims(pod) if pod.spec.get("resourceClaims") else ())):
        yield Fault("pod-amounts", *fault)


def _each_amount(path: Path, resources: Object) -> Wrongs:
    names: set[str] = set()
    for field in _FIELDS:
        for name, value in part(resources, field).items():
            names.add(name)
            amount = milli(value)
            if amount >= 0 and name in _STANDARD:
                continue
            place = (*path, field, name)
            if amount < 0:
                yield wrong(place, "is negative", value, "0 or more")
            elif is_device(name) and amount % 1000:
                yield wrong(place, "is not a whole number", value, "a whole number", "devices are not shared")
            elif name.startswith(_HUGE) and not _divides(name, amount):
                yield wrong(place, "is not a multiple of the page size", value, f"a multiple of {name[len(_HUGE) :]}")
    if (
        not names.issubset(_STANDARD)
        and any(name.startswith(_HUGE) for name in names)
        and not {"cpu", "memory"} & names
    ):
        yield wrong(path, "has huge pages alone", None, "cpu or memory beside them")


def _divides(name: str, amount: int) -> bool:
    size = milli(name.removeprefix(_HUGE))
    return size > 0 and not size % 1000 and not -(-amount // 1000) % (size // 1000)


def _pairs(path: Path, resources: Object) -> Wrongs:
    limits: Mapping[str, Any] = part(resources, _LIMITS)
    for name, value in part(resources, _REQUESTS).items():
        if name in limits and value == limits[name]:
            continue
        place, asked = (*path, _REQUESTS, name), milli(value)
        if name not in limits:
            if not _lent(name):
                yield lacking((*path, _LIMITS, name), f"the {value} that are requested", "give it under `limits` alone")
        elif asked != milli(limits[name]) and not _lent(name):
            yield wrong(place, "is not the limit", value, f"{limits[name]}, the limit", "give it under `limits` alone")
        elif asked > milli(limits[name]):
            hint = "raise the limit, or lower the request"
            yield wrong(place, "is above the limit", value, f"{limits[name]} at most, the limit", hint)


def _claims(path: Path, resources: Object, pod: CorePod) -> Wrongs:
    if not resources.get("claims"):
        return
    known = {claim.get("name") for _, claim in each(pod.spec, (), "resourceClaims")}
    for place, claim in each(resources, path, "claims"):
        if not claim.get("name"):
            yield lacking((*place, "name"))
        elif claim["name"] not in known:
            yield wrong((*place, "name"), "is no claim of the pod", claim["name"], "a name from `resourceClaims`")
    requests = (
        ((*place, "name"), f"{claim.get('name')}/{claim.get('request') or ''}")
        for place, claim in each(resources, path, "claims")
    )
    yield from once(requests)


_CLAIMED = ("resourceClaimName", "resourceClaimTemplateName")


def _pod_claims(pod: CorePod) -> Wrongs:
    found = list(each(pod.spec, pod.path, "resourceClaims"))
    for path, claim in found:
        yield from named(path, claim, "name", LABEL)
        yield from alone(path, claim, _CLAIMED, "source")
        if all(claim.get(field) is None for field in _CLAIMED):
            yield lacking((*path, _CLAIMED[0]), " or ".join(_CLAIMED))
        for field in _CLAIMED:
            if claim.get(field) is not None:
                yield from written((*path, field), claim[field], SUBDOMAIN)
    yield from once(((*path, "name"), claim.get("name")) for path, claim in found)


def _of_the_pod(pod: CorePod) -> Wrongs:
    """The resources of a pod as a whole: cpu, memory and huge pages."""
    resources, path = pod.spec.get("resources"), (*pod.path, "resources")
    if not isinstance(resources, dict):
        return
    if resources.get("claims") is not None:
        yield wrong((*path, "claims"), "stands with the pod", None, "claims of its containers")
    for field in _FIELDS:
        for name in part(resources, field):
            if name not in ("cpu", "memory") and not name.startswith(_HUGE):
                yield wrong(
                    (*path, field, name), "is nothing that a pod as a whole has", name, "cpu, memory or hugepages-…"
                )
    yield from _each_amount(path, resources)
    yield from _pairs(path, resources)
    limits = part(resources, _LIMITS)
    for container in containers(pod):
        for name, value in part(container.spec, "resources", _LIMITS).items():
            if name in limits and container.runs_along and milli(value) > milli(limits[name]):
                place = (*container.path, "resources", _LIMITS, name)
                yield wrong(place, "is above the limit of the pod", value, f"{limits[name]} at most")
    yield from _together(path, pod, resources)


def _together(path: Path, pod: CorePod, resources: Object) -> Wrongs:
    for name, value in part(resources, _REQUESTS).items():
        asked = [at(each.spec, "resources", _REQUESTS, name) for each in containers(pod) if each.runs_along]
        if sum(map(milli, asked)) > milli(value):
            yield wrong((*path, _REQUESTS, name), "is less than the containers request together", value)
