"""Ingresses and NetworkPolicies beyond their schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_addresses import network, network_of, parsed
from gitops.rules.core_forms import (
    PORT_NAME,
    SEGMENT,
    SUBDOMAIN,
    Form,
    Wrongs,
    alone,
    each,
    if_named,
    known,
    lacking,
    named,
    one_of,
    part,
    port,
    texts,
    within,
    written,
    wrong,
)
from gitops.rules.core_selectors import selector_wrongs

INGRESS = ("networking.k8s.io", "Ingress")
POLICY = ("networking.k8s.io", "NetworkPolicy")
_WILDCARD = Form(re.compile(rf"\*\.{SUBDOMAIN.pattern.pattern}"), 253, "`*.` and a DNS name")
_SERVICE = Form(re.compile("[a-z]([-a-z0-9]*[a-z0-9])?"), 63, "the name of a Service")
_CLASS = "kubernetes.io/ingress.class"
_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
_ODD = ("//", "/./", "/../", "%2f", "%2F")


@rule("admission", INGRESS)
def ingress_complete(ingress: Object, cluster: Cluster) -> Iterator[Fault]:
    """An Ingress has rules or a default backend, DNS names for hosts, and for each path its type and a backend with a port.

    Why: the API server refuses the Ingress.

    Fix: write `pathType: Prefix`, and a backend as `service: {name: …, port: {number: 80}}`.

    Source: kubernetes `pkg/apis/networking/validation/validation.go`, ValidateIngressCreate.
    """
    spec = part(ingress, "spec")
    for fault in (*_hosts(spec), *_paths(spec)):
        yield Fault("ingress-complete", *fault)
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        yield Fault("ingress-complete", *lacking(("spec", "rules"), "rules or `defaultBackend`"))
    if spec.get("ingressClassName") is not None:
        for fault in written(("spec", "ingressClassName"), spec["ingressClassName"], SUBDOMAIN):
            yield Fault("ingress-complete", *fault)
        annotation = part(ingress, "metadata", "annotations").get(_CLASS)
        if annotation is not None and annotation != spec["ingressClassName"]:
            path, expected = ("metadata", "annotations", _CLASS), f"{spec['ingressClassName']}, or no such annotation"
            yield Fault("ingress-complete", *wrong(path, "is not `ingressClassName`", annotation, expected))


def _hosts(spec: Object) -> Wrongs:
    for path, entry in each(spec, ("spec",), "tls"):
        for place, host in texts(entry, path, "hosts"):
            yield from written(place, host, _WILDCARD if "*" in host else SUBDOMAIN)
        yield from if_named(path, entry, "secretName", SUBDOMAIN)
    for path, entry in each(spec, ("spec",), "rules"):
        name = entry.get("host") or ""
        if name:
            yield from written((*path, "host"), name, _WILDCARD if "*" in name else SUBDOMAIN)
            if parsed(name):
                yield wrong((*path, "host"), "is an address", name, "a DNS name")


def _paths(spec: Object) -> Wrongs:
    if spec.get("defaultBackend") is not None:
        yield from _backend(("spec", "defaultBackend"), spec["defaultBackend"])
    for path, entry in each(spec, ("spec",), "rules"):
        if entry.get("http") is None:
            continue
        found = list(each(entry, path, "http", "paths"))
        if not found:
            yield lacking((*path, "http", "paths"), "one path at least")
        for place, each_path in found:
            yield from _path(place, each_path)


def _path(path: Path, entry: Object) -> Wrongs:
    kind, text = entry.get("pathType"), entry.get("path") or ""
    if kind is None:
        yield lacking((*path, "pathType"), "Prefix, Exact or ImplementationSpecific")
        return
    yield from known((*path, "pathType"), kind, _TYPES)
    if kind in _TYPES and not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        yield wrong((*path, "path"), "is not an absolute path", text, f"/{text}")
    if kind in ("Exact", "Prefix") and (any(part in text for part in _ODD) or text.endswith(("/..", "/."))):
        yield wrong((*path, "path"), "cannot be matched", text, "a path without `//`, `.`, `..` and `%2f`")
    yield from _backend((*path, "backend"), entry.get("backend") or {})


def _backend(path: Path, backend: Object) -> Wrongs:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield from alone(path, backend, ("service", "resource"), "backend")
    elif resource is not None:
        if resource.get("apiGroup") is not None:
            yield from written((*path, "resource", "apiGroup"), resource["apiGroup"], SUBDOMAIN)
        for field in ("kind", "name"):
            yield from named((*path, "resource"), resource, field, SEGMENT)
    elif service is not None:
        yield from named((*path, "service"), service, "name", _SERVICE)
        yield from _target((*path, "service", "port"), service.get("port") or {})
    else:
        yield lacking((*path, "service"), "a service, or a resource")


def _target(path: Path, found: Object) -> Wrongs:
    if found.get("name") and found.get("number"):
        yield from alone(path, found, ("name", "number"), "port")
    elif found.get("name"):
        yield from if_named(path, found, "name", PORT_NAME)
    elif found.get("number"):
        yield from port((*path, "number"), found["number"], name=False)
    else:
        yield lacking((*path, "number"), "the number or the name of a port of the Service")


@rule("admission", POLICY)
def network_policy_form(policy: Object, cluster: Cluster) -> Iterator[Fault]:
    """A NetworkPolicy names its peers in one way each, with ports and ranges of addresses that there are.

    Why: the API server refuses the policy, and what it was to protect stays open.

    Fix: give `ipBlock` an entry of its own; `except` lies within `cidr`; `endPort` follows a number.

    Source: kubernetes `pkg/apis/networking/validation/validation.go`, ValidateNetworkPolicySpec.
    """
    spec = part(policy, "spec")
    for fault in selector_wrongs(("spec", "podSelector"), spec.get("podSelector")):
        yield Fault("network-policy-form", *fault)
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for path, entry in each(spec, ("spec",), direction):
            for place, found in each(entry, path, "ports"):
                for fault in _allowed(place, found):
                    yield Fault("network-policy-form", *fault)
            for place, peer in each(entry, path, peers):
                for fault in _peer(place, peer):
                    yield Fault("network-policy-form", *fault)
    types = list(texts(spec, ("spec",), "policyTypes"))
    for place, name in types:
        for fault in known(place, name, ("Ingress", "Egress")):
            yield Fault("network-policy-form", *fault)
    if len(types) > 2:
        fault = wrong(("spec", "policyTypes"), "has too many", None, "Ingress and Egress")
        yield Fault("network-policy-form", *fault)


def _allowed(path: Path, found: Object) -> Wrongs:
    first, last = found.get("port"), found.get("endPort")
    if found.get("protocol") is not None:
        yield from one_of(path, found, "protocol", ("TCP", "UDP", "SCTP"), must=True)
    if first is not None:
        yield from port((*path, "port"), first)
    if last is None:
        return
    if not isinstance(first, int):
        yield wrong((*path, "endPort"), "does not follow a number", last, "a number as `port`")
    else:
        yield from within(path, found, "endPort", max(first, 1), 65535)


def _peer(path: Path, peer: Object) -> Wrongs:
    given = [field for field in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(field) is not None]
    if not given:
        yield lacking((*path, "podSelector"), "podSelector, namespaceSelector or ipBlock")
    if "ipBlock" in given and len(given) > 1:
        yield wrong((*path, "ipBlock"), f"stands beside `{given[0]}`", None, "an entry of its own")
    for field in given:
        if field == "ipBlock":
            yield from _block((*path, field), peer[field])
        else:
            yield from selector_wrongs((*path, field), peer[field])


def _block(path: Path, block: Object) -> Wrongs:
    text = block.get("cidr") or ""
    yield from network((*path, "cidr"), text)
    whole = network_of(text)
    for place, each_text in texts(block, path, "except"):
        yield from network(place, each_text)
        less = network_of(each_text)
        if whole and less:
            inside = less.version == whole.version and less.network_address in whole
            if not inside or less.prefixlen <= whole.prefixlen:
                yield wrong(place, "is no part of `cidr`", each_text, f"a range within {text}")
