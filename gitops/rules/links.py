"""Names that objects other than pods give: roles, stores, backends, and what is to be scaled."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.rules.base import Cluster, Kind, at, items, rule
from gitops.rules.lookups import ACCOUNT, account_lacks, hint, look_elsewhere, service_lacks, services
from gitops.schemas.faults import dotted

RBAC = "rbac.authorization.k8s.io"
ROLE_BINDING: Kind = (RBAC, "RoleBinding")
CLUSTER_ROLE_BINDING: Kind = (RBAC, "ClusterRoleBinding")
CLUSTER_ROLE: Kind = (RBAC, "ClusterRole")
EXTERNAL_SECRET: Kind = ("external-secrets.io", "ExternalSecret")
INGRESS: Kind = ("networking.k8s.io", "Ingress")
AUTOSCALER: Kind = ("autoscaling", "HorizontalPodAutoscaler")

_SHIPPED_ROLES = frozenset(("cluster-admin", "admin", "edit", "view"))
_SCALED: tuple[Kind, ...] = (("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "ReplicaSet"))


@rule("reference", ROLE_BINDING, CLUSTER_ROLE_BINDING, level="warning")
def role_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The Role or ClusterRole that a binding grants is there.

    Why: the API server stores the binding and grants nothing by it: its subjects are refused with `forbidden` whatever they ask.

    Fix: add the role, correct its name, or state it under `provides` if the cluster has it.

    Source: kubernetes `pkg/registry/rbac/validation/rule.go` VisitRulesFor.
    """
    reference = obj.get("roleRef") or {}
    name, kind = reference.get("name"), reference.get("kind")
    if not name or kind not in ("Role", "ClusterRole") or _ships(kind, name):
        return
    namespace = cluster.namespace(obj) if kind == "Role" else ""
    if cluster.lacks((RBAC, kind), namespace, name):
        yield Fault(
            "role-exists",
            ("roleRef", "name"),
            f"`roleRef.name` names a {kind} that is not there",
            found=name,
            expected=f"a {kind} in namespace `{namespace}`" if namespace else f"a {kind}",
            why="the API server grants nothing by this binding, and refuses its subjects.",
            hint=hint(cluster, (RBAC, kind), namespace, name),
        )


def _ships(kind: str, name: str) -> bool:
    return name.startswith("system:") or (kind == "ClusterRole" and name in _SHIPPED_ROLES)


@rule("reference", ROLE_BINDING, CLUSTER_ROLE_BINDING, level="warning")
def role_subject_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The ServiceAccounts that a role is bound to are there, in the namespaces that the binding gives.

    Why: the API server grants the role to nobody, and whoever should have it is refused with `forbidden`.

    Fix: correct name or namespace, or add the ServiceAccount.

    Source: kubernetes `pkg/registry/rbac/validation/rule.go` appliesToUser.
    """
    for path, subject in items(obj, "subjects"):
        name, namespace = subject.get("name"), subject.get("namespace")
        if subject.get("kind") == "ServiceAccount" and name and namespace and account_lacks(cluster, namespace, name):
            yield Fault(
                "role-subject-exists",
                (*path, "name"),
                f"`{dotted((*path, 'name'))}` names a ServiceAccount that is not there",
                found=name,
                expected=f"a ServiceAccount in namespace `{namespace}`",
                why="the role is granted to nobody.",
                hint=hint(cluster, ACCOUNT, namespace, name, "write `namespace: {}`"),
            )


@rule("reference", EXTERNAL_SECRET)
def secret_store_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every store that an ExternalSecret reads from is there: a SecretStore of its namespace, or a ClusterSecretStore.

    Why: External Secrets cannot fetch anything: the ExternalSecret stays `Ready: False` with reason `SecretSyncedError`, its Secret is
    not made, and whatever mounts that does not start.

    Fix: correct name or `kind` (which is SecretStore where it is left out), or name the store under `secrets.store` in
    environment.yaml.

    Source: external-secrets `runtime/clients`, `pkg/controllers/externalsecret/externalsecret_controller_secret.go`.
    """
    for path, store in _stores(obj):
        kind, name = store.get("kind") or "SecretStore", store.get("name")
        where = cluster.namespace(obj) if kind == "SecretStore" else ""
        given = cluster.environment.secrets.store
        if not name or (given and (given.kind, given.name) == (kind, name)):
            continue
        if cluster.lacks(("external-secrets.io", kind), where, name):
            yield Fault(
                "secret-store-exists",
                (*path, "name"),
                f"`{dotted((*path, 'name'))}` names a {kind} that is not there",
                found=name,
                expected=f"a {kind} in namespace `{where}`" if where else f"a {kind}",
                why="External Secrets has nowhere to fetch from, and the Secret is never made.",
                hint=_store_hint(cluster, kind, where, name),
            )


def _stores(obj: Object) -> Iterator[tuple[Path, Object]]:
    if store := at(obj, "spec", "secretStoreRef"):
        yield ("spec", "secretStoreRef"), store
    for field in ("data", "dataFrom"):
        for path, each in items(obj, "spec", field):
            if store := at(each, "sourceRef", "storeRef"):
                yield (*path, "sourceRef", "storeRef"), store


def _store_hint(cluster: Cluster, kind: str, namespace: str, name: str) -> str:
    other = "SecretStore" if kind == "ClusterSecretStore" else "ClusterSecretStore"
    given = cluster.environment.secrets.store
    named = {given.name} if given and given.kind == other else set()
    there = {where for _, where in cluster.objects.of(("external-secrets.io", other))} | named
    if name in there or cluster.environment.does_provide(other, name):
        return f"there is a {other} of that name: set `kind: {other}`"
    return hint(cluster, ("external-secrets.io", kind), namespace, name)


@rule("reference", INGRESS)
def ingress_backend_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """The Services that an Ingress sends requests to are there, in its own namespace.

    Why: the ingress controller has no address to send to, and answers 503.

    Fix: correct the name; a Service of another namespace needs one of type ExternalName here.

    Source: kubernetes `pkg/apis/networking/types.go` IngressServiceBackend.
    """
    namespace = cluster.namespace(obj)
    for path, name in _backends(obj):
        if service_lacks(cluster, namespace, name):
            yield Fault(
                "ingress-backend-exists",
                path,
                f"`{dotted(path)}` names a Service that is not there",
                found=name,
                expected=f"a Service in namespace `{namespace}`",
                why="the ingress controller answers 503 for every request of this backend.",
                hint=look_elsewhere("Service", namespace, name, cluster.objects.index(services)[0]),
            )


def _backends(obj: Object) -> Iterator[tuple[Path, str]]:
    if name := at(obj, "spec", "defaultBackend", "service", "name"):
        yield ("spec", "defaultBackend", "service", "name"), name
    for path, each in items(obj, "spec", "rules"):
        for inner, route in items(each, "http", "paths"):
            if name := at(route, "backend", "service", "name"):
                yield (*path, *inner, "backend", "service", "name"), name


@rule("reference", AUTOSCALER)
def scale_target_exists(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """What a HorizontalPodAutoscaler scales is there.

    Why: the autoscaler cannot read the number of replicas: it stays at `AbleToScale: False` with reason `FailedGetScale` and scales
    nothing.

    Fix: correct kind or name of `scaleTargetRef`; it must be in the same namespace. Of an InferenceService, set
    `minReplicas` and `maxReplicas` in its predictor instead: KServe makes the autoscaler.

    Source: kubernetes `pkg/controller/podautoscaler/horizontal.go` reconcileAutoscaler.
    """
    target = at(obj, "spec", "scaleTargetRef") or {}
    kind = (group_of(target.get("apiVersion") or ""), target.get("kind") or "")
    name, namespace = target.get("name") or "", cluster.namespace(obj)
    made = cluster.objects.index(services)[1]
    if kind not in _SCALED or any(where == namespace and name.startswith(start) for where, start in made):
        return
    if cluster.lacks(kind, namespace, name):
        yield Fault(
            "scale-target-exists",
            ("spec", "scaleTargetRef", "name"),
            f"`spec.scaleTargetRef.name` names a {kind[1]} that is not there",
            found=name,
            expected=f"a {kind[1]} in namespace `{namespace}`",
            why="the autoscaler finds nothing to scale.",
            hint=hint(cluster, kind, namespace, name),
        )
