"""The addresses of Services."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_addresses import address, parsed
from gitops.rules.core_forms import Wrongs, known, once, part, texts, wrong
from gitops.rules.core_services import SERVICE, service_type

_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")


@rule("admission", SERVICE, needs=("clusterIP", "clusterIPs", "externalIPs", "ipFamilies", "ipFamilyPolicy"))
def service_addresses(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """The addresses of a Service are addresses that can be reached, one of each family.

    Why: the API server refuses the Service.

    Fix: leave them out, and the API server chooses; `clusterIP: None` makes a Service without an address of its own.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateServiceClusterIPsRelatedFields and ValidateEndpointIP.
    """
    spec = part(service, "spec")
    for fault in _external(spec):
        yield Fault("service-addresses", *fault)
    if service_type(service) != "ExternalName":
        for fault in (*_own(spec), *_families(spec)):
            yield Fault("service-addresses", *fault)


def _external(spec: Object) -> Wrongs:
    for path, text in texts(spec, ("spec",), "externalIPs"):
        yield from address(path, text)
        ip = parsed(text)
        far = ip is not None and ip.is_multicast and (ip.version == 4 and str(ip).startswith("224.0.0."))
        if ip is not None and (ip.is_unspecified or ip.is_loopback or ip.is_link_local or far):
            yield wrong(path, "cannot be reached from elsewhere", text, "an address of the network outside")


def _own(spec: Object) -> Wrongs:
    one, several = spec.get("clusterIP") or "", list(texts(spec, ("spec",), "clusterIPs"))
    if several and several[0][1] != one:
        yield wrong(("spec", "clusterIPs"), "does not begin with `clusterIP`", None, one or "nothing")
    given = several or ([(("spec", "clusterIP"), one)] if one else [])
    if given and given[0][1] == "None":
        if len(given) > 1:
            yield wrong(("spec", "clusterIPs"), "has addresses beside None", None, "None alone")
        return
    for path, text in given:
        yield from address(path, text)
    versions = [ip.version for _, text in given if (ip := parsed(text))]
    if len(versions) > 2 or len(set(versions)) < len(versions):
        yield wrong(("spec", "clusterIPs"), "has two addresses of a family", None, "one IPv4 and one IPv6 address")
    for version, family in zip(versions, spec.get("ipFamilies") or (), strict=False):
        if family in _FAMILIES and family != f"IPv{version}":
            yield wrong(("spec", "ipFamilies"), "is not that of `clusterIP`", family, f"IPv{version}")


def _families(spec: Object) -> Wrongs:
    found = list(texts(spec, ("spec",), "ipFamilies"))
    for path, family in found:
        yield from known(path, family, _FAMILIES)
    yield from once(iter(found))
    if spec.get("ipFamilyPolicy") is not None:
        yield from known(("spec", "ipFamilyPolicy"), spec["ipFamilyPolicy"], _POLICIES)


@rule("admission", SERVICE, update=True)
def service_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A Service keeps its address, also None, and the class of its load balancer.

    Why: the API server refuses another one (`may not change once set`), and the sync fails until the Service is deleted.

    Fix: keep it, or give the Service another name.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateUpgradeDowngradeClusterIPs, validateLoadBalancerClassField.
    """
    before, after = (part(obj, "spec") for obj in (old, new))
    hint = "keep it, or give the Service another name"
    if "ExternalName" not in (service_type(old), service_type(new)):
        was, now = before.get("clusterIP") or "", after.get("clusterIP") or ""
        if now and now != was and (was or now == "None"):
            fault = wrong(("spec", "clusterIP"), "cannot change", now, was or "an address", hint)
            yield Fault("service-kept", *fault)
    classes = [spec.get("loadBalancerClass") for spec in (before, after)]
    if service_type(old) == service_type(new) == "LoadBalancer" and classes[0] != classes[1]:
        fault = wrong(("spec", "loadBalancerClass"), "cannot change", classes[1], classes[0] or "nothing", hint)
        yield Fault("service-kept", *fault)
