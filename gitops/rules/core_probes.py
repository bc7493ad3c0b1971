"""Ports, probes and hooks of containers in pods that the API server judges."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_forms import (
    HEADER,
    PORT_NAME,
    Wrong,
    Wrongs,
    alone,
    counts,
    each,
    if_named,
    lacking,
    once,
    one_of,
    port,
    required,
    within,
    written,
    wrong,
)
from gitops.rules.core_pods import CORE_PODS, POD, REGULAR, Container, CorePod, containers, core_pod

_PROBES = "livenessProbe", "readinessProbe", "startupProbe"
_HANDLERS = "exec", "httpGet", "tcpSocket", "grpc"
_HOOKS = "exec", "httpGet", "tcpSocket", "sleep"
_TIMES = "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"


@rule("admission", *CORE_PODS, needs="ports")
def container_ports(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ports of a container are numbers from 1 to 65535; their names are short, lower-case and given once.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: see what is expected; `protocol` is TCP, UDP or SCTP, in capitals.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateContainerPorts, checkHostPortConflicts,
    validatePodHostNetworkDeps.
    """
    pod = core_pod(obj)
    for container in containers(pod):
        if container.spec.get("ports"):
            for fault in _ports(container, pod):
                yield Fault("container-ports", *fault)
    regular = [found for found in containers(pod) if found.field == REGULAR]
    for group in (regular, *([found] for found in containers(pod) if found.field != REGULAR)):
        taken = (place for container in group for place in _host_ports(container, pod))
        for fault in once(taken, "is taken by another port of the pod"):
            yield Fault("container-ports", *fault)


def _ports(container: Container, pod: CorePod) -> Wrongs:
    found = list(each(container.spec, container.path, "ports"))
    for path, entry in found:
        yield from if_named(path, entry, "name", PORT_NAME)
        number, of_node = entry.get("containerPort"), entry.get("hostPort")
        yield from port((*path, "containerPort"), number, name=False)
        yield from port((*path, "hostPort"), of_node, name=False) if of_node else ()
        yield from one_of(path, entry, "protocol", ("TCP", "UDP", "SCTP"))
        if pod.spec.get("hostNetwork") is True and container.field == REGULAR and of_node and of_node != number:
            yield wrong((*path, "hostPort"), "is not `containerPort`, and the pod has no network of its own", of_node)
    names = (((*path, "name"), entry.get("name")) for path, entry in found if PORT_NAME.fits(entry.get("name") or ""))
    yield from once(names)


def _host_ports(container: Container, pod: CorePod) -> Iterator[tuple[Path, str]]:
    on_node = pod.spec.get("hostNetwork") is True and pod.kind == POD
    for path, entry in each(container.spec, container.path, "ports"):
        if number := entry.get("hostPort") or (on_node and entry.get("containerPort")):
            yield (*path, "hostPort"), f"{entry.get('protocol') or 'TCP'}/{entry.get('hostIP') or ''}/{number}"


@rule("admission", *CORE_PODS, needs=(*_PROBES, "lifecycle"))
def probe_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A probe asks and a `lifecycle` hook acts in one way, with times and numbers that can be.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: give one of exec, httpGet, tcpSocket and grpc; `successThreshold` is 1 save in a readiness probe; a hook does not sleep
    longer than `terminationGracePeriodSeconds`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateProbe, validateLivenessProbe, validateReadinessProbe,
    validateLifecycle.
    """
    pod = core_pod(obj)
    for container in containers(pod):
        for fault in _lifecycle(container, pod) if container.spec.get("lifecycle") is not None else ():
            yield Fault("probe-form", *fault)
        for field in _PROBES:
            if container.spec.get(field) is not None:
                for fault in _probe(container, field):
                    yield Fault("probe-form", *fault)


def _probe(container: Container, field: str) -> Wrongs:
    path, probe = (*container.path, field), container.spec[field]
    if not container.runs_along:
        yield _ends_first(path)
        return
    yield from _handler(path, probe, _HANDLERS)
    yield from counts(path, probe, *_TIMES)
    threshold, grace = probe.get("successThreshold"), probe.get("terminationGracePeriodSeconds")
    if field != "readinessProbe":
        if threshold and threshold > 1:
            yield wrong(
                (*path, "successThreshold"), "is not 1", threshold, "1", "only a readiness probe may ask for more"
            )
        yield from within(path, probe, "terminationGracePeriodSeconds", 1, 2**63)
    elif grace is not None:
        yield wrong((*path, "terminationGracePeriodSeconds"), "stands in a readiness probe", grace, "nothing")


def _ends_first(path: Path) -> Wrong:
    hint = "remove it, or set `restartPolicy: Always` for one that runs along"
    return wrong(path, "stands in an init container that ends", None, "nothing", hint)


def _lifecycle(container: Container, pod: CorePod) -> Wrongs:
    path, lifecycle = (*container.path, "lifecycle"), container.spec["lifecycle"]
    if not container.runs_along:
        yield _ends_first(path)
        return
    longest = pod.spec.get("terminationGracePeriodSeconds")
    for field in ("postStart", "preStop"):
        hook = lifecycle.get(field)
        if hook is not None:
            yield from _handler((*path, field), hook, _HOOKS)
            if hook.get("sleep") is not None:
                seconds = {"seconds": hook["sleep"].get("seconds") or 0}
                yield from within((*path, field, "sleep"), seconds, "seconds", 0, 30 if longest is None else longest)
    if lifecycle.get("stopSignal") is not None and not (pod.spec.get("os") or {}).get("name"):
        yield wrong(
            (*path, "stopSignal"), "needs `os.name` in the pod", lifecycle["stopSignal"], "`os.name: linux` beside it"
        )


def _handler(path: Path, found: Object, fields: tuple[str, ...]) -> Wrongs:
    given = [field for field in fields if found.get(field) is not None]
    if not given:
        yield lacking((*path, fields[1]), f"one of: {', '.join(fields)}")
    yield from alone(path, found, given, "way")
    for field in given[:1]:
        yield from _action((*path, field), field, found[field])


def _action(path: Path, field: str, action: Object) -> Wrongs:
    if field == "exec":
        yield from required(path, action, "command")
    elif field in ("httpGet", "tcpSocket", "grpc"):
        yield from port((*path, "port"), action.get("port"), name=field != "grpc")
    if field == "httpGet":
        yield from one_of(path, action, "scheme", ("HTTP", "HTTPS"))
        for place, header in each(action, path, "httpHeaders"):
            yield from written((*place, "name"), header.get("name") or "", HEADER)
