"""Jobs and CronJobs beyond their schemas: their numbers, when they run, and what of them never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_forms import (
    LABEL,
    QUALIFIED,
    Wrongs,
    counts,
    each,
    known,
    lacking,
    named,
    once,
    one_of,
    part,
    within,
    wrong,
)
from gitops.rules.core_pods import JOBS
from gitops.rules.core_selectors import chooses, selector_wrongs

JOB = JOBS[0]
_COUNTS = (
    *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"),
    *("backoffLimitPerIndex", "maxFailedIndexes"),
)
_MANY = 100_000
LABELS = tuple(f"{prefix}{name}" for prefix in ("", "batch.kubernetes.io/") for name in ("controller-uid", "job-name"))
"""What a Job's selector and its pods have in a cluster."""


def _job(obj: Object) -> tuple[Path, Object]:
    path: Path = ("spec",) if obj["kind"] == "Job" else ("spec", "jobTemplate", "spec")
    return path, part(obj, *path)


@rule("admission", *JOBS)
def job_counts(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The numbers of a Job are not negative, and those that count indexes stand in an indexed Job.

    Why: the API server refuses the Job, and a CronJob with such a template.

    Fix: give 0 or more. `completionMode: Indexed` needs `completions`; `backoffLimitPerIndex` needs `completionMode: Indexed`.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, validateJobSpec and ValidateJob.
    """
    path, job = _job(obj)
    for fault in (*counts(path, job, *_COUNTS), *_indexes(path, job)):
        yield Fault("job-counts", *fault)
    last = (job.get("completions") or 0) - 1
    name = obj["metadata"].get("name") or ""
    if (
        obj["kind"] == "Job"
        and job.get("completionMode") == "Indexed"
        and last >= 0
        and not LABEL.fits(f"{name}-{last}")
    ):
        expected = f"a name that makes `{name}-{last}` the name of a host: {LABEL.words}"
        yield Fault(
            "job-counts", *wrong(("metadata", "name"), "cannot name the pods of an indexed Job", name, expected)
        )


def _indexes(path: Path, job: Object) -> Wrongs:
    failed, per_index = job.get("maxFailedIndexes"), job.get("backoffLimitPerIndex")
    completions, parallelism = job.get("completions"), job.get("parallelism")
    mode = job.get("completionMode")
    if mode is not None:
        yield from known((*path, "completionMode"), mode, ("NonIndexed", "Indexed"))
    if failed is not None and per_index is None:
        yield lacking((*path, "backoffLimitPerIndex"), "a number beside `maxFailedIndexes`")
    if mode in (None, "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if job.get(field) is not None:
                yield wrong((*path, field), "needs `completionMode: Indexed`", None, "Indexed, or nothing")
    if mode == "Indexed":
        if completions is None and parallelism is not None:
            yield lacking((*path, "completions"), "a number, for `completionMode: Indexed`")
        yield from within(path, job, "parallelism", -(2**31), _MANY)
        if failed is not None and failed > min(_MANY, _MANY if completions is None else completions):
            yield wrong((*path, "maxFailedIndexes"), "is more than there are indexes", failed, "`completions` at most")


@rule("admission", JOB)
def job_name(job: Object, cluster: Cluster) -> Iterator[Fault]:
    """The name of a Job is short enough to be a label of its pods: at most 63 characters.

    Why: the API server makes a label of it, and then refuses the Job (`spec.template.labels: must be no more than 63 characters`).

    Fix: shorten the name.

    Source: kubernetes `pkg/registry/batch/job/strategy.go`, generateSelector.
    """
    name = job["metadata"].get("name") or ""
    if len(name) > 63 and at(job, "spec", "manualSelector") is not True:
        yield Fault("job-name", *wrong(("metadata", "name"), "is too long for a Job", name, "at most 63 characters"))


@rule("admission", *JOBS, needs=("selector", "manualSelector", *LABELS))
def job_selector(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Job leaves its selector to the API server, or says `manualSelector: true` and chooses its own pods.

    Why: the API server makes a selector of a unique label, and refuses one that is written beside it.

    Fix: remove `selector`; it is in manifests that were copied from a cluster, as are the labels `controller-uid` and `job-name`.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, ValidateJobSpec, validateGeneratedSelector, ValidateJobTemplateSpec.
    """
    path, job = _job(obj)
    selector, manual = job.get("selector"), job.get("manualSelector") is True
    for fault in selector_wrongs((*path, "selector"), selector) if obj["kind"] == "Job" else ():
        yield Fault("job-selector", *fault)
    for fault in _selected(path, job, selector, manual, in_template=obj["kind"] == "CronJob"):
        yield Fault("job-selector", *fault)
    if obj["kind"] == "Job" and not manual:
        for fault in _copied((*path, "template", "metadata", "labels"), job, obj["metadata"].get("name")):
            yield Fault("job-selector", *fault)


def _selected(path: Path, job: Object, selector: Any, manual: bool, *, in_template: bool) -> Wrongs:
    if in_template:
        if manual:
            yield wrong((*path, "manualSelector"), "is true in a CronJob", True, "nothing")
        if selector is not None:
            yield wrong((*path, "selector"), "stands in a CronJob", None, "nothing", "remove it")
    elif not manual:
        if selector and (at(selector, "matchLabels") or at(selector, "matchExpressions")):
            yield wrong((*path, "selector"), "is made by the API server", None, "nothing", "remove it")
    elif selector is None:
        yield lacking((*path, "selector"), "a selector, for `manualSelector: true`")
    elif not chooses(selector, part(job, "template", "metadata", "labels")):
        yield wrong((*path, "selector"), "does not choose the pods of the template", None, "labels of the template")


def _copied(path: Path, job: Object, name: Any) -> Wrongs:
    labels = part(job, "template", "metadata", "labels")
    for label in LABELS:
        if label in labels and (label.endswith("-uid") or labels[label] != name):
            hint = "remove it: the API server writes it"
            yield wrong((*path, label), "is not that of this Job", None, "nothing", hint)


@rule("admission", *JOBS, needs=("podFailurePolicy", "podReplacementPolicy"))
def job_failure_policy(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """What a Job says of failures can be told apart: each rule looks at exit codes or at conditions of pods.

    Why: the API server refuses the Job, and a CronJob with such a template.

    Fix: give each rule an `action` and one of `onExitCodes` and `onPodConditions`; exit codes in order; `restartPolicy: Never`.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, validatePodFailurePolicy and validatePodReplacementPolicy.
    """
    path, job = _job(obj)
    policy, replaced = job.get("podFailurePolicy"), job.get("podReplacementPolicy")
    if replaced is not None:
        options = ("Failed",) if policy is not None else ("Failed", "TerminatingOrFailed")
        for fault in known((*path, "podReplacementPolicy"), replaced, options):
            yield Fault("job-failure-policy", *fault)
    if policy is not None:
        for fault in _failures((*path, "podFailurePolicy"), policy, job):
            yield Fault("job-failure-policy", *fault)
        if at(job, "template", "spec", "restartPolicy") == "OnFailure":
            place = (*path, "template", "spec", "restartPolicy")
            yield Fault("job-failure-policy", *wrong(place, "leaves failures to the node", "OnFailure", "Never"))


def _failures(path: Path, policy: Object, job: Object) -> Wrongs:
    pod = part(job, "template", "spec")
    lists = [each(pod, (), field) for field in ("containers", "initContainers")]
    names = {container.get("name") for found in lists for _, container in found}
    if len(policy.get("rules") or ()) > 20:
        yield wrong((*path, "rules"), "has too many", None, "at most 20")
    for place, found in each(policy, path, "rules"):
        codes, conditions = found.get("onExitCodes"), found.get("onPodConditions") or ()
        yield from one_of(place, found, "action", ("Count", "FailIndex", "FailJob", "Ignore"), must=True)
        if found.get("action") == "FailIndex" and job.get("backoffLimitPerIndex") is None:
            yield wrong((*place, "action"), "needs `backoffLimitPerIndex`", "FailIndex", "Count, FailJob or Ignore")
        if (codes is None) is not bool(conditions):
            yield wrong(place, "does not look at one thing", None, "one of onExitCodes and onPodConditions")
        if codes is not None:
            yield from _codes((*place, "onExitCodes"), codes, names)
        for where, condition in each(found, place, "onPodConditions"):
            yield from named(where, condition, "type", QUALIFIED)
            if condition.get("status", "") != "":
                yield from known((*where, "status"), condition["status"], ("True", "False", "Unknown"))


def _codes(path: Path, codes: Object, names: set[Any]) -> Wrongs:
    values = [value or 0 for value in codes.get("values") or ()]
    yield from one_of(path, codes, "operator", ("In", "NotIn"), must=True)
    if codes.get("containerName") is not None and codes["containerName"] not in names:
        yield wrong((*path, "containerName"), "is no container of the pod", codes["containerName"])
    if not 1 <= len(values) <= 255:
        yield wrong((*path, "values"), "has no exit code, or too many", None, "1 to 255 of them")
    if values != sorted(values):
        yield wrong((*path, "values"), "are not in order", values, f"{sorted(values)}")
    if 0 in values and codes.get("operator") == "In":
        yield wrong((*path, "values"), "has 0, which is no failure", values, "other numbers")
    yield from once(((*path, "values", index), value) for index, value in enumerate(values))
