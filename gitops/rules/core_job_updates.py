"""What of a Job never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_forms import part, wrong
from gitops.rules.core_jobs import JOB, LABELS
from gitops.rules.core_settled import settled

_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy")
_FREE = ("nodeSelector", "tolerations", "schedulingGates")


@rule("admission", JOB, update=True)
def job_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Job keeps its pod template and its completions: it has begun with them.

    Why: the API server refuses the change (`spec.template: field is immutable`), and the sync fails until the Job is gone.

    Fix: give the Job another name, or let Argo CD replace it: annotate it with `argocd.argoproj.io/sync-options: Replace=true,Force=true`,
    or make it a hook with `argocd.argoproj.io/hook-delete-policy: BeforeHookCreation`.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, ValidateJobSpecUpdate; a suspended Job may still change its labels,
    annotations and where it may run.
    """
    before, after = (part(obj, "spec") for obj in (old, new))
    hint = "give the Job another name, or let Argo CD replace it"
    for field in _FIXED:
        if _value(field, before) != _value(field, after):
            fault = wrong(("spec", field), "cannot change", None, "the same as until now", hint)
            yield Fault("job-kept", *fault)
    if not _still_ends(before, after):
        fault = wrong(("spec", "completions"), "cannot change", after.get("completions"), "the same as until now", hint)
        yield Fault("job-kept", *fault)
    if after.get("selector") and settled(before.get("selector")) != settled(after["selector"]):
        fault = wrong(("spec", "selector"), "cannot change", None, "the same as until now", hint)
        yield Fault("job-kept", *fault)
    suspended = before.get("suspend") is True
    if _template(before, suspended) != _template(after, suspended):
        fault = wrong(("spec", "template"), "cannot change", None, "the same as until now", hint)
        yield Fault("job-kept", *fault)


def _value(field: str, spec: Object) -> Any:
    return spec.get(field) or "NonIndexed" if field == "completionMode" else settled(spec.get(field))


def _still_ends(before: Object, after: Object) -> bool:
    """Whether the Job ends after as many pods. What neither manifest says stays as the API server has filled it in."""
    usual = 1 if before.get("parallelism") is None else None
    was = usual if before.get("completions") is None else before["completions"]
    now = after.get("completions")
    if now is None:
        return before.get("completions") is None or (was == 1 and after.get("parallelism") is None)
    if now == was or after.get("completionMode") != "Indexed":
        return bool(now == was)
    parallelism = after.get("parallelism")
    return bool(now == (1 if parallelism is None else parallelism))


def _template(spec: Object, suspended: bool) -> Any:
    template = part(spec, "template")
    metadata, pod = dict(part(template, "metadata")), dict(part(template, "spec"))
    labels = {name: value for name, value in part(metadata, "labels").items() if name not in LABELS}
    if not suspended:
        return settled({**metadata, "labels": labels}), settled(pod)
    affinity = {field: value for field, value in part(pod, "affinity").items() if field != "nodeAffinity"}
    kept = {field: value for field, value in pod.items() if field not in _FREE}
    return settled({**kept, "affinity": affinity})
