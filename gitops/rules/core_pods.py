"""Pods as the API server judges them, in Pods themselves and in the templates of its own workloads; here: their containers.

Custom resources that describe pods are not among them: the API server sees those pods only when a controller makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.rules import pods
from gitops.rules.base import Cluster, Kind, rule
from gitops.rules.core_forms import INT32, LABEL, Wrongs, each, known, lacking, named, once, one_of, part, wrong
from gitops.rules.once import once as kept

POD: Kind = ("", "Pod")
JOBS: tuple[Kind, ...] = (("batch", "Job"), ("batch", "CronJob"))
LASTING: tuple[Kind, ...] = (
    *(("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    ("", "ReplicationController"),
)
"""Workloads whose pods run until they are taken away."""
CORE_PODS: tuple[Kind, ...] = (POD, ("", "PodTemplate"), *JOBS, *LASTING)
REGULAR, INIT = "containers", "initContainers"


class CorePod(NamedTuple):
    """A pod spec that the API server judges, where it stands, and the kind that it stands in."""

    path: Path
    spec: Object
    kind: Kind


class Container(NamedTuple):
    """A container, where it stands, and in which list."""

    path: Path
    spec: Object
    field: str

    @property
    def runs_along(self) -> bool:
        """Whether it runs as long as the pod does: not an init container that ends."""
        return self.field == REGULAR or self.spec.get("restartPolicy") == "Always"


@kept
def core_pod(obj: Object) -> CorePod:
    """The pod of an object of one of CORE_PODS; empty if there is none in it."""
    kind = (group_of(obj["apiVersion"]), obj["kind"])
    path = pods.PLACES[kind][0]
    return CorePod(path, part(obj, *path), kind)


@kept
def containers(pod: CorePod) -> tuple[Container, ...]:
    """Every container and init container."""
    return tuple(
        Container(path, spec, field) for field in (REGULAR, INIT) for path, spec in each(pod.spec, pod.path, field)
    )


@rule("admission", *CORE_PODS)
def containers_complete(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A pod has containers, and each has an image and a name that is a DNS label and its own.

    Why: the API server refuses the Pod, and every workload with such a template.

    Fix: give what is missing; names are lower-case letters, digits and `-`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateContainers, validateInitContainers, ValidatePodTemplateSpec.
    """
    pod = core_pod(obj)
    if not pod.spec.get(REGULAR):
        yield Fault("containers-complete", *lacking((*pod.path, REGULAR), "one container at least"))
    for container in containers(pod):
        for fault in _complete(container, pod):
            yield Fault("containers-complete", *fault)
    names = (((*each.path, "name"), each.spec.get("name")) for each in containers(pod))
    for fault in once(names, "is the name of another container already"):
        yield Fault("containers-complete", *fault)
    if pod.spec.get("ephemeralContainers"):
        path = (*pod.path, "ephemeralContainers")
        what, hint = "cannot stand in a manifest", "add them to a running pod with kubectl debug"
        yield Fault("containers-complete", *wrong(path, what, None, "nothing", hint))


def _complete(container: Container, pod: CorePod) -> Wrongs:
    yield from named(container.path, container.spec, "name", LABEL)
    image = container.spec.get("image") or ""
    if not image:
        yield lacking((*container.path, "image"))
    elif pod.kind == POD and image != image.strip():
        yield wrong((*container.path, "image"), "has blanks around it", image, image.strip())


@rule("admission", *CORE_PODS)
def pod_restart_policy(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """`restartPolicy` and `activeDeadlineSeconds` suit the kind: Never or OnFailure in a Job, Always and no deadline in what runs for good.

    Why: the API server refuses the object. In a Job the policy must be written, for the default is Always.

    Fix: write `restartPolicy: Never` or `OnFailure` in a Job, and leave it out elsewhere.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, validateJobSpec; `pkg/apis/apps/validation/validation.go`.
    """
    pod = core_pod(obj)
    path, found = (*pod.path, "restartPolicy"), pod.spec.get("restartPolicy") or ""
    for fault in _policy(pod, path, found):
        yield Fault("pod-restart-policy", *fault)
    for fault in _deadline((*pod.path, "activeDeadlineSeconds"), pod):
        yield Fault("pod-restart-policy", *fault)


def _deadline(path: Path, pod: CorePod) -> Wrongs:
    value = pod.spec.get("activeDeadlineSeconds")
    if value is not None and pod.kind in LASTING:
        yield wrong(path, "would end pods that are to run for good", value, "nothing", "remove it")
    elif value is not None and not 1 <= value <= INT32:
        yield wrong(path, "is out of range", value, f"1 to {INT32}")


def _policy(pod: CorePod, path: Path, found: str) -> Wrongs:
    if pod.kind in JOBS:
        if found in ("", "Always"):
            hint = "`Never` starts a new pod after a failure, `OnFailure` the container again"
            yield (
                lacking(path, "Never or OnFailure", hint)
                if not found
                else wrong(path, "suits no Job", found, "Never or OnFailure", hint)
            )
        else:
            yield from known(path, found, ("Never", "OnFailure"))
    elif found:
        yield from known(path, found, ("Always",) if pod.kind in LASTING else ("Always", "Never", "OnFailure"))
    for container in containers(pod):
        own = container.spec.get("restartPolicy")
        if own is not None and container.field == REGULAR:
            hint = f"set `{'.'.join(map(str, path))}` for all containers"
            yield wrong((*container.path, "restartPolicy"), "stands in a container", own, "nothing", hint)
        elif own is not None:
            yield from known((*container.path, "restartPolicy"), own, ("Always",))


_VALUES = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
}
_POD_VALUES = {
    "dnsPolicy": ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
    "preemptionPolicy": ("PreemptLowerPriority", "Never"),
}


@rule("admission", *CORE_PODS, needs=(*_VALUES, *_POD_VALUES, "resizePolicy"))
def pod_values_known(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Fields of a pod that take one of a few words, such as `imagePullPolicy`, have one of these.

    Why: the API server refuses other words, also those in another case.

    Fix: use one of the words that are listed.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validatePullPolicy, validateDNSPolicy, ValidatePreemptionPolicy,
    validateContainerCommon, validateResizePolicy.
    """
    pod = core_pod(obj)
    for container in containers(pod):
        for field, options in _VALUES.items():
            for fault in one_of(container.path, container.spec, field, options):
                yield Fault("pod-values-known", *fault)
        for fault in _resizing(container, pod):
            yield Fault("pod-values-known", *fault)
    for field, options in _POD_VALUES.items():
        if pod.spec.get(field) is not None:
            for fault in one_of(pod.path, pod.spec, field, options, must=field == "preemptionPolicy"):
                yield Fault("pod-values-known", *fault)


def _resizing(container: Container, pod: CorePod) -> Wrongs:
    places = []
    for path, policy in each(container.spec, container.path, "resizePolicy"):
        places.append(((*path, "resourceName"), policy.get("resourceName")))
        yield from one_of(path, policy, "resourceName", ("cpu", "memory"), must=True)
        options = ("NotRequired",) if pod.spec.get("restartPolicy") == "Never" else ("NotRequired", "RestartContainer")
        yield from one_of(path, policy, "restartPolicy", options, must=True)
    yield from once(iter(places))
