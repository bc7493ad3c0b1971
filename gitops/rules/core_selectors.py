"""Label selectors: their form, and whether those of workloads choose the pods that these make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import LABEL_VALUE, QUALIFIED, Wrongs, each, labels, lacking, part, texts, written, wrong

_WITH_VALUES, _WITHOUT = ("In", "NotIn"), ("Exists", "DoesNotExist")
_WORKLOADS = tuple(("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"))


def selector_wrongs(path: Path, selector: Any) -> Wrongs:
    """What is wrong with the form of a label selector. Source: ValidateLabelSelector of apimachinery."""
    yield from labels((*path, "matchLabels"), at(selector, "matchLabels"))
    for place, wanted in each(selector, path, "matchExpressions"):
        operator, values = wanted.get("operator") or "", wanted.get("values") or ()
        if operator in _WITH_VALUES and not values:
            yield lacking((*place, "values"), f"one value at least, for {operator}")
        elif operator in _WITHOUT and values:
            yield wrong((*place, "values"), f"stands beside {operator}", None, "nothing")
        elif operator not in _WITH_VALUES + _WITHOUT:
            yield wrong((*place, "operator"), "is none", operator, f"one of: {', '.join(_WITH_VALUES + _WITHOUT)}")
        yield from written((*place, "key"), wanted.get("key") or "", QUALIFIED)
        for where, value in texts(wanted, place, "values"):
            yield from written(where, value, LABEL_VALUE)


def chooses(selector: Any, found: Object) -> bool:
    """Whether a selector of the right form chooses what has these labels."""
    wanted = part(selector, "matchLabels")
    if any(found.get(key) is None or (found[key] or "") != (value or "") for key, value in wanted.items()):
        return False
    return all(_holds(expression, found) for _, expression in each(selector, (), "matchExpressions"))


def _holds(expression: Object, found: Object) -> bool:
    key, operator = expression.get("key"), expression.get("operator")
    if operator in _WITHOUT:
        return (key in found) is (operator == "Exists")
    return (key in found and found[key] in (expression.get("values") or ())) is (operator == "In")


@rule("admission", *_WORKLOADS)
def selector_matches_template(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A workload's selector is there, made of labels, and chooses the pods of its own template.

    Why: the API server refuses the workload (`selector does not match template labels`): its controller would never find its pods.

    Fix: give the template the labels that `selector.matchLabels` names.

    Source: kubernetes `pkg/apis/apps/validation/validation.go`, ValidateDeploymentSpec, ValidateStatefulSetSpec, ValidateDaemonSetSpec.
    """
    path, selector = ("spec", "selector"), at(obj, "spec", "selector")
    if selector is None or not (part(selector, "matchLabels") or at(selector, "matchExpressions")):
        fault = lacking(path, "`matchLabels` with a label of the template")
        yield Fault("selector-matches-template", *fault)
        return
    faults = list(selector_wrongs(path, selector))
    for fault in faults:
        yield Fault("selector-matches-template", *fault)
    if not faults:
        found = {key: value or "" for key, value in part(obj, "spec", "template", "metadata", "labels").items()}
        if not chooses(selector, found):
            fault = wrong(
                ("spec", "template", "metadata", "labels"),
                "lacks what `spec.selector` asks for",
                found,
                "the labels of `spec.selector`",
                "give the template the labels of `spec.selector.matchLabels`",
            )
            yield Fault("selector-matches-template", *fault)


@rule("admission", *_WORKLOADS, update=True)
def selector_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A workload keeps its selector.

    Why: the API server refuses another one (`field is immutable`), and the sync fails until it is taken back or the workload deleted.

    Fix: keep the selector; other labels may change in the template. To change it, give the workload another name.

    Source: kubernetes `pkg/apis/apps/validation/validation.go`, ValidateDeploymentUpdate, ValidateDaemonSetSpecUpdate,
    ValidateStatefulSetUpdate.
    """
    before, after = (at(obj, "spec", "selector") for obj in (old, new))
    if _plain(before) != _plain(after):
        hint = "keep it, or give the workload another name"
        fault = wrong(("spec", "selector"), "cannot change", after, "the same as until now", hint)
        yield Fault("selector-kept", *fault)


def _plain(selector: Any) -> Any:
    return {field: value for field, value in (selector or {}).items() if value}
