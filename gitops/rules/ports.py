"""Ports of the containers that serve: what Knative refuses, what a Service needs, and how gRPC is opened.

Source: kserve `pkg/controller/v1beta1/inferenceservice/reconcilers/service/service_reconciler.go`, read at v0.20.0; knative serving
`pkg/apis/serving/k8s_validation.go` and `fieldmask.go`, read at v0.48.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.runtimes import Wanted, available, stated, wanted
from gitops.rules.serving import (
    INFERENCE_SERVICE,
    TRANSFORMER_CONTAINER,
    Component,
    Part,
    components,
    containers,
    main_container,
    mode,
    model,
    predictor,
)
from gitops.schemas.faults import dotted

NAMES = ("", "h2c", "http1")
"""What Knative lets a port be called."""
RESERVED = {
    8008: "profiling",
    8012: "queue-proxy",
    8013: "queue-proxy",
    8022: "queue-proxy",
    9090: "metrics of queue-proxy",
    9091: "metrics of queue-proxy",
}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
Port = tuple[Path, Object]


def ports(container: Part) -> list[Port]:
    """The ports of a container, and where they stand."""
    return [((*container.path, *path), port) for path, port in items(container.spec, "ports")]


def running(component: Component) -> list[Part]:
    """The containers that run side by side in a component's pod."""
    return [
        part for part in containers(component) if "initContainers" not in part.path and "workerSpec" not in part.path
    ]


def serving(component: Component) -> Part | None:
    """The container whose ports the Service of Standard mode takes: a collocated transformer, else that of the component."""
    beside = next((part for part in running(component) if part.name == TRANSFORMER_CONTAINER), None)
    return beside or model(component) or main_container(component)


@rule("controller", INFERENCE_SERVICE, code="KS23", needs="ports")
def knative_port(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Knative mode a component has one port, named `h2c`, `http1` or not at all, over TCP, on no port of Knative's own.

    Why: KServe admits any ports, and Knative's webhook refuses the Service that is made of them: `PredictorReady` is False with reason
    `ReconcileFailed`, and no pod is made. REST and gRPC together take Standard mode.

    Fix: keep the one port that is called, name it `h2c` for gRPC, or use Standard mode.

    Source: knative serving `pkg/apis/serving/k8s_validation.go`, validateContainersPorts and validateContainerPorts.
    """
    if mode(service, cluster) != "Knative":
        return
    for component in components(service):
        found = [port for part in running(component) for port in ports(part)]
        for path, _ in found[1:]:
            yield _refused(path, "is one port too many", "one port in all containers of a component")
        for path, port in found[:1]:
            for field, message, expected in _not_for_knative(port):
                yield _refused((*path, field), message, expected)


def _not_for_knative(port: Object) -> Iterator[tuple[str, str, str]]:
    if (port.get("name") or "") not in NAMES:
        yield "name", f"is `{port['name']}`", "`h2c` for gRPC, `http1`, or no name"
    if (port.get("protocol") or "TCP") != "TCP":
        yield "protocol", f"is `{port['protocol']}`", "`TCP`"
    if (number := port.get("containerPort")) in RESERVED:
        yield "containerPort", f"is {number}, which is for {RESERVED[number]}", "another port, such as 8080"
    for field in ("hostPort", "hostIP"):
        if port.get(field):
            yield field, "is given", "no port of the node"


def _refused(path: Path, message: str, expected: str) -> Fault:
    return Fault(
        "knative-port",
        path,
        f"`{dotted(path)}` {message}",
        expected=expected,
        why="Knative's webhook refuses the Service that KServe makes of it, and no pod is made.",
        hint="keep the port that is called and name it `h2c` if it speaks gRPC, or use Standard mode",
    )


@rule("controller", INFERENCE_SERVICE, code="KS23", needs="ports")
def ports_named(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Standard mode each port has a name of its own where a container has several.

    Why: KServe makes a Service port of each. The API server refuses a Service with several ports of which one has no name, or two have
    the same, and the service never becomes ready.

    Fix: name them, such as `http` and `grpc-port`.

    Source: kserve `reconcilers/service/service_reconciler.go`, createDefaultSvc; kubernetes `pkg/apis/core/validation/validation.go`,
    ValidateService.
    """
    if mode(service, cluster) != "Standard":
        return
    for component in components(service):
        part = serving(component)
        found = ports(part) if part else []
        seen: set[str] = set()
        for path, port in found if len(found) > 1 else ():
            name = port.get("name") or ""
            if not name or name in seen:
                yield _unnamed((*path, "name"), name)
            seen.add(name)


def _unnamed(path: Path, name: str) -> Fault:
    return Fault(
        "ports-named",
        path,
        f"`{dotted(path)}` is {'the name of another port too' if name else 'missing'}",
        found=f"`{name}`" if name else "",
        expected="a name of its own for each of several ports",
        why="KServe makes a Service of them, which the API server refuses, and the service never becomes ready.",
        hint="name the ports, such as `http` and `grpc-port`",
    )


@rule("reference", INFERENCE_SERVICE, level="warning", code="KS23")
def grpc_port(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A predictor that speaks gRPC opens a port for it, named so that the mesh knows: `h2c`, or in Standard mode also `grpc…`.

    Why: `protocolVersion: grpc-v2` chooses a runtime and opens nothing. Without ports, traffic goes to 8080 over HTTP/1; with a name that
    says neither `grpc` nor `h2c`, gRPC calls are cut down to HTTP/1 and fail. The service is ready all the same.

    Fix: list the runtime's gRPC port (8081 of KServe's own servers, 9000 of Triton, MLServer and TensorFlow Serving) under
    `model.ports`, named `h2c`.

    Source: kserve `reconcilers/service/service_reconciler.go`, isGrpcPort; knative serving's runtime contract.
    """
    want, part = wanted(service, cluster), serving(predictor(service))
    if not want or not part or not want.protocol.startswith("grpc") or not _opens_none(want, service, cluster):
        return
    found = ports(part)
    known = ("h2c",) if mode(service, cluster) == "Knative" else ("h2c", "grpc")
    if any(name in (port.get("name") or "") for _, port in found for name in known):
        return
    path = (*found[0][0], "name") if found else (*part.path, "ports")
    opens = f"`{dotted(path)}` does not open a port" if found else f"`{dotted(part.path)}` opens no port"
    yield Fault(
        "grpc-port",
        path,
        f"{opens} for gRPC",
        found=f"`{found[0][1].get('name') or ''}`" if found else "",
        expected="a port whose name is `h2c`" if len(known) == 1 else "a port whose name has `h2c` or `grpc` in it",
        why="calls arrive as HTTP/1, or at port 8080, and fail, although the service is ready.",
        hint="list the gRPC port of the server with `name: h2c`",
    )


def _opens_none(want: Wanted, service: Object, cluster: Cluster) -> bool:
    """Whether it is certain that the runtime opens no ports by itself; none that KServe ships does."""
    known, shipped = available(service, cluster), stated(cluster)
    specs = [known.get(want.runtime)] if want.runtime else list(known.values())
    return all(spec is not None and (spec in shipped.values() or not _has_ports(spec)) for spec in specs)


def _has_ports(spec: Object) -> bool:
    return any(at(container, "ports") for container in spec.get("containers") or ())


@rule("controller", INFERENCE_SERVICE, code="KS23", needs=_PROBES)
def probe_port(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """In Standard mode a probe over HTTP or TCP names its port.

    Why: KServe's CRD leaves `port` open, for Knative fills it in. Kubernetes does not: the API server refuses the Deployment, and the
    service never becomes ready.

    Fix: give `port`, such as 8080, or the name of a port of the container.

    Source: kserve `Makefile` (the CRD without `httpGet.required`); kubernetes `pkg/apis/core/validation/validation.go`,
    validateHTTPGetAction.
    """
    if mode(service, cluster) != "Standard":
        return
    for component in components(service):
        for part in containers(component):
            for probe in _PROBES:
                for action in ("httpGet", "tcpSocket"):
                    found = at(part.spec, probe, action)
                    if isinstance(found, dict) and found.get("port") is None:
                        yield _portless((*part.path, probe, action, "port"))


def _portless(path: Path) -> Fault:
    return Fault(
        "probe-port",
        path,
        f"`{dotted(path)}` is missing",
        expected="the number or name of a port of the container",
        why="only Knative fills it in; in Standard mode the API server refuses the Deployment that KServe makes.",
        hint="add the port that the server listens on, such as 8080",
    )
