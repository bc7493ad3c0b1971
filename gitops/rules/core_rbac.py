"""Roles and their bindings beyond their schemas."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, Kind, at, rule
from gitops.rules.core_forms import SEGMENT, SUBDOMAIN, Wrongs, each, if_named, known, lacking, named, part, wrong
from gitops.rules.core_selectors import selector_wrongs

GROUP = "rbac.authorization.k8s.io"
ROLE, CLUSTER_ROLE = (GROUP, "Role"), (GROUP, "ClusterRole")
BINDINGS: tuple[Kind, ...] = ((GROUP, "RoleBinding"), (GROUP, "ClusterRoleBinding"))


@rule("admission", ROLE, CLUSTER_ROLE)
def role_rules_complete(role: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each rule of a role has verbs, and either API groups and resources or, in a ClusterRole, URLs.

    Why: the API server refuses the role (`resource rules must supply at least one api group`).

    Fix: give what is missing; the group of Secrets, Services and other core kinds is the empty text: `apiGroups: [""]`.

    Source: kubernetes `pkg/apis/rbac/validation/validation.go`, ValidatePolicyRule and ValidateClusterRole.
    """
    for path, entry in each(role, (), "rules"):
        for fault in _entry(path, entry, role["kind"]):
            yield Fault("role-rules-complete", *fault)
    if at(role, "aggregationRule") is not None and role["kind"] == "ClusterRole":
        selectors = list(each(role, (), "aggregationRule", "clusterRoleSelectors"))
        if not selectors:
            missing = lacking(("aggregationRule", "clusterRoleSelectors"), "one selector at least")
            yield Fault("role-rules-complete", *missing)
        for path, selector in selectors:
            for fault in selector_wrongs(path, selector):
                yield Fault("role-rules-complete", *fault)


def _entry(path: Path, entry: Object, kind: str) -> Wrongs:
    if not entry.get("verbs"):
        yield lacking((*path, "verbs"), "such as [get, list, watch]")
    urls, resources = entry.get("nonResourceURLs"), ("apiGroups", "resources", "resourceNames")
    if urls:
        if kind == "Role":
            yield wrong((*path, "nonResourceURLs"), "stands in a Role", urls, "nothing", "use a ClusterRole")
        if any(entry.get(field) for field in resources):
            yield wrong((*path, "nonResourceURLs"), "stands beside resources", urls, "a rule of its own")
        return
    if not entry.get("apiGroups"):
        hint = 'the group of core kinds is "": `apiGroups: [""]`'
        yield lacking((*path, "apiGroups"), "the API group of the resources", hint)
    if not entry.get("resources"):
        yield lacking((*path, "resources"), "such as [secrets]")


@rule("admission", *BINDINGS)
def binding_complete(binding: Object, cluster: Cluster) -> Iterator[Fault]:
    """A binding names a role, and subjects that are accounts, users or groups.

    Why: the API server refuses the binding.

    Fix: write `apiGroup: rbac.authorization.k8s.io` in `roleRef`, and none for a ServiceAccount; in a ClusterRoleBinding a
    ServiceAccount has a namespace.

    Source: kubernetes `pkg/apis/rbac/validation/validation.go`, ValidateRoleBinding, ValidateClusterRoleBinding,
    ValidateRoleBindingSubject.
    """
    alone = binding["kind"] == "RoleBinding"
    for fault in _role(part(binding, "roleRef"), ("Role", "ClusterRole") if alone else ("ClusterRole",)):
        yield Fault("binding-complete", *fault)
    for path, subject in each(binding, (), "subjects"):
        for fault in _subject(path, subject, alone=alone):
            yield Fault("binding-complete", *fault)


def _role(role: Object, kinds: tuple[str, ...]) -> Wrongs:
    yield from known(("roleRef", "apiGroup"), role.get("apiGroup") or GROUP, (GROUP,))
    yield from known(("roleRef", "kind"), role.get("kind") or "", kinds)
    yield from named(("roleRef",), role, "name", SEGMENT)


def _subject(path: Path, subject: Object, *, alone: bool) -> Wrongs:
    kind, group = subject.get("kind") or "", subject.get("apiGroup") or ""
    if not subject.get("name"):
        yield lacking((*path, "name"))
    if kind == "ServiceAccount":
        yield from if_named(path, subject, "name", SUBDOMAIN)
        if group:
            yield wrong((*path, "apiGroup"), "is not that of a ServiceAccount", group, "nothing", "remove it")
        if not alone and not subject.get("namespace"):
            yield lacking((*path, "namespace"), "the namespace of the ServiceAccount")
    elif kind in ("User", "Group"):
        yield from known((*path, "apiGroup"), group or GROUP, (GROUP,))
    else:
        yield from known((*path, "kind"), kind, ("ServiceAccount", "User", "Group"))


@rule("admission", *BINDINGS, update=True)
def role_ref_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """A binding keeps its role.

    Why: the API server refuses another `roleRef` (`cannot change roleRef`), and the sync fails until the binding is deleted.

    Fix: keep it, or make a binding of another name.

    Source: kubernetes `pkg/apis/rbac/validation/validation.go`, ValidateRoleBindingUpdate and ValidateClusterRoleBindingUpdate.
    """
    before, after = (
        {"apiGroup": GROUP} | {field: value for field, value in part(obj, "roleRef").items() if value}
        for obj in (old, new)
    )
    if before != after:
        hint = "keep it, or make a binding of another name"
        fault = wrong(("roleRef",), "cannot change", after, f"{before.get('kind')} {before.get('name')}", hint)
        yield Fault("role-ref-kept", *fault)
