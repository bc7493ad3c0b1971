"""Deployments, StatefulSets and DaemonSets: their numbers, how they are updated, and what of them never changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import LABEL, Wrongs, counts, if_named, known, one_of, part, wrong
from gitops.rules.core_pods import LASTING
from gitops.rules.core_settled import settled

DEPLOYMENT, STATEFUL, DAEMON = (("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet"))
_COUNTS = ("replicas", "minReadySeconds", "progressDeadlineSeconds")
_PERCENT = re.compile("[0-9]+%")
_HISTORY = ("Deployment", "DaemonSet")


@rule("admission", *LASTING)
def workload_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The numbers of a workload, such as `replicas`, are not negative, and its words are those that there are.

    Why: the API server refuses the workload.

    Fix: give 0 or more; `progressDeadlineSeconds` (600 by default) is more than `minReadySeconds`; `podManagementPolicy` is
    OrderedReady or Parallel.

    Source: kubernetes `pkg/apis/apps/validation/validation.go`, ValidateDeploymentSpec, ValidateStatefulSetSpec, ValidateDaemonSetSpec.
    """
    spec = part(obj, "spec")
    fields = (*_COUNTS, "revisionHistoryLimit") if obj["kind"] in _HISTORY else _COUNTS
    for fault in (*counts(("spec",), spec, *fields), *counts(("spec", "ordinals"), part(spec, "ordinals"), "start")):
        yield Fault("workload-form", *fault)
    for fault in _stateful(spec) if obj["kind"] == "StatefulSet" else ():
        yield Fault("workload-form", *fault)
    if obj["kind"] == "Deployment":
        deadline = spec.get("progressDeadlineSeconds")
        deadline = 600 if deadline is None else deadline
        if 0 <= deadline <= (spec.get("minReadySeconds") or 0):
            what, expected = "is not more than `minReadySeconds`", f"more than {spec.get('minReadySeconds') or 0}"
            fault = wrong(("spec", "progressDeadlineSeconds"), what, deadline, expected)
            yield Fault("workload-form", *fault)


@rule("admission", DEPLOYMENT, STATEFUL, DAEMON)
def update_strategy(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A workload's strategy is one that there is, with the settings of that one, and lets an update go on.

    Why: the API server refuses `rollingUpdate` beside `Recreate`, and `maxSurge` and `maxUnavailable` that are both 0.

    Fix: give numbers, or percentages as text such as "25%"; remove `rollingUpdate` where the type is another.

    Source: kubernetes `pkg/apis/apps/validation/validation.go`, ValidateDeploymentStrategy, ValidateDaemonSetUpdateStrategy,
    ValidateStatefulSetSpec.
    """
    field, other = ("strategy", "Recreate") if obj["kind"] == "Deployment" else ("updateStrategy", "OnDelete")
    path, strategy = ("spec", field), part(obj, "spec", field)
    found, rolling = strategy.get("type") or "RollingUpdate", strategy.get("rollingUpdate")
    for fault in known((*path, "type"), found, ("RollingUpdate", other)):
        yield Fault("update-strategy", *fault)
    if found == other and rolling is not None and obj["kind"] != "DaemonSet":
        fault = wrong((*path, "rollingUpdate"), f"stands beside `type: {other}`", None, "nothing", "remove it")
        yield Fault("update-strategy", *fault)
    elif found == "RollingUpdate":
        for fault in _rolling((*path, "rollingUpdate"), rolling or {}, obj["kind"]):
            yield Fault("update-strategy", *fault)


def _stateful(spec: Object) -> Wrongs:
    policy = part(spec, "persistentVolumeClaimRetentionPolicy")
    yield from one_of(("spec",), spec, "podManagementPolicy", ("OrderedReady", "Parallel"))
    for field in ("whenDeleted", "whenScaled"):
        path = ("spec", "persistentVolumeClaimRetentionPolicy")
        yield from one_of(path, policy, field, ("Retain", "Delete"))
    yield from if_named(("spec",), spec, "serviceName", LABEL)


def _rolling(path: Path, rolling: Object, kind: str) -> Wrongs:
    """The API server fills in 25% of a Deployment, and 1 unavailable of a DaemonSet."""
    if kind == "StatefulSet":
        yield from counts(path, rolling, "partition")
        if rolling.get("maxUnavailable") is not None:
            yield from share((*path, "maxUnavailable"), rolling["maxUnavailable"], whole=True)
        return
    usual = ("25%", "25%") if kind == "Deployment" else (1, 0)
    unavailable, surge = (
        default if rolling.get(field) is None else rolling[field]
        for field, default in zip(("maxUnavailable", "maxSurge"), usual, strict=True)
    )
    yield from share((*path, "maxUnavailable"), unavailable, whole=True)
    yield from share((*path, "maxSurge"), surge, whole=kind == "DaemonSet")
    some = [number(value) != 0 for value in (unavailable, surge)]
    if not any(some):
        yield wrong((*path, "maxUnavailable"), "is 0, and so is `maxSurge`", unavailable, "1 or more of one of them")
    elif kind == "DaemonSet" and all(some):
        yield wrong((*path, "maxSurge"), "stands beside `maxUnavailable`", surge, "0, or `maxUnavailable: 0` beside it")


def share(path: Path, value: Any, *, whole: bool) -> Wrongs:
    """Whether a value is a number that is not negative, or a percentage; `whole`: of 100 at most."""
    if isinstance(value, str):
        if not _PERCENT.fullmatch(value):
            hint = "write a number without quotes" if value.isdecimal() else ""
            yield wrong(path, "is no percentage", value, 'a number, or a percentage such as "25%"', hint)
        elif whole and int(value[:-1]) > 100:
            yield wrong(path, "is more than all", value, "100% at most")
    elif value < 0:
        yield wrong(path, "is negative", value, "0 or more")


def number(value: Any) -> int:
    """The number of a share, of a percentage too; text that is neither counts as the number in it, else as 0."""
    text = str(value).removesuffix("%")
    return int(text) if re.fullmatch("[+-]?[0-9]+", text) else 0


_FIXED = ("serviceName", "podManagementPolicy", "volumeClaimTemplates")
_USUAL = {"podManagementPolicy": "OrderedReady"}


@rule("admission", STATEFUL, update=True)
def stateful_set_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A StatefulSet keeps its service, the order of its pods, and its claim templates.

    Why: the API server refuses the change (`updates to statefulset spec for fields other than …`), and the sync fails until it is
    taken back or the StatefulSet deleted; `kubectl delete --cascade=orphan` leaves the pods alone.

    Fix: take the change back; grow storage in the claims themselves.

    Source: kubernetes `pkg/apis/apps/validation/validation.go`, ValidateStatefulSetUpdate.
    """
    for field in _FIXED:
        before, after = (settled(at(obj, "spec", field)) or _USUAL.get(field) for obj in (old, new))
        if before != after:
            hint = "take the change back, or give the StatefulSet another name"
            shown = after if isinstance(after, str) else None
            fault = wrong(("spec", field), "cannot change", shown, "the same as until now", hint)
            yield Fault("stateful-set-kept", *fault)
