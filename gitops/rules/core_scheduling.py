"""Where pods may run: selectors of nodes, affinity, tolerations and the spread over a topology."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import (
    LABEL,
    LABEL_VALUE,
    QUALIFIED,
    SUBDOMAIN,
    Wrongs,
    each,
    if_named,
    known,
    labels,
    lacking,
    named,
    once,
    one_of,
    texts,
    within,
    written,
    wrong,
)
from gitops.rules.core_pods import CORE_PODS, CorePod, core_pod
from gitops.rules.core_selectors import selector_wrongs

_REQUIRED, _PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
_NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@rule("admission", *CORE_PODS, needs=("affinity", "nodeSelector", "topologySpreadConstraints"))
def placement_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The affinity of a pod and its spread over a topology name labels that there can be, with operators and values that go together.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: In and NotIn take values, Exists and DoesNotExist none, Gt and Lt one; weights are from 1 to 100; `topologyKey` is required; a
    spread has `maxSkew` from 1, and `whenUnsatisfiable: DoNotSchedule` or `ScheduleAnyway`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateAffinity, validateTopologySpreadConstraints.
    """
    pod = core_pod(obj)
    affinity = pod.spec.get("affinity")
    for fault in (*labels((*pod.path, "nodeSelector"), pod.spec.get("nodeSelector")), *_spread(pod)):
        yield Fault("placement-form", *fault)
    if affinity is not None:
        path = (*pod.path, "affinity")
        for fault in _to_nodes((*path, "nodeAffinity"), affinity.get("nodeAffinity")):
            yield Fault("placement-form", *fault)
        for field in ("podAffinity", "podAntiAffinity"):
            for fault in _to_pods((*path, field), affinity.get(field)):
                yield Fault("placement-form", *fault)


def _spread(pod: CorePod) -> Wrongs:
    found = list(each(pod.spec, pod.path, "topologySpreadConstraints"))
    for path, constraint in found:
        yield from _constraint(path, constraint)
    ways = (
        ((*path, "topologyKey"), f"{entry.get('topologyKey') or ''}, {entry.get('whenUnsatisfiable') or ''}")
        for path, entry in found
    )
    yield from once(ways, "is constrained the same way already")


def _to_nodes(path: Path, affinity: Any) -> Wrongs:
    wanted = at(affinity, _REQUIRED)
    if wanted is not None:
        terms = list(each(wanted, (*path, _REQUIRED), "nodeSelectorTerms"))
        if not terms:
            yield lacking((*path, _REQUIRED, "nodeSelectorTerms"), "one term at least")
        for place, term in terms:
            yield from _node_term(place, term, exact=True)
    for place, term in each(affinity, path, _PREFERRED):
        yield from _weight(place, term)
        yield from _node_term((*place, "preference"), term.get("preference") or {}, exact=False)


def _weight(path: Path, term: Object) -> Wrongs:
    yield from within(path, {"weight": term.get("weight") or 0}, "weight", 1, 100)


def _node_term(path: Path, term: Object, *, exact: bool) -> Wrongs:
    for place, wanted in each(term, path, "matchExpressions"):
        yield from _values(place, wanted)
        yield from written((*place, "key"), wanted.get("key") or "", QUALIFIED)
        for where, value in texts(wanted, place, "values") if exact else ():
            yield from written(where, value, LABEL_VALUE)
    for place, wanted in each(term, path, "matchFields"):
        yield from known((*place, "operator"), wanted.get("operator") or "", ("In", "NotIn"))
        yield from known((*place, "key"), wanted.get("key") or "", ("metadata.name",))
        if len(wanted.get("values") or ()) != 1:
            yield wrong((*place, "values"), "has not one value", None, "the name of one node")
        for where, value in texts(wanted, place, "values"):
            yield from written(where, value, SUBDOMAIN)


def _values(path: Path, wanted: Object) -> Wrongs:
    operator, number = wanted.get("operator") or "", len(wanted.get("values") or ())
    if operator in ("In", "NotIn") and not number:
        yield lacking((*path, "values"), f"one value at least, for {operator}")
    elif operator in ("Exists", "DoesNotExist") and number:
        yield wrong((*path, "values"), f"stands beside {operator}", None, "nothing")
    elif operator in ("Gt", "Lt") and number != 1:
        yield wrong((*path, "values"), "has not one value", None, f"one number, for {operator}")
    else:
        yield from known((*path, "operator"), operator, _NODE_OPERATORS)


def _to_pods(path: Path, affinity: Any) -> Wrongs:
    for place, term in each(affinity, path, _REQUIRED):
        yield from _pod_term(place, term)
    for place, term in each(affinity, path, _PREFERRED):
        yield from _weight(place, term)
        yield from _pod_term((*place, "podAffinityTerm"), term.get("podAffinityTerm") or {})


def _pod_term(path: Path, term: Object) -> Wrongs:
    for field in ("labelSelector", "namespaceSelector"):
        yield from selector_wrongs((*path, field), term.get(field))
    for place, name in texts(term, path, "namespaces"):
        yield from written(place, name, LABEL)
    yield from named(path, term, "topologyKey", QUALIFIED)
    yield from _keys([*texts(term, path, "matchLabelKeys"), *texts(term, path, "mismatchLabelKeys")], term)
    for place, key in texts(term, path, "mismatchLabelKeys"):
        if key in (term.get("matchLabelKeys") or ()):
            yield wrong(place, "is in `matchLabelKeys` as well", key, "one of the two")


def _keys(given: list[tuple[Path, str]], term: Object) -> Wrongs:
    """Keys whose values the pod itself gives."""
    for place, key in given:
        yield from written(place, key, QUALIFIED)
        if term.get("labelSelector") is None:
            yield wrong(place, "needs `labelSelector`", key, "a selector beside it")


@rule("admission", *CORE_PODS, needs="tolerations")
def toleration_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A toleration names a taint as it can be: `Exists` without value, no key only with `Exists`, a time only for `NoExecute`.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: for the taint of GPU nodes: `key: nvidia.com/gpu`, `operator: Exists`, `effect: NoSchedule`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateTolerations.
    """
    pod = core_pod(obj)
    for path, toleration in each(pod.spec, pod.path, "tolerations"):
        for fault in _toleration(path, toleration):
            yield Fault("toleration-form", *fault)


def _toleration(path: Path, toleration: Object) -> Wrongs:
    operator, effect, value = (toleration.get(field) or "" for field in ("operator", "effect", "value"))
    yield from if_named(path, toleration, "key", QUALIFIED)
    yield from one_of(path, toleration, "operator", ("Equal", "Exists"))
    yield from one_of(path, toleration, "effect", _EFFECTS)
    if not toleration.get("key") and operator != "Exists":
        yield wrong((*path, "operator"), "is not Exists, and there is no key", operator or None, "Exists, or a key")
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield wrong((*path, "tolerationSeconds"), "is for NoExecute alone", None, "`effect: NoExecute` beside it")
    if operator == "Exists" and value:
        yield wrong((*path, "value"), "stands beside `operator: Exists`", value, "nothing")
    elif operator in ("", "Equal"):
        yield from written((*path, "value"), value, LABEL_VALUE)


def _constraint(path: Path, constraint: Object) -> Wrongs:
    if not constraint.get("topologyKey"):
        yield lacking((*path, "topologyKey"), "a label of nodes, such as topology.kubernetes.io/zone")
    yield from within(path, {"maxSkew": constraint.get("maxSkew") or 0}, "maxSkew", 1)
    yield from one_of(path, constraint, "whenUnsatisfiable", ("DoNotSchedule", "ScheduleAnyway"), must=True)
    yield from within(path, constraint, "minDomains", 1)
    if constraint.get("minDomains") is not None and constraint.get("whenUnsatisfiable") != "DoNotSchedule":
        yield wrong(
            (*path, "minDomains"), "needs `whenUnsatisfiable: DoNotSchedule`", None, "DoNotSchedule, or nothing"
        )
    for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if constraint.get(field) is not None:
            yield from known((*path, field), constraint[field], ("Honor", "Ignore"))
    yield from selector_wrongs((*path, "labelSelector"), constraint.get("labelSelector"))
    yield from _keys(list(texts(constraint, path, "matchLabelKeys")), constraint)
