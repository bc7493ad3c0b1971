"""Services beyond their schema: ports, types, addresses."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_addresses import network
from gitops.rules.core_forms import (
    LABEL,
    QUALIFIED,
    SUBDOMAIN,
    Wrongs,
    each,
    if_named,
    known,
    labels,
    lacking,
    once,
    one_of,
    part,
    port,
    texts,
    within,
    written,
    wrong,
)

SERVICE = ("", "Service")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_OUTSIDE = ("LoadBalancer", "NodePort")
_NODE_PORTS = range(30000, 32768)
_DAY = 86400
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


def service_type(service: Object) -> str:
    """What kind of Service it is; ClusterIP if it does not say."""
    found: str = part(service, "spec").get("type") or "ClusterIP"
    return found


def _headless(service: Object) -> bool:
    spec = part(service, "spec")
    return (spec.get("clusterIP") or "") == "None" or (spec.get("clusterIPs") or [""])[0] == "None"


@rule("admission", SERVICE)
def service_ports(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Service has ports, each from 1 to 65535 and once; with several, each has a name of its own. A node port stands in a
    Service of type NodePort or LoadBalancer.

    Why: the API server refuses the Service.

    Fix: name the ports where there are two or more; a port of the same number may serve another protocol.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateService and validateServicePort.
    """
    found = list(each(service, (), "spec", "ports"))
    if not found and not _headless(service) and service_type(service) != "ExternalName":
        yield Fault("service-ports", *lacking(("spec", "ports"), "one port at least"))
    for path, entry in found:
        for fault in _port(path, entry, several=len(found) > 1):
            yield Fault("service-ports", *fault)
    names = (((*path, "name"), entry.get("name")) for path, entry in found)
    taken = (((*path, "port"), f"{entry.get('protocol') or 'TCP'} {entry.get('port')}") for path, entry in found)
    for fault in (*once(names), *once(taken), *_on_nodes(service)):
        yield Fault("service-ports", *fault)


def _on_nodes(service: Object) -> Wrongs:
    found = _node_ports(service)
    for path, entry in found if service_type(service) == "ClusterIP" else ():
        yield wrong((*path, "nodePort"), "stands in a Service of type ClusterIP", entry["nodePort"], "nothing")
    yield from once(
        ((*path, "nodePort"), f"{entry.get('protocol') or 'TCP'} {entry['nodePort']}") for path, entry in found
    )


def _port(path: Path, entry: Object, *, several: bool) -> Wrongs:
    if several and not entry.get("name"):
        yield lacking((*path, "name"), "a name, where there are several ports")
    yield from if_named(path, entry, "name", LABEL)
    yield from port((*path, "port"), entry.get("port"), name=False)
    yield from one_of(path, entry, "protocol", ("TCP", "UDP", "SCTP"))
    if entry.get("targetPort"):
        yield from port((*path, "targetPort"), entry["targetPort"])
    if entry.get("appProtocol") is not None:
        yield from written((*path, "appProtocol"), entry["appProtocol"], QUALIFIED)


def _node_ports(service: Object) -> list[tuple[Path, Object]]:
    return [(path, entry) for path, entry in each(service, (), "spec", "ports") if entry.get("nodePort")]


@rule("controller", SERVICE, needs=("nodePort", "healthCheckNodePort"))
def node_port_range(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Node ports are from 30000 to 32767.

    Why: the API server gives ports away from its own range, and refuses another (`provided port is not in the valid range`); a dry
    run does not tell.

    Fix: leave `nodePort` out, and the API server takes a free one; turn the rule off for a cluster with another range.

    Source: kubernetes `pkg/registry/core/service/portallocator/allocator.go`; kube-apiserver `--service-node-port-range`.
    """
    places = [((*path, "nodePort"), entry["nodePort"]) for path, entry in _node_ports(service)]
    places.append((("spec", "healthCheckNodePort"), part(service, "spec").get("healthCheckNodePort") or 0))
    for path, number in places if service_type(service) in _OUTSIDE else ():
        if number and number not in _NODE_PORTS:
            yield Fault("node-port-range", *wrong(path, "is out of range", number, "30000 to 32767"))


@rule("admission", SERVICE)
def service_type_fields(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The fields of a Service suit its type.

    Why: the API server refuses fields of another type, such as `loadBalancerClass` in one of type ClusterIP, and an ExternalName
    without name or with an address.

    Fix: remove the field, or change `type`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateService and what it calls.
    """
    spec, kind = part(service, "spec"), service_type(service)
    for fault in (*known(("spec", "type"), kind, _TYPES), *_affinity(spec), *_traffic(spec, kind)):
        yield Fault("service-type-fields", *fault)
    for fault in (*_balanced(service, spec, kind), *_of_type(spec, kind, _headless(service))):
        yield Fault("service-type-fields", *fault)
    for fault in labels(("spec", "selector"), spec.get("selector")):
        yield Fault("service-type-fields", *fault)


def _of_type(spec: Object, kind: str, headless: bool) -> Wrongs:
    path = ("spec",)
    if kind in _OUTSIDE and headless:
        yield wrong(("spec", "clusterIP"), f"is None in a Service of type {kind}", "None", "nothing")
    if kind == "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(field):
                yield wrong(("spec", field), "stands in a Service of type ExternalName", spec[field], "nothing")
        name = (spec.get("externalName") or "").removesuffix(".")
        yield from (
            written(("spec", "externalName"), name, SUBDOMAIN)
            if name
            else iter([lacking(("spec", "externalName"), "a DNS name")])
        )
    if spec.get("internalTrafficPolicy") is not None:
        yield from known((*path, "internalTrafficPolicy"), spec["internalTrafficPolicy"], ("Cluster", "Local"))
    if spec.get("trafficDistribution") is not None:
        options = ("PreferClose", "PreferSameZone", "PreferSameNode")
        yield from known((*path, "trafficDistribution"), spec["trafficDistribution"], options)


def _affinity(spec: Object) -> Wrongs:
    yield from one_of(("spec",), spec, "sessionAffinity", ("ClientIP", "None"))
    if spec.get("sessionAffinity") == "ClientIP":
        path = ("sessionAffinityConfig", "clientIP")
        yield from within(("spec", *path), part(spec, *path), "timeoutSeconds", 1, _DAY)


def _traffic(spec: Object, kind: str) -> Wrongs:
    policy, check = spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort")
    reached = kind in _OUTSIDE or (kind == "ClusterIP" and spec.get("externalIPs"))
    if policy:
        yield from (
            known(("spec", "externalTrafficPolicy"), policy, ("Cluster", "Local"))
            if reached
            else iter(
                [wrong(("spec", "externalTrafficPolicy"), f"stands in a Service of type {kind}", policy, "nothing")]
            )
        )
    if check and not (kind == "LoadBalancer" and policy == "Local"):
        expected = "`type: LoadBalancer` and `externalTrafficPolicy: Local` beside it"
        yield wrong(("spec", "healthCheckNodePort"), "checks nothing", check, expected)
    elif check:
        yield from port(("spec", "healthCheckNodePort"), check, name=False)


def _balanced(service: Object, spec: Object, kind: str) -> Wrongs:
    """What only a load balancer has."""
    fields = {"loadBalancerSourceRanges": spec.get("loadBalancerSourceRanges") or None}
    fields |= {field: spec.get(field) for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass")}
    for field, value in fields.items():
        if value is not None and kind != "LoadBalancer":
            yield wrong(
                ("spec", field), f"stands in a Service of type {kind}", value, "nothing, or `type: LoadBalancer`"
            )
    if spec.get("loadBalancerClass") is not None:
        yield from written(("spec", "loadBalancerClass"), spec["loadBalancerClass"], QUALIFIED)
    for path, text in texts(spec, ("spec",), "loadBalancerSourceRanges"):
        yield from network(path, text.strip())
    annotation = part(service, "metadata", "annotations").get(_RANGES)
    if annotation is not None and not fields["loadBalancerSourceRanges"]:
        place = ("metadata", "annotations", _RANGES)
        if kind != "LoadBalancer":
            yield wrong(place, f"stands in a Service of type {kind}", annotation, "nothing")
        for text in annotation.strip().split(",") if annotation.strip() else ():
            yield from network(place, text.strip())
