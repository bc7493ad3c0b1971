"""What bounds others: quotas, ranges of limits, priorities and classes of storage, beyond their schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_amounts import is_device, resource_name_wrongs
from gitops.rules.core_forms import QUALIFIED, Wrongs, each, known, lacking, milli, once, part, texts, written, wrong

QUOTA, LIMITS = ("", "ResourceQuota"), ("", "LimitRange")
PRIORITY, STORAGE = ("scheduling.k8s.io", "PriorityClass"), ("storage.k8s.io", "StorageClass")
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_COUNTED = (
    *("pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps"),
    *("persistentvolumeclaims", "services.nodeports", "services.loadbalancers"),
)
_QUOTA = (
    *_COMPUTE,
    *(f"{of}.{name}" for of in ("requests", "limits") for name in _COMPUTE),
    "requests.storage",
    *_COUNTED,
)
_HUGE = ("hugepages-", "requests.hugepages-")
_SCOPES = (
    *("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "VolumeAttributesClass"),
    "CrossNamespacePodAffinity",
)
_OPPOSITES = (("Terminating", "NotTerminating"), ("BestEffort", "NotBestEffort"))
_PODS = {"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}


@rule("admission", QUOTA)
def quota_form(quota: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ResourceQuota bounds what can be counted, with amounts that are not negative and scopes that fit.

    Why: the API server refuses the quota, and nothing is bounded.

    Fix: correct the name; objects of any kind are counted as `count/<resource>.<group>`, devices as `requests.nvidia.com/gpu`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateResourceQuotaSpec.
    """
    spec = part(quota, "spec")
    for fault in (*_hard(part(spec, "hard")), *_scopes(spec)):
        yield Fault("quota-form", *fault)


def _hard(hard: Mapping[str, Any]) -> Wrongs:
    for name, value in hard.items():
        path, amount = ("spec", "hard", name), milli(value)
        if not QUALIFIED.fits(name):
            yield wrong(path, "is no resource", name, QUALIFIED.words)
        elif "/" not in name and not name.startswith(_HUGE):
            yield from known(path, name, _QUOTA)
        if amount < 0:
            yield wrong(path, "is negative", value, "0 or more")
        elif amount % 1000 and (name in _COUNTED or is_device(name)):
            yield wrong(path, "is not a whole number", value, "a whole number")


def _scopes(spec: Object) -> Wrongs:
    plain = list(texts(spec, ("spec",), "scopes"))
    selected = list(each(part(spec, "scopeSelector"), ("spec", "scopeSelector"), "matchExpressions"))
    for path, expression in selected:
        yield from _expression(path, expression)
    for group in (plain, [((*path, "scopeName"), term.get("scopeName") or "") for path, term in selected]):
        names = {name for _, name in group}
        for path, name in group:
            yield from known(path, name, _SCOPES)
            unfit = [each for each in part(spec, "hard") if not _fits(name, each)]
            if unfit:
                yield wrong(path, f"does not go with `{unfit[0]}`", name, "another scope, or a quota of its own")
        for pair in _OPPOSITES:
            if names.issuperset(pair):
                yield wrong(group[0][0], f"stands beside its opposite: {' and '.join(pair)}", None, "one of the two")


def _fits(scope: str, resource: str) -> bool:
    if scope not in _SCOPES or (resource not in _QUOTA and not resource.startswith(_HUGE)):
        return True
    if scope == "BestEffort":
        return resource == "pods"
    return resource in ({"persistentvolumeclaims", "requests.storage"} if scope == "VolumeAttributesClass" else _PODS)


def _expression(path: Path, expression: Object) -> Wrongs:
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if expression.get("scopeName") not in ("PriorityClass", "VolumeAttributesClass") and operator != "Exists":
        yield wrong((*path, "operator"), "is not Exists", operator, "Exists")
    elif operator in ("In", "NotIn") and not values:
        yield lacking((*path, "values"), f"one value at least, for {operator}")
    elif operator in ("Exists", "DoesNotExist") and values:
        yield wrong((*path, "values"), f"stands beside {operator}", None, "nothing")
    else:
        yield from known((*path, "operator"), operator, ("In", "NotIn", "Exists", "DoesNotExist"))


@rule("admission", LIMITS)
def limit_range_form(limits: Object, cluster: Cluster) -> Iterator[Fault]:
    """A LimitRange bounds each type once, and its defaults lie within its bounds.

    Why: the API server refuses it, and containers without requests get none.

    Fix: keep min ≤ defaultRequest ≤ default ≤ max.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateLimitRange.
    """
    found = list(each(limits, (), "spec", "limits"))
    for path, entry in found:
        for fault in (*_limit(path, entry), *_order(path, entry)):
            yield Fault("limit-range-form", *fault)
    for fault in once(((*path, "type"), entry.get("type")) for path, entry in found):
        yield Fault("limit-range-form", *fault)


def _limit(path: Path, entry: Object) -> Wrongs:
    kind = entry.get("type") or ""
    if "/" in kind:
        yield from written((*path, "type"), kind, QUALIFIED)
    else:
        yield from known((*path, "type"), kind, ("Pod", "Container", "PersistentVolumeClaim"))
    for field in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"):
        amounts = part(entry, field)
        if kind == "Pod" and amounts and field.startswith("default"):
            yield wrong((*path, field), "stands in limits of pods", None, "nothing", "set defaults for containers")
            continue
        for name in amounts:
            if kind in ("Pod", "Container"):
                yield from resource_name_wrongs((*path, field), name)
            elif not QUALIFIED.fits(name) or ("/" not in name and name not in (*_QUOTA, "storage")):
                yield wrong((*path, field, name), "is no resource", name, "storage")
    if kind == "PersistentVolumeClaim" and not {"storage"} & (part(entry, "min").keys() | part(entry, "max").keys()):
        yield lacking((*path, "max", "storage"), "a bound of storage in `min` or `max`")


def _filled(entry: Object) -> dict[str, Mapping[str, Any]]:
    """With the defaults of containers that the API server makes of the bounds."""
    found: dict[str, Mapping[str, Any]] = {
        field: part(entry, field) for field in ("min", "defaultRequest", "default", "max", "maxLimitRequestRatio")
    }
    if entry.get("type") == "Container":
        found["default"] = {**found["max"], **found["default"]}
        found["defaultRequest"] = {**found["min"], **found["default"], **found["defaultRequest"]}
    return found


_RISING = (
    *(("min", "default"), ("default", "max"), ("min", "max")),
    *(("min", "defaultRequest"), ("defaultRequest", "default"), ("defaultRequest", "max")),
)


def _order(path: Path, entry: Object) -> Wrongs:
    amounts = _filled(entry)
    told: set[str] = set()
    for low, high in _RISING:
        for name in amounts[low].keys() & amounts[high].keys() - told:
            if milli(amounts[low][name]) > milli(amounts[high][name]):
                told.add(name)
                field = low if name in part(entry, low) else high
                yield wrong((*path, field, name), f"makes `{low}` more than `{high}`", amounts[low][name])
    for name, ratio in amounts["maxLimitRequestRatio"].items():
        least, most = (amounts[field].get(name) for field in ("min", "max"))
        above = most is not None and milli(least) and milli(ratio) / 1000 > milli(most) / milli(least)
        if milli(ratio) < 1000 or above:
            yield wrong((*path, "maxLimitRequestRatio", name), "cannot be", ratio, "1 to `max` divided by `min`")
    for name in amounts["default"].keys() & amounts["defaultRequest"].keys():
        same = milli(amounts["default"][name]) == milli(amounts["defaultRequest"][name])
        if (is_device(name) or name.startswith("hugepages-")) and not same:
            yield wrong((*path, "defaultRequest", name), "is not `default`", amounts["defaultRequest"][name])


@rule("admission", PRIORITY, STORAGE)
def class_form(found: Object, cluster: Cluster) -> Iterator[Fault]:
    """A PriorityClass has a value of at most a billion and no name of the system's; a StorageClass a provisioner.

    Why: the API server refuses the class.

    Fix: see what is expected; names that begin with `system-` are taken.

    Source: kubernetes `pkg/apis/scheduling/validation/validation.go`, ValidatePriorityClass; `pkg/apis/storage/validation/validation.go`.
    """
    for fault in _priority(found) if found["kind"] == PRIORITY[1] else _storage(found):
        yield Fault("class-form", *fault)


_SYSTEM = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_HIGHEST = 1_000_000_000


def _priority(found: Object) -> Wrongs:
    name, value = found["metadata"].get("name") or "", found.get("value") or 0
    if name.startswith("system-"):
        if _SYSTEM.get(name) != value or found.get("globalDefault") is True:
            yield wrong(("metadata", "name"), "is a name of the system's", name, "another prefix than `system-`")
    elif value > _HIGHEST:
        yield wrong(("value",), "is out of range", value, f"at most {_HIGHEST}")
    if found.get("preemptionPolicy") is not None:
        yield from known(("preemptionPolicy",), found["preemptionPolicy"], ("PreemptLowerPriority", "Never"))


def _storage(found: Object) -> Wrongs:
    provisioner = found.get("provisioner") or ""
    if not provisioner:
        yield lacking(("provisioner",), "the name of a driver, such as ebs.csi.aws.com")
    else:
        yield from written(("provisioner",), provisioner.lower(), QUALIFIED)
    if found.get("reclaimPolicy"):
        yield from known(("reclaimPolicy",), found["reclaimPolicy"], ("Delete", "Retain"))
    if found.get("volumeBindingMode") is not None:
        yield from known(("volumeBindingMode",), found["volumeBindingMode"], ("Immediate", "WaitForFirstConsumer"))
    if "" in part(found, "parameters"):
        yield wrong(("parameters", ""), "has no name", None, "a name")


_KEPT: dict[str, dict[str, Any]] = {
    "PriorityClass": {"value": 0, "preemptionPolicy": "PreemptLowerPriority"},
    "StorageClass": {"provisioner": "", "parameters": {}, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
}
"""Fields that never change, and what they are where nothing is written."""


@rule("admission", PRIORITY, STORAGE, update=True)
def class_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A PriorityClass keeps its value, and a StorageClass its driver and parameters.

    Why: the API server refuses the change, for objects were made by the class as it was.

    Fix: make a class of another name.

    Source: kubernetes `pkg/apis/scheduling/validation/validation.go`, ValidatePriorityClassUpdate;
    `pkg/apis/storage/validation/validation.go`, ValidateStorageClassUpdate.
    """
    for field, usual in _KEPT[new["kind"]].items():
        before, after = (obj.get(field) or usual for obj in (old, new))
        if before != after:
            hint = "make a class of another name"
            yield Fault("class-kept", *wrong((field,), "cannot change", after, f"{before}", hint))
