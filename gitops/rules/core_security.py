"""As whom containers run, and what a pod is called and calls itself in the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.core_addresses import address
from gitops.rules.core_forms import (
    LABEL,
    QUALIFIED,
    SUBDOMAIN,
    Form,
    Wrongs,
    each,
    if_named,
    inside,
    known,
    lacking,
    once,
    one_of,
    part,
    required,
    texts,
    within,
    written,
    wrong,
)
from gitops.rules.core_pods import CORE_PODS, CorePod, containers, core_pod

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_NAMES = (
    *(("serviceAccountName", SUBDOMAIN), ("nodeName", SUBDOMAIN), ("priorityClassName", SUBDOMAIN)),
    *(("runtimeClassName", SUBDOMAIN), ("hostname", LABEL), ("subdomain", LABEL)),
)
_TOLD = (
    *(*(field for field, _ in _NAMES), "readinessGates", "schedulingGates", "dnsConfig", "dnsPolicy", "hostAliases"),
    *("hostUsers", "shareProcessNamespace", "os", "serviceAccount"),
)
_UNDERSCORED = "[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?"
_SEARCH = Form(re.compile(rf"{_UNDERSCORED}(\.{_UNDERSCORED})*"), 253, SUBDOMAIN.words)
_SYSCTL = Form(
    re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"),
    253,
    "such as net.core.somaxconn",
)


@rule("admission", *CORE_PODS, needs="securityContext")
def security_context_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The security contexts of a pod and of its containers hold together: ids that there are, profiles that are said completely.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: ids are 0 or more; a profile of type Localhost names its file, others do not; what is privileged may escalate its privileges.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateSecurityContext and validatePodSpecSecurityContext.
    """
    pod = core_pod(obj)
    if pod.spec.get("securityContext") is not None:
        for fault in _of_pod((*pod.path, "securityContext"), pod.spec["securityContext"], pod):
            yield Fault("security-context-form", *fault)
    for container in containers(pod):
        context = container.spec.get("securityContext")
        if context is not None:
            for fault in _of_container((*container.path, "securityContext"), context, pod):
                yield Fault("security-context-form", *fault)


def _common(path: Path, context: Object) -> Wrongs:
    for field in ("runAsUser", "runAsGroup", "fsGroup"):
        yield from within(path, context, field, 0)
    for field in ("seccompProfile", "appArmorProfile"):
        profile = context.get(field)
        if profile is not None:
            yield from one_of((*path, field), profile, "type", _PROFILES, must=True)
            yield from _local((*path, field), field, profile)


def _local(path: Path, field: str, profile: Object) -> Wrongs:
    file = profile.get("localhostProfile")
    if profile.get("type") != "Localhost":
        if file is not None:
            yield wrong((*path, "localhostProfile"), "is for the type Localhost", file, "nothing")
    elif file is None or (field == "appArmorProfile" and not file.strip()):
        yield lacking((*path, "localhostProfile"), "the file of the profile on the node")
    elif field == "seccompProfile":
        yield from inside((*path, "localhostProfile"), file)
    elif file != file.strip() or len(file) > 4095:
        yield wrong((*path, "localhostProfile"), "is no name of a profile", None, "a name without blanks around it")


def _of_container(path: Path, context: Object, pod: CorePod) -> Wrongs:
    yield from _common(path, context)
    mount = context.get("procMount")
    if mount is not None:
        yield from known((*path, "procMount"), mount, ("Default", "Unmasked"))
        if mount == "Unmasked" and pod.spec.get("hostUsers") is not False:
            yield wrong((*path, "procMount"), "needs `hostUsers: false` in the pod", mount, "Default")
    if context.get("allowPrivilegeEscalation") is False:
        added = at(context, "capabilities", "add") or ()
        if context.get("privileged") is True or "CAP_SYS_ADMIN" in added:
            what = "privileged" if context.get("privileged") is True else "CAP_SYS_ADMIN"
            place = (*path, "allowPrivilegeEscalation")
            yield wrong(place, f"is false, and the container has {what}", None, "one without the other")


def _of_pod(path: Path, context: Object, pod: CorePod) -> Wrongs:
    yield from _common(path, context)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        if not 0 <= (group or 0) < 2**31:
            yield wrong((*path, "supplementalGroups", index), "is out of range", group, "0 or more")
    choices = {
        "fsGroupChangePolicy": ("OnRootMismatch", "Always"),
        "supplementalGroupsPolicy": ("Merge", "Strict"),
        "seLinuxChangePolicy": ("Recursive", "MountOption"),
    }
    for field, options in choices.items():
        if context.get(field) is not None:
            yield from known((*path, field), context[field], options)
    found = [((*place, "name"), each.get("name") or "") for place, each in each(context, path, "sysctls")]
    for place, name in found:
        if not name:
            yield lacking(place)
        elif not _SYSCTL.fits(name):
            yield wrong(place, "is no name of a sysctl", name, _SYSCTL.words)
        elif (namespace := _shared(name)) and pod.spec.get(namespace) is True:
            yield wrong(place, f"stands beside `{namespace}: true`", name, "one of the two")
    yield from once(iter(found))


def _shared(sysctl: str) -> str:
    """The field by which a pod shares with its node what a sysctl changes."""
    name = sysctl.replace("/", ".")
    if name.startswith("net."):
        return "hostNetwork"
    return "hostIPC" if name.startswith(("kernel.shm", "kernel.msg", "fs.mqueue.")) or name == "kernel.sem" else ""


@rule("admission", *CORE_PODS, needs=_TOLD)
def pod_names_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The names and addresses that a pod gives, of its account, its node, its hosts and name servers, are such.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: use lower-case letters, digits and `-`; what is meant is `metadata.name` of the other object. With `dnsPolicy: None`,
    `dnsConfig.nameservers` is required.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidatePodSpec, validatePodDNSConfig, ValidateHostAliases.
    """
    pod = core_pod(obj)
    for field, form in _NAMES:
        if pod.spec.get(field) and not (obj["kind"] == "StatefulSet" and field in ("hostname", "subdomain")):
            for fault in if_named(pod.path, pod.spec, field, form):
                yield Fault("pod-names-form", *fault)
    if pod.spec.get("runtimeClassName") == "":
        yield Fault("pod-names-form", *lacking((*pod.path, "runtimeClassName"), "a name, or no such field"))
    if not pod.spec.get("serviceAccountName"):  # the old name of the field counts where the new one is empty
        for fault in if_named(pod.path, pod.spec, "serviceAccount", SUBDOMAIN):
            yield Fault("pod-names-form", *fault)
    for fault in (*_gates(pod), *_dns(pod), *_aliases(pod), *_shares(pod)):
        yield Fault("pod-names-form", *fault)


def _gates(pod: CorePod) -> Wrongs:
    for path, gate in each(pod.spec, pod.path, "readinessGates"):
        yield from written((*path, "conditionType"), gate.get("conditionType") or "", QUALIFIED)
    gates = [((*path, "name"), each.get("name") or "") for path, each in each(pod.spec, pod.path, "schedulingGates")]
    for place, name in gates:
        yield from written(place, name, QUALIFIED)
    yield from once(iter(gates))


def _dns(pod: CorePod) -> Wrongs:
    config, path = part(pod.spec, "dnsConfig"), (*pod.path, "dnsConfig")
    servers, searches = (list(texts(config, path, field)) for field in ("nameservers", "searches"))
    if pod.spec.get("dnsPolicy") == "None" and not servers:
        yield lacking((*path, "nameservers"), "the address of a name server, for `dnsPolicy: None`")
    if len(servers) > 3:
        yield wrong((*path, "nameservers"), "has too many", None, "at most 3")
    if len(searches) > 32 or len(" ".join(text for _, text in searches)) > 2048:
        yield wrong((*path, "searches"), "has too many", None, "at most 32, and 2048 characters")
    for place, text in servers:
        yield from address(place, text)
    for place, text in searches:
        yield from written(place, text.removesuffix("."), _SEARCH) if text != "." else ()
    for place, option in each(config, path, "options"):
        yield from required(place, option, "name")


def _aliases(pod: CorePod) -> Wrongs:
    for path, alias in each(pod.spec, pod.path, "hostAliases"):
        yield from address((*path, "ip"), alias.get("ip") or "")
        for place, name in texts(alias, path, "hostnames"):
            yield from written(place, name, SUBDOMAIN)


def _shares(pod: CorePod) -> Wrongs:
    """What of its node a pod shares."""
    spec: Any = pod.spec
    if spec.get("hostUsers") is False:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(field) is True:
                yield wrong((*pod.path, field), "stands beside `hostUsers: false`", True, "one of the two")
    if spec.get("shareProcessNamespace") is True and spec.get("hostPID") is True:
        yield wrong((*pod.path, "shareProcessNamespace"), "stands beside `hostPID: true`", True, "one of the two")
    if spec.get("os") is not None:
        yield from one_of((*pod.path, "os"), spec["os"], "name", ("linux", "windows"), must=True)
